"""Replies to one connection, joined within a turn of the event loop: many acknowledgements are one write."""

import asyncio
from collections import Counter
from typing import Protocol


class Receiver(Protocol):
    """Who can be written to: see Connection."""

    def write(self, frames: bytes, count: int = 1) -> bool:
        """Sends whole frames, `count` in number."""


class Replies:
    """Keeps the frames that wait for the end of the turn, of all connections: none has a list or a callback of its own.

    `errors` counts those that were an error, by its code.
    """

    def __init__(self) -> None:
        self._waiting: dict[Receiver, list[bytes]] = {}
        self.errors: Counter[str] = Counter()
        self.bytes_out = 0

    def add(self, receiver: Receiver, frame: bytes) -> None:
        """Sends a frame at the end of this turn, after those that were added before."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._send_all)
        self._waiting.setdefault(receiver, []).append(frame)

    def send(self, receiver: Receiver) -> None:
        """Sends what waits for one receiver now."""
        frames = self._waiting.pop(receiver, None)
        if frames is not None:
            joined = b"".join(frames)
            if receiver.write(joined, len(frames)):
                self.bytes_out += len(joined)

    def _send_all(self) -> None:
        while self._waiting:
            self.send(next(iter(self._waiting)))
