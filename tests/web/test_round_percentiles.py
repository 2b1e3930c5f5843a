"""Percentiles of write rounds over the last seconds."""

import pytest

from tilo_ws.realtime.fanout import RoundTimes
from tilo_ws.web.round_percentiles import WINDOW, RoundPercentiles, percentile_ms


@pytest.mark.parametrize(
    ("seconds", "share", "expected"),
    [([], 0.99, 0), ([0.5], 0.5, 500), ([0.1, 0.2, 0.3, 0.4], 0.5, 200), ([n / 1000 for n in range(1, 101)], 0.99, 99)],
)
def test_a_percentile_is_the_least_that_so_many_do_not_exceed(seconds: list[float], share: float, expected: float) -> None:
    assert percentile_ms(seconds, share) == expected


def test_a_slow_round_counts_for_five_seconds() -> None:
    rounds = RoundPercentiles()
    rounds.add([RoundTimes(0.001, 0.002), RoundTimes(0.5, 0.9)])
    for _ in range(WINDOW - 1):
        rounds.add([RoundTimes(0.001, 0.002)] * 2)
        assert (rounds.p50_ms, rounds.p99_ms, rounds.delay_p99_ms) == (1, 500, 900)
    rounds.add([])
    assert (rounds.p50_ms, rounds.p99_ms, rounds.delay_p99_ms) == (1, 1, 2)
