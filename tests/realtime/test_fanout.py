"""Write rounds: one write for each connection, in order, in time, and nobody waits for a slow reader."""

import asyncio
import socket
from collections.abc import Callable
from typing import cast

import pytest
import uvloop

from tests.fakes import FakeTransport, open_connection
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.frames import close_frame
from tilo_ws.realtime.connection import MAX_UNSENT_BYTES
from tilo_ws.realtime.fanout import Fanout
from tilo_ws.realtime.hub import Hub


class FakeLoop:
    """Runs callbacks when the test says so, on a time that the test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.soon: list[Callable[[], None]] = []
        self.later: list[tuple[float, Callable[[], None]]] = []

    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def call_at(self, when: float, callback: Callable[[], None]) -> None:
        self.later.append((when, callback))

    def turn(self) -> None:
        """One turn of the loop."""
        due = [callback for when, callback in self.later if when <= self.now]
        self.later = [(when, callback) for when, callback in self.later if when > self.now]
        callbacks, self.soon = self.soon + due, []
        for callback in callbacks:
            callback()


class Audience:
    """A hub of fake connections and a fan-out to it."""

    def __init__(self, members: int, interval: float = 0.02) -> None:
        self.loop = FakeLoop()
        self.hub = Hub()
        self.transports = [self.join(f"c{number}") for number in range(members)]
        self.fanout = Fanout(self.hub.members, interval, cast(asyncio.AbstractEventLoop, self.loop), clock=self.loop.time)

    def join(self, id: str) -> FakeTransport:
        connection, transport = open_connection(id)
        self.hub.enter(connection)
        return transport


def test_the_first_message_after_quiet_leaves_at_once() -> None:
    audience = Audience(2)
    audience.fanout.broadcast(b"a")
    audience.loop.turn()
    assert [transport.written for transport in audience.transports] == [[b"a"], [b"a"]]


def test_messages_until_the_next_round_are_one_write() -> None:
    audience = Audience(2)
    audience.fanout.broadcast(b"a")
    audience.loop.turn()
    audience.fanout.broadcast(b"b")
    audience.fanout.broadcast(b"c")
    audience.loop.now += 0.0189
    audience.loop.turn()
    assert audience.transports[0].written == [b"a"]
    audience.loop.now += 0.0012
    audience.loop.turn()
    assert audience.transports[0].written == [b"a", b"bc"]
    assert audience.transports[0].written[1] is audience.transports[1].written[1]
    assert audience.fanout.deliveries == 6


def test_rounds_that_have_fallen_behind_messages_of_the_same_beat_catch_up() -> None:
    audience = Audience(1)
    audience.fanout.broadcast(b"late")
    audience.loop.turn()
    waits = []
    for beat in range(20):
        sent_at = audience.loop.now = 1_000.005 + beat * 0.020
        audience.fanout.broadcast(b"on the beat")
        audience.loop.now = max([sent_at, *(when for when, _ in audience.loop.later)])
        audience.loop.turn()
        waits.append(audience.loop.now - sent_at)
    assert len(audience.transports[0].written) == 21
    assert waits[0] == pytest.approx(0.014)
    assert waits[-1] == 0


def test_a_round_that_takes_long_is_followed_by_a_pause_as_long() -> None:
    audience = Audience(1)
    audience.transports[0].on_write = lambda: audience.loop.pass_time(0.5)
    audience.fanout.broadcast(b"a")
    audience.loop.turn()
    audience.fanout.broadcast(b"b")
    assert [when for when, _ in audience.loop.later] == [pytest.approx(1_001.0)]


def test_with_an_interval_of_zero_nothing_waits() -> None:
    audience = Audience(1, interval=0)
    for frame in (b"a", b"b"):
        audience.fanout.broadcast(frame)
        audience.loop.turn()
    assert audience.transports[0].written == [b"a", b"b"]


def test_a_long_round_gives_others_their_turn_every_5_ms() -> None:
    audience = Audience(1_000)
    for transport in audience.transports:
        transport.on_write = lambda: audience.loop.pass_time(0.0001)
    audience.fanout.broadcast(b"a")
    turns = 0
    while audience.loop.soon:
        before = audience.loop.now
        audience.loop.turn()
        assert audience.loop.now - before <= 0.005 + 64 * 0.0001
        turns += 1
    assert turns >= 9
    assert all(transport.written == [b"a"] for transport in audience.transports)


def test_the_loop_writes_at_once_so_that_a_round_sees_the_time_that_its_writes_take() -> None:
    async def write() -> bytes:
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.setblocking(False)
            transport, _ = await asyncio.get_running_loop().connect_accepted_socket(asyncio.Protocol, ours)
            transport.write(b"a")
            try:
                return theirs.recv(1)
            finally:
                transport.close()

    assert uvloop.run(write()) == b"a"


def test_who_joins_during_a_round_misses_and_repeats_nothing() -> None:
    audience = Audience(65)
    first = audience.transports[0]
    late: list[FakeTransport] = []

    def join_once() -> None:
        first.on_write = lambda: None
        late.append(audience.join("late"))
        audience.fanout.broadcast(b"b")
        audience.loop.pass_time(0.006)

    first.on_write = join_once
    audience.fanout.broadcast(b"a")
    audience.loop.turn()
    audience.loop.turn()
    audience.loop.now += 1
    audience.loop.turn()
    assert late[0].written == [b"b"]
    assert audience.transports[64].written == [b"a", b"b"]


async def test_a_slow_reader_is_closed_and_others_go_on() -> None:
    audience = Audience(3)
    slow = audience.transports[1]
    slow.unsent = MAX_UNSENT_BYTES + 1
    audience.fanout.broadcast(b"a")
    audience.loop.turn()
    audience.loop.now += 1
    audience.fanout.broadcast(b"b")
    audience.loop.turn()
    assert slow.written == [b"a", close_frame(CloseCode.SLOW_CONSUMER, "slow_consumer")]
    assert audience.transports[0].written == audience.transports[2].written == [b"a", b"b"]
    for connection in list(audience.hub):
        audience.hub.leave(connection)
    assert audience.hub.slow_consumers == 1


def test_nothing_is_written_to_nobody() -> None:
    audience = Audience(0)
    audience.fanout.broadcast(b"a")
    audience.loop.turn()
    assert audience.fanout.deliveries == 0


def test_each_round_notes_how_long_it_took_and_its_oldest_message_waited() -> None:
    audience = Audience(2)
    audience.transports[0].on_write = lambda: audience.loop.pass_time(0.25)
    audience.fanout.broadcast(b"a")
    audience.loop.now += 0.5
    audience.fanout.broadcast(b"b")
    audience.loop.turn()
    assert audience.fanout.take_times() == [(0.25, 0.75)]
    assert audience.fanout.take_times() == []


def test_a_message_that_comes_during_a_round_waits_from_then_on() -> None:
    audience = Audience(1, interval=0)
    audience.transports[0].on_write = lambda: audience.loop.pass_time(0.5)
    audience.fanout.broadcast(b"a")
    audience.loop.turn()
    audience.fanout.broadcast(b"b")
    audience.loop.now += 1
    audience.loop.turn()
    assert audience.fanout.take_times() == [(0.5, 0.5), (0.5, 1.5)]


def test_times_that_nobody_takes_do_not_pile_up() -> None:
    audience = Audience(1, interval=0)
    for _ in range(1_100):
        audience.fanout.broadcast(b"a")
        audience.loop.turn()
    assert len(audience.fanout.take_times()) == 1_000
