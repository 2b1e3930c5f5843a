"""What a form of an event would bring, before anything is done: the message that players hear, and its times."""

import itertools
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from aiohttp import web

from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.recurrence import Occurrence, Recurrence
from tilo_ws.protocol.time_zones import in_words, time_zone
from tilo_ws.services.events import Events
from tilo_ws.services.global_event import GlobalEvent
from tilo_ws.services.recurring_events import RecurringEvent
from tilo_ws.web.admin.event_form import EventForm, event_id

NEXT_SHOWN = 3

UTC = ZoneInfo("UTC")


def event_preview(events: Events, form: EventForm, now: float, changed: str = "") -> dict[str, Any]:
    """`message` is the JSON, byte for byte; or there is an `error`."""
    try:
        preview = events.preview(id=event_id(changed), **form.fields(now))
        zone = time_zone("zone", form.zone or "UTC")
    except CommandError as error:
        return {"error": error.message}
    moments = [("Starts", preview.event.starts_at), ("Ends", preview.event.expires_at)]
    return {
        "message": preview.message.decode(),
        "times": [when(label, seconds, zone) for label, seconds in moments],
        "notes": [
            f"At the same time: {other.type} {other.value}, until {in_words(other.expires_at, zone)}."
            for other in preview.beside
        ],
    }


class Outlook(NamedTuple):
    """What comes of a recurring event."""

    recurrence: Recurrence
    coming: list[Occurrence]
    clock_changes: list[str]


def look_ahead(recurring: RecurringEvent, now: float) -> Outlook:
    """It can take long: call it on a thread of its own. Raises CommandError."""
    recurrence = Recurrence(recurring.cron, recurring.timezone, now)
    coming = itertools.islice(recurrence.occurrences(recurring.duration, now), NEXT_SHOWN)
    return Outlook(recurrence, list(coming), recurrence.around_clock_changes(now))


def recurring_preview(events: Events, recurring: RecurringEvent, outlook: Outlook) -> dict[str, Any]:
    """The next occurrences, in the zone and in UTC, and what is to be known of them."""
    recurrence, coming, clock_changes = outlook
    return {
        "explanation": f"{recurrence.explanation}, {recurring.timezone}",
        "times": [
            when(label, one.starts_at, recurrence.zone)
            for label, one in zip(("Next", "Then", "And then"), coming, strict=False)
        ],
        "clock_changes": clock_changes,
        "notes": [
            f"{in_words(one.starts_at, recurrence.zone)}: {other.type} {other.value} lasts at the same time."
            for one in coming
            for other in events.beside(GlobalEvent(recurring.id, recurring.type, recurring.value, *one))
        ],
    }


def when(label: str, seconds: float, zone: ZoneInfo) -> dict[str, str]:
    """A moment as clocks in the zone show it, and in UTC where that is another thing."""
    local, utc = in_words(seconds, zone), in_words(seconds, UTC)
    day, _, utc_clock = utc.partition(", ")
    shown = utc_clock if local.startswith(f"{day}, ") else utc
    return {"label": label, "local": local, "utc": "" if local == utc else shown}


def wants_json(request: web.Request) -> bool:
    """Whether a page's script asks, and not a browser that leaves the page."""
    return "application/json" in request.headers.get("Accept", "")
