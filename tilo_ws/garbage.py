"""Keeps the garbage collector's pauses short, and measures them: while it runs, nobody is served."""

import gc
import time
from typing import Literal


class GarbagePauses:
    """Measures collections while it is active."""

    def __init__(self) -> None:
        self._began = 0.0
        self._worst = 0.0

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
            self._worst = max(self._worst, time.perf_counter() - self._began)


def freeze() -> None:
    """Takes everything that the start has made out of future collections: it lives as long as the process."""
    gc.collect()
    gc.freeze()
