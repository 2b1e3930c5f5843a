"""How often a value fell into each of some ranges: what takes how long, told without keeping every value."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import repeat

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds for times from a millisecond to ten seconds."""


class Histogram:
    """`counts` has a number for each of the rising `bounds`, of values up to it and above the one before, and one for those
    above all; `sum` is that of all values."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Counts one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def add_all(self, values: Iterable[float]) -> None:
        """Counts many, each faster than by `add`."""
        values = list(values)
        for index in map(bisect_left, repeat(self.bounds), values):
            self.counts[index] += 1
        self.sum += sum(values)
