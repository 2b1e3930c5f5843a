"""The figures of the API and the dashboard."""

import asyncio

from tests.fakes import FakeClock, open_connection
from tilo_ws import resources
from tilo_ws.realtime.fanout import Fanout
from tilo_ws.realtime.hub import Hub
from tilo_ws.services.refused_scores import RefusedScores
from tilo_ws.storage.backlog import Backlog
from tilo_ws.storage.database import Database
from tilo_ws.storage.group_commit import GroupCommit
from tilo_ws.web.statistics import LAG_INTERVAL, Statistics


class Measured:
    """Statistics on a clock of the test, of a server that does nothing."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.hub = Hub()
        self.pauses = [0.25, 0.0]
        self.commit: GroupCommit[int, int] = GroupCommit(
            "rows",
            Backlog(),
            store=self._store,
            merge=max,
            stored=lambda waiters: None,
            refused=lambda row, waiters: None,
            clock=self.clock,
        )
        self.fanout = Fanout(self.hub.members, 0, asyncio.get_running_loop())
        self.statistics = Statistics(
            self.hub,
            self.fanout,
            Database(resources.QUERIES),
            [self.commit],
            RefusedScores(),
            online=lambda: len(self.hub),
            take_worst_pause=lambda: self.pauses.pop(0),
            clock=self.clock,
        )

    async def _store(self, rows: list[int]) -> None:
        raise NotImplementedError


async def test_lag_and_pause_are_the_worst_of_the_last_second() -> None:
    measured = Measured()
    for late in (0.0, 0.0, 0.030, 0.002):
        measured.clock.now += LAG_INTERVAL + late
        measured.statistics.measure_lag()
    measured.statistics.sample()
    figures = measured.statistics.figures()
    assert (round(figures.loop_lag_ms), figures.gc_pause_ms) == (30, 250)
    measured.statistics.sample()
    figures = measured.statistics.figures()
    assert (figures.loop_lag_ms, figures.gc_pause_ms) == (0, 0)


async def test_deliveries_a_second_are_those_since_the_last_sample() -> None:
    measured = Measured()
    measured.statistics.sample()
    measured.fanout.deliveries += 500
    measured.clock.now += 2
    measured.statistics.sample()
    assert measured.statistics.figures().deliveries_per_second == 250


async def test_what_waits_to_be_stored_is_counted_with_its_age() -> None:
    measured = Measured()
    measured.commit.add("a", 1)
    measured.clock.now += 3
    measured.commit.add("b", 1)
    figures = measured.statistics.figures()
    assert (figures.pending_writes, figures.oldest_pending_s, figures.uptime_s) == (2, 3, 3)


async def test_messages_of_those_who_left_are_counted_too() -> None:
    measured = Measured()
    connections = [open_connection(f"c{number}")[0] for number in range(2)]
    for connection in connections:
        measured.hub.enter(connection)
        connection.messages_in = 5
    measured.hub.leave(connections[0])
    figures = measured.statistics.figures()
    assert (figures.connections, figures.messages_in) == (1, 10)


async def test_messages_a_second_are_those_since_the_last_sample_also_of_those_who_left() -> None:
    measured = Measured()
    measured.pauses += [0.0]
    connection, _ = open_connection("c1")
    measured.hub.enter(connection)
    connection.messages_in = 5
    measured.statistics.sample()
    connection.messages_in = 25
    measured.hub.leave(connection)
    measured.clock.now += 2
    measured.statistics.sample()
    assert measured.statistics.figures().messages_per_second == 10


async def test_memory_is_what_the_process_takes() -> None:
    measured = Measured()
    assert 10 * 1024**2 < measured.statistics.figures().memory_bytes < 10 * 1024**3
