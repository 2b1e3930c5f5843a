"""One open socket: writing and closing."""

import gc
import weakref

import pytest

from tests.eventually import eventually
from tests.fakes import open_connection
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.frames import close_frame
from tilo_ws.realtime import connection as connection_module


async def test_nothing_follows_a_close_frame() -> None:
    connection, transport = open_connection()
    connection.close(CloseCode.IDLE_TIMEOUT, "idle_timeout")
    connection.write(b"late")
    connection.close(CloseCode.NORMAL)
    assert transport.written == [close_frame(4001, "idle_timeout")]


async def test_who_does_not_answer_a_close_frame_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_ABORT_DELAY", 0.0)
    connection, transport = open_connection()
    connection.close(CloseCode.NORMAL)
    assert not transport.aborted
    await eventually(lambda: transport.aborted)


async def test_nothing_is_written_to_a_lost_connection() -> None:
    connection, transport = open_connection()
    transport.closing = True
    connection.write(b"late")
    connection.close(CloseCode.NORMAL)
    assert transport.written == []


async def test_a_pong_tells_the_round_trip_of_the_last_ping_once() -> None:
    connection, transport = open_connection()
    connection.ping(100.0)
    first = transport.written[-1][2:]
    connection.ping(110.0)
    last = transport.written[-1][2:]
    assert not connection.ponged(first, 110.5), "not the last"
    assert not connection.ponged(b"", 110.5)
    assert connection.round_trip is None
    assert connection.ponged(last, 110.25)
    assert connection.round_trip == 0.25
    assert not connection.ponged(last, 111.0), "answered already: this one counts as any other"
    assert connection.round_trip == 0.25


async def test_a_connection_that_is_lost_is_not_kept_by_its_timer() -> None:
    connection, transport = open_connection()
    connection.close(CloseCode.NORMAL)
    gone = weakref.ref(transport)
    connection.lost()
    del connection, transport
    gc.collect()
    assert gone() is None
