"""A global event: what it is, and what it may be."""

import math
from collections.abc import Iterable
from uuid import UUID

import msgspec

from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.text import clean

MAX_TYPE_LENGTH = 64
MAX_VALUE_LENGTH = 200

LATEST_END = 253_402_214_399.0
"""The end of 30 December 9999, in seconds since 1970: in no time zone do four digits of a year end before."""


class GlobalEvent(msgspec.Struct, frozen=True):
    """An event. Times are in whole seconds since 1970."""

    id: UUID
    type: str
    value: str
    starts_at: float
    expires_at: float

    def is_active(self, now: float) -> bool:
        """Whether players see it at this time."""
        return self.starts_at <= now < self.expires_at


def event_fields(event: GlobalEvent, now: float) -> dict[str, str | bool]:
    """An event as game back ends and the dashboard see it."""
    return {
        "id": str(event.id),
        "type": event.type,
        "value": event.value,
        "starts_at": utc_text(event.starts_at),
        "expires_at": utc_text(event.expires_at),
        "active": event.is_active(now),
    }


def in_order(events: Iterable[GlobalEvent]) -> list[GlobalEvent]:
    """By start."""
    return sorted(events, key=lambda event: (event.starts_at, event.id))


def overlap(one: GlobalEvent, other: GlobalEvent) -> bool:
    """Whether both last at the same time for a while."""
    return one.starts_at < other.expires_at and other.starts_at < one.expires_at


def checked(event: GlobalEvent, now: float) -> GlobalEvent:
    """The event with clean texts and whole seconds; its end is rounded up, as players hear it. Raises CommandError."""
    if not math.isfinite(event.starts_at) or not 0 <= event.starts_at <= LATEST_END:
        raise CommandError(ErrorCode.INVALID_FIELD, "starts_at: must be a time from 1970 to 30 December 9999")
    if not math.isfinite(event.expires_at) or not now < event.expires_at <= LATEST_END:
        raise CommandError(ErrorCode.INVALID_FIELD, "expires_at: must be a time to come, until 30 December 9999")
    if event.expires_at <= event.starts_at:
        raise CommandError(ErrorCode.INVALID_FIELD, "expires_at: must be later than starts_at")
    return GlobalEvent(
        event.id,
        clean("type", event.type, MAX_TYPE_LENGTH),
        clean("value", event.value, MAX_VALUE_LENGTH),
        float(math.floor(event.starts_at)),
        float(math.ceil(event.expires_at)),
    )
