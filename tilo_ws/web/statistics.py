"""The server's figures for the API and the dashboard, read from the parts' own counters."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import psutil

from tilo_ws import __version__
from tilo_ws.histogram import Histogram
from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.realtime.fanout import Fanout
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.servers import ServerState
from tilo_ws.services.refused_scores import RefusedScores
from tilo_ws.storage.database import Database
from tilo_ws.storage.group_commit import GroupCommit
from tilo_ws.web.api.requests import UtcText
from tilo_ws.web.round_percentiles import RoundPercentiles

logger = logging.getLogger(__name__)

LAG_INTERVAL = 0.01
"""Seconds between two calls of `measure_lag`."""


class PoolFigures(msgspec.Struct, frozen=True):
    """Database connections, and statements that wait for one."""

    size: int
    free: int
    used: int
    waiting: int
    min: int
    max: int


class Figures(msgspec.Struct, frozen=True):
    """This server's. Names end in their unit; lag and pause are the worst of the last second, percentiles are those of the
    last five. `online` counts the connections to all servers."""

    online: int
    connections: int
    messages_in: int
    messages_per_second: float
    deliveries: int
    deliveries_per_second: float
    round_ms: float
    round_p50_ms: float
    round_p99_ms: float
    delay_p99_ms: float
    loop_lag_ms: float
    gc_pause_ms: float
    pending_writes: int
    oldest_pending_s: float
    slow_consumers: int
    refused_scores: int
    memory_bytes: int
    uptime_s: float
    version: str
    pool: PoolFigures


class ServerFigures(msgspec.Struct, frozen=True):
    """One of the servers that are joined, as it said of itself within the last seconds."""

    name: str
    version: str
    started_at: UtcText
    connections: int
    deliveries_per_second: float
    loop_lag_ms: float
    memory_bytes: int
    draining: bool


def server_figures(state: ServerState) -> ServerFigures:
    """What is shown of a server."""
    return ServerFigures(
        name=state.name,
        version=state.version,
        started_at=utc_text(state.started_at),
        connections=state.connections,
        deliveries_per_second=state.deliveries_per_second,
        loop_lag_ms=state.loop_lag_ms,
        memory_bytes=state.memory_bytes,
        draining=state.draining,
    )


class Statistics:
    """Reads the counters, and measures what has none: what happens a second, and the event loop's lag.

    `rounds` has the seconds that write rounds took, `delays` those that the oldest message of a round waited until all had it,
    `lags` those that the event loop was late: of the whole time.
    """

    def __init__(
        self,
        hub: Hub,
        fanout: Fanout,
        database: Database,
        commits: Sequence[GroupCommit[Any, Any]],
        refused_scores: RefusedScores,
        *,
        online: Callable[[], int],
        take_worst_pause: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hub = hub
        self._fanout = fanout
        self._database = database
        self._commits = commits
        self._refused_scores = refused_scores
        self._online = online
        self._take_worst_pause = take_worst_pause
        self._clock = clock
        self._started_at = clock()
        self._sampled_at = self._started_at
        self._sampled_messages = 0
        self._sampled_deliveries = 0
        self._messages_per_second = 0.0
        self._deliveries_per_second = 0.0
        self._rounds = RoundPercentiles()
        self._process = psutil.Process()
        self._memory_bytes = self._process.memory_info().rss
        self.rounds = Histogram()
        self.delays = Histogram()
        self.lags = Histogram()
        self._lag_measured_at: float | None = None
        self._worst_lag = 0.0
        self._loop_lag = 0.0
        self._pause = 0.0

    def sample(self) -> None:
        """Closes a period of measurement: call it once a second."""
        now, messages, deliveries = self._clock(), self._messages_in(), self._fanout.deliveries
        seconds = max(now - self._sampled_at, 1e-9)
        self._messages_per_second = (messages - self._sampled_messages) / seconds
        self._deliveries_per_second = (deliveries - self._sampled_deliveries) / seconds
        self._sampled_at, self._sampled_messages, self._sampled_deliveries = now, messages, deliveries
        times = self._fanout.take_times()
        self._rounds.add(times)
        self.rounds.add_all(one.duration for one in times)
        self.delays.add_all(one.delay for one in times)
        self._memory_bytes = self._process.memory_info().rss
        self._loop_lag, self._worst_lag = self._worst_lag, 0.0
        self._pause = self._take_worst_pause()

    def measure_lag(self) -> None:
        """Looks how late the event loop calls this: call it every `LAG_INTERVAL`."""
        now = self._clock()
        if self._lag_measured_at is not None:
            lag = now - self._lag_measured_at - LAG_INTERVAL
            self._worst_lag = max(self._worst_lag, lag)
            self.lags.add(max(0.0, lag))
        self._lag_measured_at = now

    def _messages_in(self) -> int:
        return self._hub.messages_in + sum(connection.messages_in for connection in self._hub)

    @property
    def deliveries_per_second(self) -> float:
        """Those of the last second."""
        return round(self._deliveries_per_second, 1)

    @property
    def memory_bytes(self) -> int:
        """The process's, at the last sample."""
        return self._memory_bytes

    @property
    def loop_lag_ms(self) -> float:
        """The worst of the last second."""
        return round(self._loop_lag * 1000, 3)

    def log_sizes(self) -> None:
        """A line for the log: how many are here, and how large the pool is."""
        pool = self._database.pool
        logger.info(
            "connected clients: %(clients)d, database pool: %(pool_size)d connections, %(pool_free)d free",
            {"clients": len(self._hub), "pool_size": pool.size, "pool_free": pool.free},
        )

    def figures(self) -> Figures:
        """The figures at this moment."""
        pool = self._database.pool
        return Figures(
            online=self._online(),
            connections=len(self._hub),
            messages_in=self._messages_in(),
            messages_per_second=round(self._messages_per_second, 1),
            deliveries=self._fanout.deliveries,
            deliveries_per_second=self.deliveries_per_second,
            round_ms=round(self._fanout.round_seconds * 1000, 3),
            round_p50_ms=self._rounds.p50_ms,
            round_p99_ms=self._rounds.p99_ms,
            delay_p99_ms=self._rounds.delay_p99_ms,
            loop_lag_ms=self.loop_lag_ms,
            gc_pause_ms=round(self._pause * 1000, 3),
            pending_writes=sum(commit.pending for commit in self._commits),
            oldest_pending_s=round(max(commit.oldest_age for commit in self._commits), 3),
            slow_consumers=self._hub.slow_consumers,
            refused_scores=self._refused_scores.count,
            memory_bytes=self._memory_bytes,
            uptime_s=round(self._clock() - self._started_at, 1),
            version=__version__,
            pool=PoolFigures(pool.size, pool.free, pool.used, pool.waiting, pool.min, pool.max),
        )
