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
    repetitions = [_Repetition(entry, told) for entry in schedule]
    try:
        yield
    finally:
        runs = [run for repetition in repetitions if (run := repetition.stop())]
        if runs:
            _, late = await asyncio.wait(runs, timeout=STOP_TIMEOUT)
            for run in late:
                run.cancel()
            await asyncio.gather(*late, return_exceptions=True)


class _Repetition:
    """One entry of the schedule. A timer waits between two runs, not a task: some run a hundred times a second."""

    def __init__(self, entry: Every, told: tuple[type[Exception], ...]) -> None:
        self._entry = entry
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.Handle = self._loop.call_soon(self._run)
        self._task: asyncio.Task[None] | None = None
        self._stopped = False

    def stop(self) -> asyncio.Task[None] | None:
        """Begins no other run; returns the one that is under way."""
        self._stopped = True
        self._timer.cancel()
        return self._task

    def _run(self) -> None:
        try:
            run = self._entry.action()
        except Exception as error:
            self._log(error)
            run = None
        if run is None:
            self._wait()
        else:
            self._task = self._loop.create_task(self._finish(run), name=self._entry.name)

    async def _finish(self, run: Awaitable[None]) -> None:
        try:
            await run
        except Exception as error:
            self._log(error)
        self._task = None
        if not self._stopped:
            self._wait()

    def _wait(self) -> None:
        self._timer = self._loop.call_later(self._entry.interval, self._run)

    def _log(self, error: Exception) -> None:
        if not isinstance(error, self._told):
            fields = {"action": self._entry.name, "seconds": self._entry.interval}
            logger.error("%(action)s failed; it runs again in %(seconds)g s", fields, exc_info=error)
