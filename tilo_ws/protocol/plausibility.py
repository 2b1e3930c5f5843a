"""Whether a score can have been played: not above a limit, and not growing faster than anybody plays."""

from collections import OrderedDict
from typing import NamedTuple

MEMORY_PLAYERS = 100_000

SURVIVAL_GRACE = 1.0
"""Seconds: `survival_time` comes in whole seconds, the rest cut off."""

ARRIVAL_GRACE = 60.0
"""Seconds of play that may arrive at once: so long a connection can hang unnoticed (the default TILO_CONNECTION_TIMEOUT)."""


class _Accepted(NamedTuple):
    """A player's best accepted score, when the last was accepted, and how much of the grace was left then, in points."""

    score: int
    at: float
    spare: float


class ScoreRules:
    """Refuses scores above `max_score`, or growing by more than `max_per_second`; 0 is no limit. The caller passes the time.

    Remembers the last accepted score of the 100,000 players who came last.
    """

    def __init__(self, max_score: int, max_per_second: float) -> None:
        self._max_score = max_score
        self._max_per_second = max_per_second
        self._accepted: OrderedDict[str, _Accepted] = OrderedDict()

    def objection(self, player: str, score: int, survival_time: int, now: float) -> str | None:
        """Why this score cannot be, as a sentence, or None. Remembers nothing."""
        if self._max_score and score > self._max_score:
            return f"score: {score} is more than {self._max_score}, the most there can be"
        if not self._max_per_second:
            return None
        if score > self._max_per_second * (survival_time + SURVIVAL_GRACE):
            return f"score: {score} is more than anybody gets in {survival_time} seconds"
        last = self._accepted.get(player)
        if last is not None and score - last.score > self._allowance(last, now):
            return f"score: {score} is too much so soon after {last.score}"
        return None

    def accept(self, player: str, score: int, now: float) -> None:
        """Remembers a score that was taken."""
        if not self._max_per_second:
            return
        grace = self._max_per_second * ARRIVAL_GRACE
        last = self._accepted.get(player)
        if last is None:
            self._accepted[player] = _Accepted(score, now, grace)
        else:
            # The grace is spent, not given again with each score: else many small steps would add up to any speed.
            spare = min(grace, self._allowance(last, now) - max(0, score - last.score))
            self._accepted[player] = _Accepted(max(score, last.score), now, spare)
        self._accepted.move_to_end(player)
        if len(self._accepted) > MEMORY_PLAYERS:
            self._accepted.popitem(last=False)

    def correct(self, player: str, score: int, now: float) -> None:
        """Remembers what an admin has set, so that what was taken away cannot be sent again at once."""
        if player in self._accepted:
            self._accepted[player] = _Accepted(score, now, self._max_per_second * ARRIVAL_GRACE)

    def _allowance(self, last: _Accepted, now: float) -> float:
        """Points by which the best score may have grown since."""
        return last.spare + self._max_per_second * (now - last.at)
