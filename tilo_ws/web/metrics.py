"""What Prometheus is told of this server: read from the parts' own counters when it asks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)

from tilo_ws import __version__
from tilo_ws.histogram import Histogram
from tilo_ws.protocol.codes import ErrorCode
from tilo_ws.realtime.fanout import Fanout
from tilo_ws.realtime.hub import OTHER, Hub
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.realtime.servers import Servers
from tilo_ws.services.recovery import Recovery
from tilo_ws.services.refused_scores import RefusedScores
from tilo_ws.storage.database import Database
from tilo_ws.storage.group_commit import GroupCommit
from tilo_ws.web.lifecycle import Lifecycle
from tilo_ws.web.statistics import Statistics
from tilo_ws.web.websocket import Players


class Metrics:
    """A collector of this server's metrics. Without a `link` to Redis there are none of it."""

    def __init__(
        self,
        *,
        hub: Hub,
        players: Players,
        fanout: Fanout,
        recovery: Recovery,
        refused_scores: RefusedScores,
        commits: Sequence[GroupCommit[Any, Any]],
        database: Database,
        link: RedisLink | None,
        servers: Servers,
        statistics: Statistics,
        pauses: Histogram,
        lifecycle: Lifecycle,
    ) -> None:
        self._hub = hub
        self._players = players
        self._fanout = fanout
        self._recovery = recovery
        self._refused_scores = refused_scores
        self._commits = commits
        self._database = database
        self._link = link
        self._servers = servers
        self._statistics = statistics
        self._pauses = pauses
        self._lifecycle = lifecycle
        registry = CollectorRegistry(auto_describe=False)
        self._process = [ProcessCollector(registry=registry), GCCollector(registry=registry)]

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        yield InfoMetricFamily("tilo_build", "The version of the server.", {"version": __version__})
        yield from self._of_players()
        yield from self._of_messages()
        yield from self._of_storage()
        yield from self._of_redis()
        yield from self._of_process()

    def _of_players(self) -> Iterator[Metric]:
        hub = self._hub
        yield _gauge("tilo_connections", "Open connections of players to this server.", len(hub))
        yield _gauge("tilo_online_connections", "Open connections of players to all servers.", self._servers.online)
        yield _gauge("tilo_servers", "Servers that are joined, as this one knows.", len(self._servers.all()))
        yield _gauge("tilo_draining", "1 while this server is ending.", self._lifecycle.draining)
        yield _counter("tilo_connections_accepted", "Connections of players that were opened.", hub.entered)
        refused = self._players.admission.refused
        yield _counters("tilo_connections_refused", "Upgrades that were refused, by reason.", "reason", refused)
        closed = {_code(code): count for code, count in sorted(hub.closed.items())}
        yield _counters("tilo_connections_closed", "Connections that ended, by close code.", "code", closed)
        yield _counter("tilo_slow_consumers", "Connections closed because they did not read.", hub.slow_consumers)
        recoveries = {"whole": self._recovery.whole, "partial": self._recovery.partial}
        yield _counters("tilo_recoveries", "Players who came back and asked for what they missed.", "outcome", recoveries)

    def _of_messages(self) -> Iterator[Metric]:
        handlers, replies = self._players.handlers, self._players.replies
        fanout, statistics = self._fanout, self._statistics
        types = {str(kind.__struct_config__.tag): count for kind, count in handlers.received.items()}
        types["unreadable"] = handlers.unreadable
        yield _counters("tilo_messages_received", "Messages of players, by type.", "type", types)
        errors: dict[str, float] = {code: replies.errors[code] for code in ErrorCode}
        yield _counters("tilo_errors", "Messages that were answered by an error, by its code.", "code", errors)
        yield _counter("tilo_scores_refused", "Scores that nobody can have played.", self._refused_scores.count)
        yield _counter("tilo_deliveries", "Messages for everybody, times those who got them.", fanout.deliveries)
        yield _counter("tilo_received_bytes", "Bytes read from players' WebSockets.", self._hub.bytes_in)
        sent = {"broadcast": fanout.bytes_out, "reply": replies.bytes_out}
        yield _counters("tilo_sent_bytes", "Bytes written to players' WebSockets.", "kind", sent)
        yield _histogram("tilo_write_round_seconds", "How long write rounds took.", statistics.rounds)
        text = "From a round's oldest message to its write to the last connection."
        yield _histogram("tilo_delivery_delay_seconds", text, statistics.delays)

    def _of_storage(self) -> Iterator[Metric]:
        commits = {commit.name: commit for commit in self._commits}

        def each(read: Callable[[GroupCommit[Any, Any]], Any]) -> dict[str, Any]:
            return {name: read(commit) for name, commit in commits.items()}

        text = "From a row's arrival to its storage, when whoever waits is acknowledged."
        yield _histograms("tilo_ack_delay_seconds", text, "commit", each(lambda commit: commit.delays))
        yield _histograms("tilo_commit_batch_rows", "Rows of a batch.", "commit", each(lambda commit: commit.batch_rows))
        text = "How long a batch took to be stored."
        yield _histograms("tilo_commit_batch_seconds", text, "commit", each(lambda commit: commit.batch_seconds))
        text = "Batches that could not be stored and are tried again."
        yield _counters("tilo_commit_failures", text, "commit", each(lambda commit: commit.failures))
        text = "Rows that PostgreSQL does not take."
        yield _counters("tilo_commit_refused_rows", text, "commit", each(lambda commit: commit.refused_rows))
        yield _gauges("tilo_commit_pending_rows", "Rows that wait to be stored.", "commit", each(lambda commit: commit.pending))
        text = "How long the oldest of them has waited."
        yield _gauges("tilo_commit_oldest_seconds", text, "commit", each(lambda commit: commit.oldest_age))
        pool = self._database.pool
        yield _gauge("tilo_database_up", "1 while PostgreSQL can be reached.", not self._database.away)
        states = {"free": pool.free, "used": pool.used}
        yield _gauges("tilo_database_pool_connections", "Open connections to PostgreSQL.", "state", states)
        yield _gauge("tilo_database_pool_max_connections", "TILO_POOL_MAX, or a worker's part of it.", pool.max)
        yield _gauge("tilo_database_pool_waiting_statements", "Statements that wait for a connection.", pool.waiting)
        yield _histogram("tilo_database_pool_wait_seconds", "How long statements waited for one.", self._database.waits)
        statements = SummaryMetricFamily("tilo_database_statement_seconds", "Statements, by name.", labels=["statement"])
        failures = {}
        for name, times in sorted(self._database.times.items()):
            statements.add_metric([name], times.count, times.seconds)
            failures[name] = times.failures
        yield statements
        yield _counters("tilo_database_statement_failures", "Statements that failed, by name.", "statement", failures)

    def _of_redis(self) -> Iterator[Metric]:
        if self._link is None:
            return
        yield _gauge("tilo_redis_up", "1 while Redis can be reached.", not self._link.away)
        yield _histogram("tilo_redis_round_trip_seconds", "Commands to Redis and their answers.", self._link.round_trips)
        yield _counter("tilo_redis_failures", "Commands to Redis that were not answered.", self._link.failures)

    def _of_process(self) -> Iterator[Metric]:
        text = "How late the event loop was, a hundred times a second."
        yield _histogram("tilo_event_loop_lag_seconds", text, self._statistics.lags)
        yield _histogram("tilo_gc_pause_seconds", "Pauses of Python's garbage collector.", self._pauses)
        for collector in self._process:
            yield from collector.collect()


def _code(code: int) -> str:
    return "other" if code == OTHER else str(code)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], float(value))
    return family


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=float(value))


def _counters(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], float(value))
    return family


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    return HistogramMetricFamily(name, text, buckets=_buckets(histogram), sum_value=histogram.sum)


def _histograms(name: str, text: str, label: str, histograms: Mapping[str, Histogram]) -> Metric:
    family = HistogramMetricFamily(name, text, labels=[label])
    for key, histogram in histograms.items():
        family.add_metric([key], _buckets(histogram), histogram.sum)
    return family


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    bounds = [*map(str, map(float, histogram.bounds)), "+Inf"]
    return list(zip(bounds, map(float, accumulate(histogram.counts)), strict=True))
