"""What comes in over a WebSocket, looked at before aiohttp reads it.

aiohttp tells of whole messages only: one in fragments that never ends costs as much as others and is never told. It takes
frames without a mask. And it wakes a task for each message: the usual one, a whole text that came alone, goes to its listener
from here.
"""

import asyncio
import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol

from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.frames import whole_text
from tilo_ws.web.closings import Closings

_FIN = 0x80
_CONTROL = 0x08
_SMALL = 126
_MASKED = 0x80
_SMALL_HEAD = 6
"""A frame of less than 126 bytes has a head of two, and a mask of four; larger ones more (RFC 6455, section 5.2)."""


class InboundLimit(NamedTuple):
    """Bytes that may come: so many a second, so many at once. Each frame counts for `frame` bytes beside its own."""

    rate: float
    burst: float
    frame: float


NO_LIMIT = InboundLimit(0.0, math.inf, 0.0)


class Talker(Protocol):
    """Whom it is about: see Connection. `close` may be called again."""

    bytes_in: int
    close_code: int | None

    def heard(self, now: float) -> None:
        """A frame came."""

    def close(self, code: int, reason: str = "") -> None:
        """Ends it."""

    def fail(self) -> None:
        """The exception that is handled is a bug: logs it and ends the connection."""

    def stop_reading(self) -> None:
        """Leaves what still comes to the other end's system."""

    def hang_up(self) -> None:
        """Closes its transport: the other end has."""

    def lost(self) -> None:
        """Its transport is closed."""


class TextListener(Protocol):
    """Who is told of texts, with the clock's time: see Session."""

    def receive(self, text: str, now: float) -> None:
        """A text frame came."""


class Inbound(asyncio.Protocol):
    """Stands between a transport and aiohttp's protocol from before the handshake's answer on.

    Frames that come before that answer, where none may, are not seen here. `most_bytes` is the largest text, 0 for no limit.
    """

    __slots__ = (
        "_clock",
        "_closings",
        "_connection",
        "_head",
        "_left",
        "_limit",
        "_listener",
        "_most_bytes",
        "_next",
        "_refilled_at",
        "_skip",
        "_unfinished",
    )

    def __init__(
        self,
        next: asyncio.Protocol,
        limit: InboundLimit,
        clock: Callable[[], float],
        connection: Talker,
        closings: Closings,
        most_bytes: int = 0,
    ) -> None:
        self._next = next
        self._limit = limit
        self._clock = clock
        self._connection = connection
        self._closings = closings
        self._left = limit.burst
        self._refilled_at = clock()
        self._most_bytes = most_bytes or math.inf
        self._head = b""
        self._skip = 0
        self._unfinished = False
        self._listener: TextListener | None = None

    def tell(self, listener: TextListener) -> None:
        """Whatever was passed on has been read: until more is, whole texts go to this listener."""
        if not (self._unfinished or self._skip or self._head):
            self._listener = listener

    def data_received(self, data: bytes) -> None:
        """Drops what is beyond the limit, and then reads no more.

        What is not masked is passed on: its sender's close frame is among it.
        """
        self._connection.bytes_in += len(data)
        listener = self._listener if self._connection.close_code is None else None
        text = None if listener is None else whole_text(data, self._most_bytes)
        frames = 1 if text is not None else self._count_frames(data)
        taken = len(data) + frames * self._limit.frame
        self._left -= taken
        if self._left < 0 and not self._refill(taken):
            self._connection.close(CloseCode.FLOODING, "flooding")
            self._connection.stop_reading()
        elif listener is not None and text is not None:
            self._receive(listener, text)
        else:
            self._listener = None
            self._next.data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        """Passed on, and told to the connection, once this turn or another has room for it."""
        self._closings.add(partial(self._pass_on_loss, error))

    def eof_received(self) -> bool:
        """Not passed on: aiohttp leaves it to the transport to close itself, which it shall not do at any time."""
        self._closings.add(self._connection.hang_up)
        return True

    def pause_writing(self) -> None:
        """Passed on."""
        self._next.pause_writing()

    def resume_writing(self) -> None:
        """Passed on."""
        self._next.resume_writing()

    def _pass_on_loss(self, error: Exception | None) -> None:
        self._next.connection_lost(error)
        self._connection.lost()

    def _refill(self, taken: float) -> bool:
        """The usual token bucket, filled only when it is empty."""
        now = self._clock()
        filled = self._left + taken + (now - self._refilled_at) * self._limit.rate
        self._left = min(self._limit.burst, filled) - taken
        self._refilled_at = now
        return self._left >= 0

    def _receive(self, listener: TextListener, text: str) -> None:
        now = self._clock()
        self._connection.heard(now)
        try:
            listener.receive(text, now)
        except Exception:
            self._connection.fail()

    def _count_frames(self, data: bytes) -> int:
        """Goes from head to head, keeps a head that is not complete, and ends the connection for one without a mask."""
        data, start = self._head + data, self._skip
        size = len(data)
        frames = 0
        while start + 2 <= size:
            if not data[start] & _CONTROL:
                self._unfinished = not data[start] & _FIN
            length = data[start + 1] - _MASKED
            more = 0 if length < _SMALL else 2 if length == _SMALL else 8
            if length < 0:
                self._connection.close(CloseCode.PROTOCOL_ERROR, "frames of clients must be masked")
                return frames
            if more:
                if start + 2 + more > size:
                    break
                length = int.from_bytes(data[start + 2 : start + 2 + more])
            start += _SMALL_HEAD + more + length
            frames += 1
        self._head = data[start:]
        self._skip = max(0, start - size)
        return frames
