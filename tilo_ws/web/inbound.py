"""What comes in over a WebSocket, looked at before aiohttp reads it: aiohttp tells of whole messages only.

A message in fragments that never ends costs as much as others and is never told. Frames without a mask are taken by aiohttp.
"""

import asyncio
import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

from tilo_ws.protocol.codes import CloseCode

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


class Closable(Protocol):
    """Whom it is about: see Connection. `close` may be called again."""

    bytes_in: int

    def close(self, code: int, reason: str = "") -> None:
        """Ends it."""

    def stop_reading(self) -> None:
        """Leaves what still comes to the other end's system."""

    def lost(self) -> None:
        """Its transport is closed."""


class Inbound(asyncio.Protocol):
    """Stands between a transport and aiohttp's protocol from before the handshake's answer on.

    Frames that come before that answer, where none may, are not seen here.
    """

    __slots__ = ("_clock", "_connection", "_head", "_left", "_limit", "_next", "_refilled_at", "_skip")

    def __init__(
        self,
        next: asyncio.Protocol,
        limit: InboundLimit,
        clock: Callable[[], float],
        connection: Closable,
    ) -> None:
        self._next = next
        self._limit = limit
        self._clock = clock
        self._connection = connection
        self._left = limit.burst
        self._refilled_at = clock()
        self._head = b""
        self._skip = 0

    def data_received(self, data: bytes) -> None:
        """Drops what is beyond the limit, and then reads no more.

        What is not masked is passed on: its sender's close frame is among it.
        """
        self._connection.bytes_in += len(data)
        # Most reads are one small frame: a look at its length is enough.
        frames = 1 if self._is_small_frame(data) else self._count_frames(data)
        taken = len(data) + frames * self._limit.frame
        self._left -= taken
        if self._left >= 0 or self._refill(taken):
            self._next.data_received(data)
        else:
            self._connection.close(CloseCode.FLOODING, "flooding")
            self._connection.stop_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """Passed on, and told to the connection."""
        self._next.connection_lost(error)
        self._connection.lost()

    def eof_received(self) -> bool | None:
        """Passed on."""
        return self._next.eof_received()

    def pause_writing(self) -> None:
        """Passed on."""
        self._next.pause_writing()

    def resume_writing(self) -> None:
        """Passed on."""
        self._next.resume_writing()

    def _refill(self, taken: float) -> bool:
        """The usual token bucket, filled only when it is empty."""
        now = self._clock()
        filled = self._left + taken + (now - self._refilled_at) * self._limit.rate
        self._left = min(self._limit.burst, filled) - taken
        self._refilled_at = now
        return self._left >= 0

    def _is_small_frame(self, data: bytes) -> bool:
        """One whole frame with a mask, of less than 126 bytes."""
        size = len(data)
        return (
            not self._skip
            and not self._head
            and _SMALL_HEAD <= size < _SMALL_HEAD + _SMALL
            and data[1] == _MASKED + size - _SMALL_HEAD
        )

    def _count_frames(self, data: bytes) -> int:
        """Goes from head to head, keeps a head that is not complete, and ends the connection for one without a mask."""
        data, start = self._head + data, self._skip
        size = len(data)
        frames = 0
        while start + 2 <= size:
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
