"""How everybody leaves before the end: at an even pace, after their writes, with a window in which to come back."""

import asyncio
import re

from tests.eventually import eventually
from tests.fakes import FakeTransport, open_connection
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.departure import Departure, begin_anew
from tilo_ws.realtime.fanout import Fanout


def crowd(size: int) -> tuple[list[Connection], list[FakeTransport]]:
    members = [open_connection(f"c{number}") for number in range(size)]
    return [connection for connection, _ in members], [transport for _, transport in members]


def window(transport: FakeTransport) -> tuple[int, int]:
    """The milliseconds in which a client is to come back."""
    [frame] = transport.written
    found = re.fullmatch(rb"\x88.\x03\xf4retry_ms=(\d+)-(\d+)", frame, re.DOTALL)
    assert found
    return int(found[1]), int(found[2])


async def test_few_leave_at_once() -> None:
    connections, transports = crowd(3)
    departure = Departure(connections, 5, 100.0)
    assert not departure.proceed(100.02, can_store=True)
    assert [window(transport) for transport in transports] == [(2_000, 4_000)] * 3


async def test_many_leave_over_the_time_that_there_is() -> None:
    connections, _ = crowd(2_000)
    departure = Departure(connections, 5, 100.0)
    for seconds, left in ((1.0, 1_600), (2.5, 1_000), (4.9999, 0)):
        assert departure.proceed(100 + seconds, can_store=True) == bool(left)
        assert abs(sum(connection.close_code is None for connection in connections) - left) <= 1


async def test_two_hundred_leave_in_a_second_where_that_is_faster() -> None:
    connections, _ = crowd(100)
    departure = Departure(connections, 5, 100.0)
    departure.proceed(100.25, can_store=True)
    assert abs(sum(connection.close_code is None for connection in connections) - 50) <= 1
    assert not departure.proceed(100.5, can_store=True)


async def test_without_a_drain_all_leave_at_once() -> None:
    connections, _ = crowd(500)
    assert not Departure(connections, 0, 100.0).proceed(100.0, can_store=True)


async def test_all_windows_begin_and_end_at_the_same_time_whenever_somebody_leaves() -> None:
    connections, transports = crowd(2_000)
    departure = Departure(connections, 5, 100.0)
    for tenth in range(51):
        departure.proceed(100 + tenth / 10, can_store=True)
    first, last = window(transports[0]), window(transports[-1])
    assert first == (7_000, 11_000)
    assert last == (2_000, 6_000)


async def test_who_has_writes_under_way_leaves_after_them() -> None:
    connections, _ = crowd(2)
    connections[0].waiting = 1
    departure = Departure(connections, 0, 100.0)
    assert departure.proceed(100.0, can_store=True)
    assert [connection.close_code for connection in connections] == [None, 1012]
    connections[0].waiting = 0
    assert not departure.proceed(100.1, can_store=True)
    assert connections[0].close_code == 1012


async def test_writes_that_cannot_be_stored_are_waited_for_no_longer_than_five_seconds() -> None:
    for now, can_store in ((104.9, False), (105.0, True)):
        [connection], _ = crowd(1)
        connection.waiting = 1
        departure = Departure([connection], 0, 100.0)
        assert departure.proceed(104.9, can_store=True)
        assert not departure.proceed(now, can_store=can_store)
        assert connection.close_code == 1012


async def test_a_long_drain_still_leaves_a_moment_for_the_last_writes() -> None:
    connections, _ = crowd(12_000)
    connections[-1].waiting = 1
    departure = Departure(connections, 60, 100.0)
    assert departure.proceed(160.9, can_store=True)
    assert not departure.proceed(161.1, can_store=True)


async def test_after_a_gap_all_are_sent_away_and_who_comes_is_given_what_was_missed() -> None:
    connections, transports = crowd(3)
    fanout = Fanout(lambda: connections, 0, asyncio.get_running_loop())
    fanout.broadcast(b"before the gap", 5)
    begin_anew(fanout, connections, 9, 100.0)
    assert {connection.close_code for connection in connections} == {1012}
    assert window(transports[0]) == (2_000, 4_000)
    fanout.broadcast(b"after the gap", 10)
    assert fanout.seq == 9, "who comes now asks for all up to the gap's end"
    await eventually(lambda: fanout.seq == 10)
    assert not any(b"after" in data for transport in transports for data in transport.written)
