"""The last 15 minutes of the figures, kept here so that a page that is opened now has them too."""

import time
from collections import deque
from collections.abc import Callable, Mapping

from tilo_ws.web.statistics import Figures, Statistics

INTERVAL = 5
"""Seconds that a point is about: as many as a chart has room for."""

LENGTH = 15 * 60 // INTERVAL + 1
"""Points that are kept: the oldest began 15 minutes before the newest."""

SERIES: Mapping[str, Callable[[Figures], float]] = {
    "online": lambda figures: figures.online,
    "messages_per_second": lambda figures: figures.messages_per_second,
    "deliveries_per_second": lambda figures: figures.deliveries_per_second,
    "delay_p99_ms": lambda figures: figures.delay_p99_ms,
    "round_p50_ms": lambda figures: figures.round_p50_ms,
    "round_p99_ms": lambda figures: figures.round_p99_ms,
    "loop_lag_ms": lambda figures: figures.loop_lag_ms,
    "pending_writes": lambda figures: figures.pending_writes,
    "oldest_pending_s": lambda figures: figures.oldest_pending_s,
    "pool_size": lambda figures: figures.pool.size,
    "pool_free": lambda figures: figures.pool.free,
    "pool_used": lambda figures: figures.pool.used,
    "pool_waiting": lambda figures: figures.pool.waiting,
    "memory_bytes": lambda figures: figures.memory_bytes,
}

Point = list[float]
"""Its number, which counts intervals of the clock, and the highest value of each series in that time."""


class FigureHistory:
    """A ring of points. A pause of the server is a gap in their numbers."""

    def __init__(self, statistics: Statistics, clock: Callable[[], float] = time.monotonic) -> None:
        self._statistics = statistics
        self._clock = clock
        self._points: deque[Point] = deque(maxlen=LENGTH)

    def sample(self) -> None:
        """Closes a second of the statistics and takes in its figures: call it once a second."""
        self._statistics.sample()
        figures, number = self._statistics.figures(), int(self._clock() // INTERVAL)
        values = [read(figures) for read in SERIES.values()]
        if self._points and self._points[-1][0] == number:
            values = [max(pair) for pair in zip(self._points[-1][1:], values, strict=True)]
            self._points.pop()
        self._points.append([number, *values])

    def all(self) -> list[Point]:
        """Every point, the oldest first; the newest may still rise."""
        return list(self._points)

    def newest(self) -> list[Point]:
        """The point that may still rise, and the one before, which may have risen since somebody looked a second ago."""
        return [self._points[at] for at in range(-min(2, len(self._points)), 0)]
