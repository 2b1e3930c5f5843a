"""PostgreSQL as the rest of the server sees it: statements by file name, on a thread of its own.

aiopg connects, resolves names and formats statements synchronously, so it runs on an event loop and thread apart: a slow or
dead database never delays a WebSocket.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from psycopg2.extensions import QueryCanceledError

from tilo_ws.histogram import Histogram
from tilo_ws.storage.backlog import Backlog
from tilo_ws.storage.errors import DatabaseAway
from tilo_ws.storage.pool import Pool, PoolStats

logger = logging.getLogger(__name__)

Query = Callable[..., Awaitable[list[Any]]]
"""Runs one statement; named parameters in, rows as named tuples out."""

T = TypeVar("T")


class StatementTimes:
    """How often a statement was run, how many seconds that took in all, waiting for a connection included, and how often it
    failed."""

    __slots__ = ("count", "failures", "seconds")

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0
        self.failures = 0


_CONNECT_TIMEOUT = 5.0
_STATEMENT_TIMEOUT = 10.0
_CLOSE_TIMEOUT = 1.0

# Takes a row lock and leaves no trace: a standby that answers but takes no writes (SQLSTATE 25006) is still away.
_PROBE = "SELECT FROM server_identity FOR UPDATE"


class Database:
    """A pool of connections to one PostgreSQL database.

    `away` is the last known state: true from a failure until the next statement that succeeds, and `reason` that failure. An
    outage is two lines of the log; the second says how much of the `backlog` waited. `times` is by the statements' names;
    `span` is given the name, and what it returns is entered while the statement runs.
    """

    def __init__(
        self,
        queries: Path,
        backlog: Backlog | None = None,
        *,
        pool_min: int = 5,
        pool_max: int = 20,
        statement_timeout: float = _STATEMENT_TIMEOUT,
    ) -> None:
        self._statements = {file.stem: file.read_text(encoding="utf-8") for file in queries.glob("*.sql")}
        self._backlog = backlog or Backlog()
        self._statement_timeout = statement_timeout
        self._pool = Pool(pool_min, pool_max, _CONNECT_TIMEOUT)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._is_open = False
        self._away_since: float | None = None
        self.reason = ""
        self.times: dict[str, StatementTimes] = {}
        self.span: Callable[[str], contextlib.AbstractContextManager[object]] = contextlib.nullcontext

    async def open(self, dsn: str) -> None:
        """Connects to the database that the libpq connection string names. Raises DatabaseAway."""
        self._loop = asyncio.SelectorEventLoop()
        self._loop.set_exception_handler(_log_unexpected)
        self._thread = threading.Thread(target=self._loop.run_forever, name="database", daemon=True)
        self._thread.start()
        try:
            # Resolving a name blocks the database's thread and knows no time limit, hence one on this side.
            await asyncio.wait_for(self._on_thread(self._pool.open(dsn)), _CONNECT_TIMEOUT + 1)
        except TimeoutError:
            raise DatabaseAway(f"no connection within {_CONNECT_TIMEOUT + 1:g} s") from None
        self._is_open = True

    async def close(self) -> None:
        """Closes all connections and ends the thread, as far as it is not stuck in a name look-up."""
        if self._thread is None:
            return
        if self._is_open:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._on_thread(self._pool.close()), _CLOSE_TIMEOUT)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._on_thread(_end_statements()), _CLOSE_TIMEOUT)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_TIMEOUT)
        if not self._thread.is_alive():
            self._loop.close()

    @property
    def away(self) -> bool:
        """Whether the last statement could not reach PostgreSQL."""
        return self._away_since is not None

    @property
    def pool(self) -> PoolStats:
        """The connections at this moment."""
        return self._pool.stats

    @property
    def waits(self) -> Histogram:
        """How many seconds statements waited for a connection."""
        return self._pool.waits

    def query(self, name: str, *, time_limit: float | None = None) -> Query:
        """The statement in `sql/queries/<name>.sql`, with a time limit of its own, if any.

        Raises KeyError at once for a name without a file.
        """
        sql, times = self._statements[name], self.times.setdefault(name, StatementTimes())

        async def run(**parameters: Any) -> list[Any]:
            began = time.monotonic()
            try:
                with self.span(name):
                    return await self.execute(sql, parameters, time_limit=time_limit)
            except Exception:
                times.failures += 1
                raise
            finally:
                times.count += 1
                times.seconds += time.monotonic() - began

        return run

    async def execute(
        self, sql: str, parameters: Mapping[str, Any] | None = None, *, time_limit: float | None = None
    ) -> list[Any]:
        """Runs a statement within `time_limit` seconds. Raises what `Pool.execute` raises."""
        try:
            rows = await self._on_thread(self._pool.execute(sql, parameters, time_limit or self._statement_timeout))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise DatabaseAway("the database was closed") from None
        except DatabaseAway as error:
            if self._away_since is None:
                self._away_since = time.monotonic()
                self.reason = str(error)
                logger.error("database away: %(reason)s", {"reason": self.reason})
            raise
        if self._away_since is not None:
            seconds, waiting = time.monotonic() - self._away_since, self._backlog.rows
            logger.info(
                "database back after %(seconds).1f s, %(waiting)d writes waited", {"seconds": seconds, "waiting": waiting}
            )
            self._away_since, self.reason = None, ""
        return rows

    async def probe(self) -> None:
        """After a fault, asks whether PostgreSQL is back; does nothing while all is well, so that a sleeping one may sleep.

        Raises DatabaseAway.
        """
        if self.away:
            await self.execute(_PROBE)

    def _on_thread(self, work: Coroutine[Any, Any, T]) -> "asyncio.Future[T]":
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


async def _end_statements() -> None:
    """Cuts off what is left on the database's loop: nobody may wait for an answer from a loop that has stopped."""
    statements = asyncio.all_tasks() - {asyncio.current_task()}
    for statement in statements:
        statement.cancel()
    await asyncio.gather(*statements, return_exceptions=True)


def _log_unexpected(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """aiopg reports each statement that ran out of time here too; the caller already hears it as StatementTimeout."""
    if not isinstance(context.get("exception"), QueryCanceledError):
        loop.default_exception_handler(context)
