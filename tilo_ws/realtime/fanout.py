"""Write rounds: what goes to everybody is joined once and written once to each connection.

The system call for each write costs far more than anything else here, so the lever is to make few: see
docs/decisions/write-rounds.md.
"""

import asyncio

from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.hub import Hub

_MAX_BLOCK = 0.005
"""Seconds that a round may hold the event loop before others get their turn."""

_STEP = 64
"""Connections written between two looks at the clock."""


class Fanout:
    """Broadcasts to the connections of a hub, `interval` seconds from round to round at least.

    The first message after a quiet time leaves at once. The next round starts at the later of (start of the last + interval)
    and (end of the last + its duration), so that fan-out never takes more than half of the time. With an interval of 0 nothing
    waits. Every member hears all frames of the rounds that begin while it is in the hub, in order.
    """

    def __init__(self, hub: Hub, interval: float, loop: asyncio.AbstractEventLoop) -> None:
        self._hub = hub
        self._interval = interval
        self._loop = loop
        self._waiting: list[bytes] = []
        self._scheduled = False
        self._not_before = 0.0
        self._started_at = 0.0
        self._round = b""
        self._round_count = 0
        self._targets: list[Connection] = []
        self.deliveries = 0
        self.round_seconds = 0.0

    def broadcast(self, frame: bytes) -> None:
        """Sends a frame to everybody in the next round."""
        self._waiting.append(frame)
        if not self._scheduled:
            self._schedule()

    def _schedule(self) -> None:
        self._scheduled = True
        if self._loop.time() >= self._not_before:
            self._loop.call_soon(self._start_round)
        else:
            self._loop.call_at(self._not_before, self._start_round)

    def _start_round(self) -> None:
        self._started_at = self._loop.time()
        self._round = b"".join(self._waiting)
        self._round_count = len(self._waiting)
        self._waiting.clear()
        self._targets = list(self._hub)
        self._targets.reverse()  # taken from the end
        self._write_some()

    def _write_some(self) -> None:
        """Writes to the connections that are left, for 5 ms at most. A bug ends its round, never the fan-out."""
        try:
            more = self._write_for(_MAX_BLOCK)
        except Exception:
            self._targets.clear()
            self._end_round()
            raise
        if more:
            self._loop.call_soon(self._write_some)
        else:
            self._end_round()

    def _write_for(self, seconds: float) -> bool:
        """Returns whether connections are left when the time is over."""
        yield_at = self._loop.time() + seconds
        targets, frames, count = self._targets, self._round, self._round_count
        while targets:
            step = targets[-_STEP:]
            del targets[-_STEP:]
            for connection in reversed(step):
                if connection.write(frames, count):
                    self.deliveries += count
            if targets and self._loop.time() >= yield_at:
                return True
        return False

    def _end_round(self) -> None:
        self._round = b""
        now = self._loop.time()
        self.round_seconds = now - self._started_at
        if self._interval:
            self._not_before = max(self._started_at + self._interval, now + self.round_seconds)
        self._scheduled = False
        if self._waiting:
            self._schedule()
