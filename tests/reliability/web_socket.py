"""A client's end of a WebSocket on a bare transport: one process plays thousands of players."""

import asyncio
import base64
import os
import struct
from collections.abc import Callable
from typing import NamedTuple, cast

_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA

CLOSED_WITHOUT_WORD = 1006
"""The code of a connection that was cut (RFC 6455, section 7.1.5)."""


class End(NamedTuple):
    """How a connection ended."""

    code: int
    reason: str


class WebSocket(asyncio.Protocol):
    """Opens a WebSocket at `/ws`. `opened` is called once it is, `received` with each text, `ended` is the future end."""

    def __init__(self, opened: Callable[["WebSocket"], None], received: Callable[[bytes], None]) -> None:
        self._opened = opened
        self._received = received
        self._transport: asyncio.Transport
        self._unread = b""
        self.is_open = False
        self._end = End(CLOSED_WITHOUT_WORD, "")
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the WebSocket (RFC 6455, section 4.1)."""
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Takes the head of the answer, then frames. What may be half of one is kept for the next time."""
        self._unread += data
        if not self.is_open and not self._read_head():
            return
        while frame := _first_frame(self._unread):
            opcode, payload, size = frame
            self._unread = self._unread[size:]
            self._take(opcode, payload)

    def _read_head(self) -> bool:
        head, end, rest = self._unread.partition(b"\r\n\r\n")
        if not end:
            return False
        if b" 101 " not in head.partition(b"\r\n")[0]:
            self._transport.abort()
            return False
        self._unread = rest
        self.is_open = True
        self._opened(self)
        return True

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _TEXT:
            self._received(payload)
        elif opcode == _PING:
            self._send(_PONG, payload)
        elif opcode == _CLOSE:
            self._end = End(int.from_bytes(payload[:2]) or CLOSED_WITHOUT_WORD, payload[2:].decode())
            self._send(_CLOSE, payload[:2])
            self._transport.close()

    def connection_lost(self, reason: Exception | None) -> None:
        """Tells how it ended."""
        self.ended.set_result(self._end)

    def send(self, text: bytes) -> None:
        """Sends a text frame; nothing once it is closing."""
        self._send(_TEXT, text)

    def _send(self, opcode: int, payload: bytes) -> None:
        if self._transport.is_closing():
            return
        size = len(payload)
        head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else struct.pack(">BBH", 0x80 | opcode, 0xFE, size)
        # A mask of zeros leaves the payload as it is.
        self._transport.write(head + bytes(4) + payload)

    def cut(self) -> None:
        """Ends the connection without a word."""
        self._transport.abort()


def _first_frame(data: bytes) -> tuple[int, bytes, int] | None:
    """Opcode, payload and whole size of a server's frame, or None where it is not whole yet."""
    if len(data) < 2:
        return None
    size, start = data[1], 2
    if size >= 126:
        start = 4 if size == 126 else 10
        if len(data) < start:
            return None
        size = int.from_bytes(data[2:start])
    end = start + size
    return (data[0] & 0x0F, data[start:end], end) if len(data) >= end else None
