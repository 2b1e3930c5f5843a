"""Refused scores: the newest that nobody can have played, for an admin to look at, and how many there were."""

import itertools
import time
from collections import deque
from collections.abc import Callable

import msgspec

MEMORY_SCORES = 1_000


class RefusedScore(msgspec.Struct, frozen=True):
    """A score that was refused. `refused_at` is in seconds since 1970; without a token `email` is what the client claimed."""

    refused_at: float
    email: str
    nickname: str | None
    score: int
    survival_time: int
    reason: str
    connection: str
    ip: str


class RefusedScores:
    """Remembers the newest 1,000; `count` is of all since the start."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._newest: deque[RefusedScore] = deque(maxlen=MEMORY_SCORES)
        self.count = 0

    def add(
        self, *, email: str, nickname: str | None, score: int, survival_time: int, reason: str, connection: str, ip: str
    ) -> None:
        """Remembers one that was refused just now."""
        self.count += 1
        self._newest.append(RefusedScore(self._clock(), email, nickname, score, survival_time, reason, connection, ip))

    def newest(self, limit: int = MEMORY_SCORES) -> tuple[RefusedScore, ...]:
        """The newest, `limit` of them at most, newest first."""
        return tuple(itertools.islice(reversed(self._newest), limit))

    def forget(self, email: str) -> None:
        """Forgets those of a player."""
        kept = [refused for refused in self._newest if refused.email != email]
        self._newest.clear()
        self._newest.extend(kept)
