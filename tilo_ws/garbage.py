"""Keeps the garbage collector's pauses short, and measures them: while it runs, nobody is served."""

import gc
import time
from collections.abc import Callable
from typing import Literal

from tilo_ws.histogram import Histogram

_OLDEST = 2
"""The generation of a full collection."""

_THRESHOLDS = (700, 10, 1)
"""New objects until a young collection, and collections of one generation until one of the next: of the middle one, 10 by
Python's default. A full collection walks over what is new since the last and nothing else, so that many short ones take no
longer than a few long ones."""


class GarbagePauses:
    """Measures collections while it is active. `seconds` are those of all."""

    def __init__(self) -> None:
        self._began = 0.0
        self._worst = 0.0
        self.seconds = Histogram()

    def start(self) -> None:
        """Begins to measure."""
        gc.callbacks.append(self._on_collection)

    def stop(self) -> None:
        """Ends what `start` began."""
        gc.callbacks.remove(self._on_collection)

    def take_worst(self) -> float:
        """Seconds of the longest collection since the last call."""
        worst, self._worst = self._worst, 0.0
        return worst

    def _on_collection(self, phase: Literal["start", "stop"], info: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        else:
            pause = time.perf_counter() - self._began
            self._worst = max(self._worst, pause)
            self.seconds.add(pause)


class Freezer:
    """Takes what survives a full collection out of later ones, so that none walks over ten thousand connections again.

    Who leaves is freed without the collector: a connection makes no cycles. Whatever does is found once in `period` seconds,
    when one collection walks over everything.
    """

    def __init__(self, period: float = 3600.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._period = period
        self._clock = clock
        self._thaw_at = clock() + period
        self._thresholds_before = gc.get_threshold()

    def start(self) -> None:
        """Begins with what exists now: it lives as long as the process."""
        gc.callbacks.append(self._on_collection)
        gc.set_threshold(*_THRESHOLDS)
        gc.collect()

    def stop(self) -> None:
        """Ends what `start` began."""
        gc.callbacks.remove(self._on_collection)
        gc.set_threshold(*self._thresholds_before)
        gc.unfreeze()

    def _on_collection(self, phase: Literal["start", "stop"], info: dict[str, int]) -> None:
        if info["generation"] < _OLDEST:
            return
        if phase == "stop":
            gc.freeze()
        elif self._clock() >= self._thaw_at:
            self._thaw_at = self._clock() + self._period
            gc.unfreeze()
