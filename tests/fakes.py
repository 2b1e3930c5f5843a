"""Stand-ins for what a test must control: the clock, and the other end of a socket."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from tilo_ws.protocol.lookalikes import ReservedNames
from tilo_ws.protocol.repeats import Repeats
from tilo_ws.realtime.broker import Takers
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.replies import Receiver, Replies
from tilo_ws.services.text_rules import TextRules


def tell_nobody(topic: str, content: bytes) -> None:
    """There is no other server."""


class FakeClock:
    """A time that passes only when somebody waits for it, or when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Lets the time pass at once, unless the event is set first."""
        await asyncio.sleep(0)
        if not event.is_set():
            self.now += seconds

    async def sleep(self, seconds: float) -> None:
        """Lets the time pass at once."""
        self.now += seconds


class FakeTransport:
    """Keeps what is written; `unsent` is what a slow reader has not taken. `on_write` is called before each write."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.on_write: Callable[[], None] = lambda: None
        self.unsent = 0
        self.closing = False
        self.aborted = False
        self.paused = False

    def write(self, data: bytes) -> None:
        self.on_write()
        self.written.append(data)

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        self.paused = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.closing = True


class AtOnce(Replies):
    """Replies that leave without a turn of a loop."""

    def add(self, receiver: Receiver, frame: bytes) -> None:
        receiver.write(frame)


def open_connection(
    id: str = "c1", last_heard: float = 0.0, replies: Replies | None = None
) -> tuple[Connection, FakeTransport]:
    """A connection, and the fake transport under it."""
    transport = FakeTransport()
    connection = Connection(
        cast(asyncio.Transport, transport),
        AtOnce() if replies is None else replies,
        id=id,
        ip="127.0.0.1",
        user_agent="",
        connected_at=0.0,
        last_heard=last_heard,
    )
    return connection, transport


def no_rules() -> TextRules:
    """Everything may be said, by any name."""
    return TextRules(
        words=None,
        refuse_words=False,
        refuse_links=False,
        reserved_names=ReservedNames([]),
        repeats=Repeats(0, 0),
    )


def takers(**chosen: Callable[..., Any]) -> Takers:
    """Nobody takes what a broker has, apart from those that are chosen."""

    async def missed(after: int, through: int) -> list[Any]:
        return []

    names = ("deliver", "answer", "refuse", "retracted", "notice", "send_away", "resync")
    return Takers(**({name: lambda *arguments: None for name in names} | {"missed": missed} | chosen))
