"""aiopg's connection pool with its faults closed, so that nobody above sees them (docs/decisions/database-thread.md).

Everything here runs on the database's own event loop. Statements must be safe to run twice: one whose answer was lost with its
connection is sent again.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import aiopg
import psycopg2
from psycopg2.extensions import parse_dsn
from psycopg2.extras import NamedTupleCursor

from tilo_ws.histogram import Histogram
from tilo_ws.storage.errors import BadData, DatabaseAway, StatementTimeout, is_lost_connection, one_line, translated

_ANSWER_GRACE = 2.0
"""Seconds beyond a statement's time limit until a server that says nothing at all counts as away."""

# A peer that vanished without a word (a suspended Neon, a dead route) is noticed within about a minute.
_KEEPALIVES: dict[str, Any] = {"keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


class PoolStats(NamedTuple):
    """Database connections, and `waiting`: statements that wait for one."""

    size: int
    free: int
    used: int
    min: int
    max: int
    waiting: int


def _place(dsn: str) -> str:
    """Where a connection string leads, for people: without the password."""
    parts = parse_dsn(dsn)
    return f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"


class _LostConnection(Exception):
    """A pooled connection turned out to be dead."""


class Pool:
    """Runs statements on `min_size` to `max_size` connections, in autocommit. `waits`: how many seconds each waited for one."""

    def __init__(self, min_size: int, max_size: int, connect_timeout: float) -> None:
        self._min_size = min_size
        self._max_size = max_size
        self._connect_timeout = connect_timeout
        # aiopg wakes nobody when a dead connection is returned, so nobody may ever wait inside it.
        self._slots = asyncio.Semaphore(max_size)
        self._waiting = 0
        self.waits = Histogram()
        self._pool: aiopg.Pool | None = None

    async def open(self, dsn: str) -> None:
        """Makes the first connections. Raises DatabaseAway."""
        try:
            self._pool = await aiopg.create_pool(
                dsn,
                minsize=self._min_size,
                maxsize=self._max_size,
                timeout=self._connect_timeout,
                enable_hstore=False,
                enable_json=False,
                fallback_application_name="tilo_ws",
                client_encoding="UTF8",
                **_KEEPALIVES,
            )
        except psycopg2.Error as error:
            raise DatabaseAway(f"{_place(dsn)}: {one_line(error)}") from None
        except TimeoutError:
            raise DatabaseAway(f"{_place(dsn)}: no answer within {self._connect_timeout:g} s") from None

    async def close(self) -> None:
        """Closes the connections; statements under way are cut off."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()
            await pool.wait_closed()

    @property
    def stats(self) -> PoolStats:
        """Plain counters, so that any thread may read them."""
        size, free = (self._pool.size, self._pool.freesize) if self._pool else (0, 0)
        return PoolStats(size, free, size - free, self._min_size, self._max_size, self._waiting)

    async def execute(self, sql: str, parameters: Mapping[str, Any] | None, time_limit: float) -> list[Any]:
        """Runs one statement, or several separated by semicolons as one transaction; returns the last one's rows.

        `time_limit` is in seconds. Raises DatabaseAway, StatementTimeout, BadData; any other psycopg2.Error is a mistake in
        the SQL.
        """
        self._waiting += 1
        began = time.monotonic()
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        self.waits.add(time.monotonic() - began)
        try:
            try:
                return await self._attempt(sql, parameters, time_limit)
            except _LostConnection:
                # What killed one connection (Neon's suspension, a restart) killed all that lay idle.
                await self._connections.clear()
                return await self._attempt(sql, parameters, time_limit)
        except _LostConnection as error:
            raise DatabaseAway(str(error)) from None
        finally:
            self._slots.release()

    @property
    def _connections(self) -> "aiopg.Pool":
        if self._pool is None:
            raise DatabaseAway("the database is not open")
        return self._pool

    async def _attempt(self, sql: str, parameters: Mapping[str, Any] | None, time_limit: float) -> list[Any]:
        # The limit travels with the statement: poolers in transaction mode refuse start-up options and lose a SET. Several
        # statements in one string are one transaction, so SET LOCAL ends with it.
        limited = f"SET LOCAL statement_timeout = {round(time_limit * 1000)};\n{sql}"
        try:
            async with (
                self._connection() as connection,
                connection.cursor(cursor_factory=NamedTupleCursor) as cursor,
            ):
                await _execute(connection, cursor, limited, parameters, time_limit)
                return await cursor.fetchall() if cursor.description else []
        except psycopg2.Error as error:
            raise translated(error) from error
        except TimeoutError:
            raise DatabaseAway(f"no connection within {self._connect_timeout:g} s") from None

    @contextlib.asynccontextmanager
    async def _connection(self) -> "AsyncIterator[aiopg.Connection]":
        pool = self._connections
        try:
            connection = await pool.acquire()
        except AssertionError:
            # aiopg asserts that a free connection lives, but some can die while it makes others.
            raise _LostConnection("a free connection had died") from None
        try:
            yield connection
        finally:
            await pool.release(connection)


async def _execute(
    connection: "aiopg.Connection", cursor: "aiopg.Cursor", sql: str, parameters: Mapping[str, Any] | None, time_limit: float
) -> None:
    try:
        await cursor.execute(sql, parameters, timeout=time_limit + _ANSWER_GRACE)
    except psycopg2.Error as error:
        if is_lost_connection(error):
            connection.close()
            raise _LostConnection(one_line(error)) from None
        raise
    except ValueError as error:
        # psycopg2 refuses a text with NUL or half a surrogate pair before PostgreSQL sees it.
        raise BadData(one_line(error)) from error
    except TimeoutError:
        raise DatabaseAway(f"no answer within {time_limit + _ANSWER_GRACE:g} s") from None
    except asyncio.CancelledError:
        # aiopg raises this for a statement_timeout too; only a real cancellation has been asked of the task.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise StatementTimeout(f"cancelled by PostgreSQL after {time_limit:g} s") from None
