"""How long write rounds take, and messages wait for them: percentiles over the last seconds."""

import math
from collections import deque
from collections.abc import Sequence

from tilo_ws.realtime.fanout import RoundTimes

WINDOW = 5
"""Seconds that the percentiles look back: one alone has too few rounds in a quiet hour."""


class RoundPercentiles:
    """In milliseconds; 0 where there was no round."""

    def __init__(self) -> None:
        self._seconds: deque[list[RoundTimes]] = deque(maxlen=WINDOW)
        self.p50_ms = 0.0
        self.p99_ms = 0.0
        self.delay_p99_ms = 0.0

    def add(self, second: list[RoundTimes]) -> None:
        """Takes in the rounds of one more second: call it once a second."""
        self._seconds.append(second)
        recent = [times for one in self._seconds for times in one]
        durations = sorted(times.duration for times in recent)
        self.p50_ms = percentile_ms(durations, 0.50)
        self.p99_ms = percentile_ms(durations, 0.99)
        self.delay_p99_ms = percentile_ms(sorted(times.delay for times in recent), 0.99)


def percentile_ms(ordered: Sequence[float], share: float) -> float:
    """The least of the ordered seconds that `share` of them do not exceed (nearest rank)."""
    if not ordered:
        return 0.0
    return round(ordered[math.ceil(share * len(ordered)) - 1] * 1000, 3)
