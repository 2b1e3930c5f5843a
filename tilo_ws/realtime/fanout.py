"""Write rounds: what goes to everybody is joined once and written once to each connection.

The system call for each write costs far more than anything else here, so the lever is to make few: see
docs/decisions/write-rounds.md.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tilo_ws.realtime.connection import Connection

_MAX_BLOCK = 0.005
"""Seconds that a round may hold the event loop before others get their turn."""

_STEP = 64
"""Connections written between two looks at the clock."""

_TICK = 0.001
"""Seconds by which the round after a single message may be early: the loop's clock counts milliseconds. Rounds that have
fallen behind messages of the same beat catch up by it; without it, one late round would make all later ones wait as long."""


_MAX_TIMES = 1000
"""Rounds whose times are kept until somebody takes them; of more in a second, these are sample enough."""


class RoundTimes(NamedTuple):
    """Seconds that a round took, and that its oldest message waited until it was written to the last connection."""

    duration: float
    delay: float


class Fanout:
    """Broadcasts to whom `audience` names then, `interval` seconds from round to round at least.

    The first message after a quiet time leaves at once. The next round starts at the later of (start of the last + interval)
    and (end of the last + its duration), so that fan-out never takes more than half of the time. With an interval of 0 nothing
    waits. Every member hears all frames of the rounds that begin while it is in the audience, in order.

    `seq` is the last chat number of the last round that has begun: who joins the audience now hears all higher ones.
    """

    def __init__(
        self,
        audience: Callable[[], Sequence[Connection]],
        interval: float,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._audience = audience
        self._interval = interval
        self._loop = loop
        self._clock = clock  # the loop's own counts milliseconds, and a round may take less
        self._times: deque[RoundTimes] = deque(maxlen=_MAX_TIMES)
        self._waiting_since = 0.0
        self._round_waiting_since = 0.0
        self._round_began = 0.0
        self._waiting: list[bytes] = []
        self._waiting_seq = 0
        self._scheduled = False
        self._not_before = 0.0
        self._started_at = 0.0
        self._round = b""
        self._round_count = 0
        self._targets: Sequence[Connection] = ()
        self._next_target = 0
        self.seq = 0
        self.deliveries = 0
        self.bytes_out = 0
        self.round_seconds = 0.0

    def broadcast(self, frame: bytes, seq: int | None = None) -> None:
        """Sends a frame to everybody in the next round; `seq` is its chat number, if it has one."""
        if not self._waiting:
            self._waiting_since = self._clock()
        self._waiting.append(frame)
        if seq is not None:
            self._waiting_seq = seq
        if not self._scheduled:
            self._schedule()

    def take_times(self) -> list[RoundTimes]:
        """The times of the rounds since the last call."""
        times = list(self._times)
        self._times.clear()
        return times

    def _schedule(self) -> None:
        self._scheduled = True
        if self._loop.time() >= self._not_before:
            self._loop.call_soon(self._start_round)
        else:
            self._loop.call_at(self._not_before, self._start_round)

    def _start_round(self) -> None:
        self._started_at = self._loop.time()
        self._round_began = self._clock()
        self._round_waiting_since = self._waiting_since
        self._round = b"".join(self._waiting)
        self._round_count = len(self._waiting)
        self._waiting.clear()
        self.seq = max(self.seq, self._waiting_seq)
        self._targets = self._audience()
        self._next_target = 0
        self._write_some()

    def _write_some(self) -> None:
        """Writes to the connections that are left, for 5 ms at most. A bug ends its round, never the fan-out."""
        try:
            more = self._write_for(_MAX_BLOCK)
        except Exception:
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
        size = len(frames)
        while step := targets[self._next_target : self._next_target + _STEP]:
            self._next_target += len(step)
            written = 0
            for connection in step:
                written += connection.write(frames, count)
            self.deliveries += written * count
            self.bytes_out += written * size
            if self._next_target < len(targets) and self._loop.time() >= yield_at:
                return True
        return False

    def _end_round(self) -> None:
        self._targets = ()
        self._round = b""
        ended = self._clock()
        self._times.append(RoundTimes(ended - self._round_began, ended - self._round_waiting_since))
        now = self._loop.time()
        self.round_seconds = now - self._started_at
        if self._interval:
            early = _TICK if self._round_count == 1 else 0.0
            self._not_before = max(self._started_at + self._interval - early, now + self.round_seconds)
        self._scheduled = False
        if self._waiting:
            self._schedule()
