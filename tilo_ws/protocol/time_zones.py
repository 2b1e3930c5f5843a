"""Time zones: which there are, and which moment a clock on the wall there shows."""

import functools
import zoneinfo
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from tilo_ws.protocol.codes import CommandError, ErrorCode


@functools.cache
def time_zone_names() -> tuple[str, ...]:
    """`UTC` and the IANA database's names of places, such as `Europe/Berlin`; not old names of countries, nor `localtime`."""
    return tuple(sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC"))


def time_zone(field: str, name: str) -> ZoneInfo:
    """The zone of this name. Raises CommandError (`INVALID_FIELD`)."""
    if name not in time_zone_names():
        raise CommandError(
            ErrorCode.INVALID_FIELD, f"{field}: {name!r} is no time zone; one is named like Europe/Berlin, or UTC"
        )
    return ZoneInfo(name)


def moment(field: str, text: str, zone: ZoneInfo) -> float:
    """Seconds since 1970 of `YYYY-MM-DDTHH:MM[:SS]` in a zone; of two, where clocks go back, the first.

    Raises CommandError (`INVALID_FIELD`), also for a time that clocks pass over.
    """
    try:
        wall = datetime.fromisoformat(text)
        if wall.tzinfo is not None:
            raise ValueError
        seconds = wall.replace(tzinfo=zone).timestamp()
        shown = datetime.fromtimestamp(seconds, zone)
    except (ValueError, OverflowError):
        example = "2026-05-01T20:00"
        raise CommandError(ErrorCode.INVALID_FIELD, f"{field}: must be a date and time, such as {example}") from None
    if shown.replace(tzinfo=None) != wall:
        text = f"{wall:%H:%M} on {wall:%d %B %Y} does not exist in {zone}: clocks are put forward then"
        raise CommandError(ErrorCode.INVALID_FIELD, f"{field}: {text}")
    return seconds


def wall_time(seconds: float, zone: ZoneInfo) -> str:
    """What a clock in this zone shows, as `YYYY-MM-DDTHH:MM:SS`."""
    return datetime.fromtimestamp(seconds, zone).strftime("%Y-%m-%dT%H:%M:%S")


def in_words(seconds: float, zone: tzinfo) -> str:
    """As people write it, with the zone's own abbreviation: `Fri 1 May 2026, 20:00 CEST`."""
    at = datetime.fromtimestamp(seconds, zone)
    return f"{at:%a} {at.day} {at:%b} {at.year}, {at:%H:%M}" + (f":{at:%S}" if at.second else "") + f" {at:%Z}"
