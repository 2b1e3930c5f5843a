"""The form of an event: what stands in it, from a link or from what was typed, and which event it asks for."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.time_zones import moment, time_zone, wall_time
from tilo_ws.services.global_event import GlobalEvent

DURATIONS = {"300": "5 min", "900": "15 min", "3600": "1 hour", "86400": "24 hours"}
"""Seconds, and how the form calls them."""

UNITS = {"1": "seconds", "60": "minutes", "3600": "hours", "86400": "days"}

_FRIDAY = 4


class EventForm(msgspec.Struct, frozen=True):
    """The fields as texts. `start` is `now` or `at`; `duration` seconds, `other` (`number` of `unit`) or `until`."""

    type: str = "score_multiplier"
    value: str = "2"
    start: str = "now"
    starts_at: str = ""
    duration: str = "3600"
    number: str = "30"
    unit: str = "60"
    expires_at: str = ""
    zone: str = "UTC"

    def times(self, now: float) -> tuple[float | None, float]:
        """Start, None for now, and end. Raises CommandError (`INVALID_FIELD`)."""
        zone = time_zone("zone", self.zone or "UTC")
        starts_at = moment("starts_at", self.starts_at, zone) if self.start == "at" else None
        if self.duration == "until":
            return starts_at, moment("expires_at", self.expires_at, zone)
        # Events start at whole seconds. From there an hour is an hour, also for what is cloned again and again.
        return starts_at, (math.floor(now) if starts_at is None else starts_at) + self._seconds()

    def fields(self, now: float) -> dict[str, Any]:
        """What `Events.create` takes. Raises CommandError (`INVALID_FIELD`)."""
        starts_at, expires_at = self.times(now)
        return {"type": self.type, "value": self.value, "starts_at": starts_at, "expires_at": expires_at}

    def _seconds(self) -> int:
        if self.duration == "other":
            return whole("number", self.number) * int(self.unit if self.unit in UNITS else "1")
        return whole("duration", self.duration)


def whole(field: str, raw: str) -> int:
    """A whole number above 0. Raises CommandError (`INVALID_FIELD`)."""
    if not (raw.isascii() and raw.isdigit() and 0 < len(raw) <= 10 and int(raw)):
        raise CommandError(ErrorCode.INVALID_FIELD, f"{field}: must be a whole number above 0")
    return int(raw)


def number_and_unit(seconds: int) -> tuple[str, str]:
    """In the largest unit of which it is a whole number."""
    unit = max(int(unit) for unit in UNITS if seconds % int(unit) == 0)
    return str(seconds // unit), str(unit)


def read(form: dict[str, str]) -> EventForm:
    """What was typed; an empty field is empty, whatever it began with."""
    return EventForm(**{name: form.get(name, "") for name in EventForm.__struct_fields__})


def filled(query: Mapping[str, str]) -> EventForm:
    """The form as a link asks for it, by names of its fields; any length is shown, a preset or not."""
    given = {name: query[name] for name in EventForm.__struct_fields__ if name in query}
    form = msgspec.structs.replace(EventForm(), **given)
    if form.duration.isascii() and form.duration.isdigit() and len(form.duration) <= 10 and form.duration not in DURATIONS:
        number, unit = number_and_unit(int(form.duration))
        form = msgspec.structs.replace(form, duration="other", number=number, unit=unit)
    return form


def of_event(event: GlobalEvent, zone: ZoneInfo) -> EventForm:
    """The form that changes an event, its times as clocks in the zone show them."""
    return EventForm(
        type=event.type,
        value=event.value,
        start="at",
        starts_at=wall_time(event.starts_at, zone),
        duration="until",
        expires_at=wall_time(event.expires_at, zone),
        zone=zone.key,
    )


def weekend(zone: ZoneInfo, now: float) -> EventForm:
    """Twice the score from Friday 18:00 to the end of Sunday: this weekend's rest, or the next one."""
    today = datetime.fromtimestamp(now, zone).replace(tzinfo=None)
    friday = (today + timedelta(days=_FRIDAY - today.weekday())).replace(hour=18, minute=0, second=0, microsecond=0)
    monday = friday.replace(hour=0) + timedelta(days=3)
    return EventForm(
        start="now" if today >= friday else "at",
        starts_at="" if today >= friday else friday.isoformat(),
        duration="until",
        expires_at=monday.isoformat(),
        zone=zone.key,
    )


def event_id(raw: str) -> UUID | None:
    """None for what is no id."""
    try:
        return UUID(raw)
    except ValueError:
        return None
