"""The server's figures for the API and the dashboard, read from the parts' own counters."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tilo_ws import __version__
from tilo_ws.realtime.fanout import Fanout
from tilo_ws.realtime.hub import Hub
from tilo_ws.services.refused_scores import RefusedScores
from tilo_ws.storage.database import Database
from tilo_ws.storage.group_commit import GroupCommit

LAG_INTERVAL = 0.01
"""Seconds between two calls of `measure_lag`."""


class PoolFigures(msgspec.Struct, frozen=True):
    """Database connections."""

    size: int
    free: int
    used: int
    min: int
    max: int


class Figures(msgspec.Struct, frozen=True):
    """What `GET /api/v1/stats` answers. Names end in their unit; lag and pause are the worst of the last second."""

    connections: int
    messages_in: int
    deliveries: int
    deliveries_per_second: float
    round_ms: float
    loop_lag_ms: float
    gc_pause_ms: float
    pending_writes: int
    oldest_pending_s: float
    slow_consumers: int
    refused_scores: int
    uptime_s: float
    version: str
    pool: PoolFigures


class Statistics:
    """Reads the counters, and measures what has none: deliveries a second and the event loop's lag."""

    def __init__(
        self,
        hub: Hub,
        fanout: Fanout,
        database: Database,
        commits: Sequence[GroupCommit[Any, Any]],
        refused_scores: RefusedScores,
        *,
        take_worst_pause: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hub = hub
        self._fanout = fanout
        self._database = database
        self._commits = commits
        self._refused_scores = refused_scores
        self._take_worst_pause = take_worst_pause
        self._clock = clock
        self._started_at = clock()
        self._sampled_at = self._started_at
        self._sampled_deliveries = 0
        self._deliveries_per_second = 0.0
        self._lag_measured_at: float | None = None
        self._worst_lag = 0.0
        self._loop_lag = 0.0
        self._pause = 0.0

    def sample(self) -> None:
        """Closes a period of measurement: call it once a second."""
        now = self._clock()
        deliveries = self._fanout.deliveries
        self._deliveries_per_second = (deliveries - self._sampled_deliveries) / max(now - self._sampled_at, 1e-9)
        self._sampled_at, self._sampled_deliveries = now, deliveries
        self._loop_lag, self._worst_lag = self._worst_lag, 0.0
        self._pause = self._take_worst_pause()

    def measure_lag(self) -> None:
        """Looks how late the event loop calls this: call it every `LAG_INTERVAL`."""
        now = self._clock()
        if self._lag_measured_at is not None:
            self._worst_lag = max(self._worst_lag, now - self._lag_measured_at - LAG_INTERVAL)
        self._lag_measured_at = now

    @property
    def loop_lag_ms(self) -> float:
        """The worst of the last second."""
        return round(self._loop_lag * 1000, 3)

    def figures(self) -> Figures:
        """The figures at this moment."""
        pool = self._database.pool
        return Figures(
            connections=len(self._hub),
            messages_in=self._hub.messages_in + sum(connection.messages_in for connection in self._hub),
            deliveries=self._fanout.deliveries,
            deliveries_per_second=round(self._deliveries_per_second, 1),
            round_ms=round(self._fanout.round_seconds * 1000, 3),
            loop_lag_ms=self.loop_lag_ms,
            gc_pause_ms=round(self._pause * 1000, 3),
            pending_writes=sum(commit.pending for commit in self._commits),
            oldest_pending_s=round(max(commit.oldest_age for commit in self._commits), 3),
            slow_consumers=self._hub.slow_consumers,
            refused_scores=self._refused_scores.count,
            uptime_s=round(self._clock() - self._started_at, 1),
            version=__version__,
            pool=PoolFigures(pool.size, pool.free, pool.used, pool.min, pool.max),
        )
