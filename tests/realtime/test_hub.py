"""Who is connected: silence, order, sending everybody away."""

import pytest

from tests.fakes import FakeClock, open_connection
from tilo_ws.protocol.frames import close_frame
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.hub import Hub

PING_HEAD = b"\x89"


async def test_a_silent_connection_is_pinged_once_and_then_closed() -> None:
    clock = FakeClock()
    hub = Hub()
    silent, silent_transport = open_connection("silent", last_heard=clock.now)
    lively, lively_transport = open_connection("lively", last_heard=clock.now)
    hub.enter(silent)
    hub.enter(lively)
    for _ in range(60):
        clock.now += 1
        if clock.now % 20 == 0:
            lively.heard(clock.now)
        hub.sweep(clock.now, timeout=60)
    ping, close = silent_transport.written
    assert ping.startswith(PING_HEAD)
    assert close == close_frame(4001, "idle_timeout")
    assert lively_transport.written == []


async def test_a_pong_is_a_frame_too() -> None:
    hub = Hub()
    connection, transport = open_connection(last_heard=0.0)
    hub.enter(connection)
    hub.sweep(30.0, timeout=60)
    connection.heard(31.0)
    hub.sweep(61.0, timeout=60)
    assert [ping[:1] for ping in transport.written] == [PING_HEAD, PING_HEAD]


async def test_without_a_timeout_nobody_is_closed() -> None:
    hub = Hub()
    connection, transport = open_connection(last_heard=0.0)
    hub.enter(connection)
    hub.sweep(1e9, timeout=0)
    assert transport.written == []


def open_with_unsent(*sizes: int) -> tuple[Hub, list[Connection]]:
    hub = Hub()
    connections = []
    for number, size in enumerate(sizes):
        connection, transport = open_connection(str(number))
        transport.unsent = size
        hub.enter(connection)
        connections.append(connection)
    return hub, connections


async def test_where_all_have_too_much_unsent_those_with_most_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tilo_ws.realtime.hub.MAX_TOTAL_UNSENT_BYTES", 100)
    hub, connections = open_with_unsent(0, 60, 20, 50, 30)
    hub.relieve()
    assert [connection.close_code for connection in connections] == [None, 4000, None, None, None]
    hub.relieve()
    assert sum(connection.close_code is not None for connection in connections) == 1, "the rest fits"


async def test_nobody_is_closed_while_all_unsent_bytes_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tilo_ws.realtime.hub.MAX_TOTAL_UNSENT_BYTES", 100)
    hub, connections = open_with_unsent(99, 0, 1)
    hub.relieve()
    assert [connection.close_code for connection in connections] == [None] * 3
