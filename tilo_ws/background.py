"""Runs actions again and again beside everything else, and stops them between two runs."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

logger = logging.getLogger(__name__)

STOP_TIMEOUT = 2.0
"""Seconds at the end that runs which are under way have to finish, all together; then they are cancelled."""


class Every(NamedTuple):
    """An action that begins again `interval` seconds after its last run ended."""

    interval: float
    action: Callable[[], Awaitable[None] | None]
    name: str


@contextlib.asynccontextmanager
async def running(*schedule: Every, told: tuple[type[Exception], ...] = ()) -> AsyncIterator[None]:
    """Runs the schedule while the block lasts.

    An action that fails is logged with its traceback and runs again; of the exceptions in `told` the log has heard already.
    """
    stopping = asyncio.Event()
    tasks = [asyncio.create_task(_repeat(entry, stopping, told), name=entry.name) for entry in schedule]
    try:
        yield
    finally:
        stopping.set()
        _, late = await asyncio.wait(tasks, timeout=STOP_TIMEOUT)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _repeat(entry: Every, stopping: asyncio.Event, told: tuple[type[Exception], ...]) -> None:
    while not stopping.is_set():
        try:
            run = entry.action()
            if run is not None:
                await run
        except told:
            pass
        except Exception:
            logger.exception("%s failed; it runs again in %g s", entry.name, entry.interval)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(entry.interval):  # wait_for makes a task of it, a hundred times a second
                await stopping.wait()
