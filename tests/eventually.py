"""Waiting for what another task, thread or process is about to do, with an end."""

import asyncio
from collections.abc import Callable

PATIENCE = 30.0
"""Seconds that a test waits, on a busy machine too, for what must happen."""


async def eventually(condition: Callable[[], object], seconds: float = PATIENCE, interval: float = 0.001) -> None:
    """Returns when the condition holds; fails when it does not within this time. An `interval` is for costly conditions."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(interval)
    except TimeoutError:
        raise AssertionError(f"not within {seconds:g} s") from None
