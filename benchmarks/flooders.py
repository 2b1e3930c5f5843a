"""Those who flood: each sends as fast as the server reads, and comes back at once when it is sent away.

.venv/bin/python -m benchmarks.flooders PORT KIND COUNT    until it is ended by a signal
"""

import asyncio
import base64
import json
import os
import struct
import sys
from collections.abc import Callable
from typing import cast

import uvloop

_BATCH_BYTES = 64 * 1024


def frame(payload: bytes, opcode: int = 0x1) -> bytes:
    """A client's frame; a mask of zeros leaves the payload as it is."""
    size = len(payload)
    head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else struct.pack(">BBH", 0x80 | opcode, 0xFE, size)
    return head + bytes(4) + payload


def command(**fields: object) -> bytes:
    """A text frame with a command."""
    return frame(json.dumps(fields).encode())


FRAMES = {
    "chat": command(type="chat", nickname="Flood", message="out of my way"),
    "junk": frame(b'{"type": nonsense'),
    "ping": frame(b"", 0x9),
    "leaderboard": command(type="get_leaderboard", limit=100, ref=1),
    "history": command(type="hello", history=100, ref=1),
    "connect": b"",
}
"""What each kind sends again and again; who floods by connecting sends nothing."""


class Flooder(asyncio.Protocol):
    """One connection. `lost` is called when it has ended."""

    def __init__(self, frames: bytes, address: str, lost: Callable[[], None]) -> None:
        self._frames = frames
        self._address = address
        self._lost = lost
        self._paused = False
        self._open = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the WebSocket."""
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"X-Forwarded-For: {self._address}\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Begins once the server has answered; what it says is of no interest."""
        if self._open:
            return
        self._open = True
        if b" 101 " not in data or not self._frames:
            self._transport.abort()
        else:
            self._flood()

    def _flood(self) -> None:
        if not self._paused and not self._transport.is_closing():
            self._transport.write(self._frames)
            asyncio.get_running_loop().call_soon(self._flood)

    def pause_writing(self) -> None:
        """The server does not read so fast."""
        self._paused = True

    def resume_writing(self) -> None:
        """The server has read."""
        self._paused = False
        self._flood()

    def connection_lost(self, reason: Exception | None) -> None:
        """Tells it."""
        self._lost()


async def flood(port: int, kind: str, count: int, *, addresses: int = 1) -> None:
    """So many connections at a time, until it is cancelled. All come from one network address, or from several."""
    loop = asyncio.get_running_loop()
    frames = FRAMES[kind] * (_BATCH_BYTES // max(1, len(FRAMES[kind])))

    async def keep_connecting(number: int) -> None:
        ended = asyncio.Event()
        address = f"203.0.113.{number % addresses}"
        while True:
            ended.clear()
            try:
                await loop.create_connection(lambda: Flooder(frames, address, ended.set), "127.0.0.1", port)
                await ended.wait()
            except OSError:
                await asyncio.sleep(0.01)

    await asyncio.gather(*(keep_connecting(number) for number in range(count)))


if __name__ == "__main__":
    # Behind the players that are measured on the same core.
    os.nice(19)
    uvloop.run(flood(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
