"""Runs an action again and again beside everything else, and stops it between two runs, never inside one."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from tilo_ws.storage.errors import DatabaseAway, StatementTimeout

logger = logging.getLogger(__name__)

Action = Callable[[], Awaitable[None] | None]


@contextlib.asynccontextmanager
async def every(interval: float, *actions: Action) -> AsyncIterator[None]:
    """While the block runs, calls each action `interval` seconds after its last run ended.

    An action that fails is logged with its traceback and runs again the next time. At the end of the block the run that is
    under way is finished first.
    """
    stopping = asyncio.Event()
    tasks = [asyncio.create_task(_repeat(action, interval, stopping)) for action in actions]
    try:
        yield
    finally:
        stopping.set()
        await asyncio.gather(*tasks)


async def _repeat(action: Action, interval: float, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            running = action()
            if running is not None:
                await running
        except DatabaseAway:
            pass  # the database has logged its fault, once; the action runs again
        except StatementTimeout as error:
            logger.warning("%s: %s", getattr(action, "__qualname__", action), error)
        except Exception:
            logger.exception("%s failed; it runs again in %g s", getattr(action, "__qualname__", action), interval)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), interval)
