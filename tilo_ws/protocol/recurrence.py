"""When something comes again: a cron expression in a time zone.

Daylight saving is as in Debian's cron, see `CronSim`: an hour of its own that clocks pass over comes right after the change,
one that comes twice counts once; what comes every so many minutes or hours goes on at that pace.
"""

import bisect
import itertools
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.time_zones import in_words, time_zone

MAX_CRON_LENGTH = 200

_COMPARED = 50
"""Occurrences that are compared before a length is taken; a later one that is too long ends when the next begins."""

_AN_HOUR = 3600
_A_DAY = 24 * _AN_HOUR
_A_YEAR = 366 * _A_DAY


class Occurrence(NamedTuple):
    """One of them, in seconds since 1970."""

    starts_at: float
    expires_at: float


class Recurrence:
    """Raises CommandError (`INVALID_FIELD`), which names `cron` or `timezone`, for what cannot be read or never comes."""

    def __init__(self, cron: str, timezone: str, now: float) -> None:
        self.zone = time_zone("timezone", timezone)
        self.cron = " ".join(cron.split())
        if len(self.cron) > MAX_CRON_LENGTH:
            raise _invalid(f"at most {MAX_CRON_LENGTH} characters are allowed")
        if len(self.cron.split()) != 5:
            raise _invalid("five fields are needed: minute, hour, day, month, weekday. 0 20 * * FRI is every Friday at 20:00")
        try:
            self.explanation = CronSim(self.cron, datetime.fromtimestamp(now, self.zone)).explain()
        except CronSimError as error:
            raise _invalid(
                f"{str(error).lower()}. Minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7 or SUN-SAT"
            ) from None
        if next(self.after(now), None) is None:
            raise _invalid("this never comes")

    def after(self, moment: float) -> Iterator[float]:
        """The starts later than `moment`, rising, in seconds since 1970."""
        last = moment
        try:
            for start in CronSim(self.cron, datetime.fromtimestamp(math.floor(moment), self.zone)):
                # In the hour that comes twice the library knows only the clock's hands, and may begin an hour too early.
                if (seconds := start.timestamp()) > last:
                    yield seconds
                    last = seconds
        except (OverflowError, ValueError):
            return  # the end of the year 9999

    def occurrences(self, duration: float, after: float) -> Iterator[Occurrence]:
        """Those that start later than `after`; each is over when the next begins."""
        for start, following in itertools.pairwise(self.after(after)):
            yield Occurrence(start, min(start + duration, following))

    def check_length(self, duration: float, now: float) -> None:
        """Raises CommandError (`INVALID_FIELD`) where an occurrence would last into the next.

        A day that is an hour shorter than others, because clocks are put forward, does not count.
        """
        for start, following in itertools.islice(itertools.pairwise(self.after(now)), _COMPARED):
            if start > now + 2 * _A_YEAR:
                return
            between = datetime.fromtimestamp(following, self.zone) - datetime.fromtimestamp(start, self.zone)
            if duration > max(following - start, between.total_seconds()):
                text = (
                    f"would last into the next one, {in_words(following, self.zone)}: at most {following - start:.0f} seconds"
                )
                raise CommandError(ErrorCode.INVALID_FIELD, f"duration: the one of {in_words(start, self.zone)} {text}")

    def around_clock_changes(self, now: float) -> list[str]:
        """What becomes of the occurrences within an hour of a change of the clocks in the coming year, a sentence each."""
        return [self._around(at) for at in _clock_changes(self.zone, now) if self._has_one_near(at)]

    def _has_one_near(self, at: float) -> bool:
        return next(self.after(at - _AN_HOUR - 1), math.inf) <= at + _AN_HOUR

    def _around(self, at: float) -> str:
        starts = itertools.takewhile(lambda start: start <= at + _AN_HOUR, self.after(at - _AN_HOUR - 1))
        hours = [in_words(start, self.zone).split(", ")[1] for start in itertools.islice(starts, 4)]
        before = datetime.fromtimestamp(at - 1, self.zone) + timedelta(seconds=1)
        day, _, after = in_words(at, self.zone).partition(", ")
        return f"On {day} clocks go from {before:%H:%M} to {after}; it starts at {', '.join(hours)}."


def _clock_changes(zone: ZoneInfo, now: float) -> list[float]:
    """The moments of the coming year from which the zone is at another distance to UTC."""

    def offset(seconds: float) -> timedelta | None:
        return datetime.fromtimestamp(seconds, zone).utcoffset()

    changes = []
    begin = math.floor(now)
    for low, high in itertools.pairwise(range(begin, begin + _A_YEAR, _A_DAY)):
        if offset(low) != offset(high):
            seconds = range(low, high + 1)
            changes.append(float(seconds[bisect.bisect(seconds, False, key=lambda second: offset(second) != offset(low))]))
    return changes


def _invalid(text: str) -> CommandError:
    return CommandError(ErrorCode.INVALID_FIELD, f"cron: {text}")
