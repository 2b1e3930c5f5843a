"""Group commit: collect rows, store them by one statement, tell those who wait."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Hashable, Iterator
from itertools import islice
from typing import Generic, TypeVar

from tilo_ws.histogram import Histogram
from tilo_ws.storage.backlog import Backlog
from tilo_ws.storage.errors import BadData, DatabaseAway, StatementTimeout, one_line

logger = logging.getLogger(__name__)

Row = TypeVar("Row")
Waiter = TypeVar("Waiter")

MAX_BATCH_ROWS = 1_000
"""Rows in a statement: more blocks the thread that formats it (10,000 rows: 29 ms) and gains nothing."""

MIN_INTERVAL = 0.060
"""Seconds from the start of a statement to the start of the next, unless a whole batch waits."""

RETRY_INTERVAL = 1.0
"""Seconds until a batch is tried again that could not be stored."""

_BATCH_SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, MAX_BATCH_ROWS)


class _Pending(Generic[Row, Waiter]):
    __slots__ = ("added_at", "row", "waiters")

    def __init__(self, row: Row, added_at: float) -> None:
        self.row = row
        self.added_at = added_at
        self.waiters: list[Waiter] = []


class GroupCommit(Generic[Row, Waiter]):
    """Rows on their way into PostgreSQL, merged by key.

    One statement is in flight at most; while it runs the next batch gathers. The first row after a quiet time is stored at
    once. Rows are kept and tried again while the database is away. A row that PostgreSQL refuses is found by halving the batch:
    it alone is refused, the rest is stored.

    `store(rows)` must be safe to run twice. `merge(old, new)` joins two rows of one key. `stored(waiters)` and
    `refused(row, waiters)` are told the outcome.

    Counted are the rows of batches that were tried, the seconds of those that were stored, failed ones, rows that PostgreSQL
    refused, and `delays`: the seconds that rows took to be stored which somebody waited for.
    """

    def __init__(
        self,
        name: str,
        backlog: Backlog,
        *,
        store: Callable[[list[Row]], Awaitable[None]],
        merge: Callable[[Row, Row], Row],
        stored: Callable[[list[Waiter]], None],
        refused: Callable[[Row, list[Waiter]], None],
        clock: Callable[[], float] = time.monotonic,
        wait: "Callable[[asyncio.Event, float], Awaitable[None]] | None" = None,
    ) -> None:
        self.name = name
        self._backlog = backlog
        self._store = store
        self._merge = merge
        self._stored = stored
        self._refused = refused
        self._clock = clock
        self._wait = wait or _wait
        self._pending: dict[Hashable, _Pending[Row, Waiter]] = {}
        self._in_flight: dict[Hashable, _Pending[Row, Waiter]] = {}
        self._not_before = 0.0
        self._failing = False
        self.reason = ""
        self._told = False
        self._closing = False
        self._some = asyncio.Event()
        self._hurry = asyncio.Event()
        self.batch_rows = Histogram(_BATCH_SIZES)
        self.batch_seconds = Histogram()
        self.delays = Histogram()
        self.failures = 0
        self.refused_rows = 0

    @property
    def pending(self) -> int:
        """Rows that are not stored yet."""
        return len(self._pending) + len(self._in_flight)

    def rows(self) -> Iterator[Row]:
        """The rows that are not stored yet, oldest first."""
        return (entry.row for entry in [*self._in_flight.values(), *self._pending.values()])

    @property
    def failing(self) -> bool:
        """Whether the last statement could not be carried out; `reason` is why."""
        return self._failing

    @property
    def oldest_age(self) -> float:
        """Seconds that the oldest of them has waited; 0 when there is none."""
        for rows in (self._in_flight, self._pending):
            if rows:
                return self._clock() - next(iter(rows.values())).added_at
        return 0.0

    def gathers(self, key: Hashable) -> bool:
        """Whether a row of this key waits for the next batch, so that another will be merged into it."""
        return key in self._pending

    def add(self, key: Hashable, row: Row, waiter: Waiter | None = None) -> None:
        """Takes a row to store. The caller has asked `Backlog.full`."""
        entry = self._pending.get(key)
        if entry is None:
            entry = self._pending[key] = _Pending(row, self._clock())
            self._backlog.rows += 1
            self._some.set()
            if len(self._pending) >= MAX_BATCH_ROWS and not self._failing:
                self._hurry.set()
        else:
            entry.row = self._merge(entry.row, row)
        if waiter is not None:
            entry.waiters.append(waiter)
            self._backlog.waiters += 1

    async def run(self) -> None:
        """Stores what is added until `close` is called; then stores the rest, once, and ends."""
        while not self._closing:
            await self._some.wait()
            while not self._hurry.is_set() and (remaining := self._not_before - self._clock()) > 0:
                await self._wait(self._hurry, remaining)
            await self.flush()
        while self._pending:
            await self.flush()
            if self._failing:
                return

    def close(self) -> None:
        """Lets `run` end after a last flush."""
        self._closing = True
        self._some.set()
        self._hurry.set()

    async def flush(self) -> None:
        """Stores one batch now; what could not be stored stays pending."""
        batch = dict(islice(self._pending.items(), MAX_BATCH_ROWS))
        for key in batch:
            del self._pending[key]
        self._in_flight = batch
        began = self._clock()
        self._not_before = began + MIN_INTERVAL
        try:
            if batch:
                self.batch_rows.add(len(batch))
                await self._store_or_halve(list(batch))
                self.batch_seconds.add(self._clock() - began)
            self._succeeded()
        except Exception as error:
            self._failed(error)
        finally:
            self._take_back()

    async def _store_or_halve(self, keys: list[Hashable]) -> None:
        try:
            await self._store([self._in_flight[key].row for key in keys])
        except BadData as error:
            if len(keys) == 1:
                self._refuse(keys[0], str(error))
                return
            middle = len(keys) // 2
            await self._store_or_halve(keys[:middle])
            await self._store_or_halve(keys[middle:])
            return
        now, delays = self._clock(), []
        for key in keys:
            entry = self._settle(key)
            if entry.waiters:
                delays.append(now - entry.added_at)
                self._stored(entry.waiters)
        self.delays.add_all(delays)

    def _refuse(self, key: Hashable, reason: str) -> None:
        entry = self._settle(key)
        self.refused_rows += 1
        logger.error("%(commit)s: one row refused by the database: %(reason)s", {"commit": self.name, "reason": reason})
        self._refused(entry.row, entry.waiters)

    def _settle(self, key: Hashable) -> _Pending[Row, Waiter]:
        entry = self._in_flight.pop(key)
        self._backlog.rows -= 1
        self._backlog.waiters -= len(entry.waiters)
        return entry

    def _take_back(self) -> None:
        """Puts what is still in flight before what has gathered since, merged by key."""
        waiting, self._pending = self._pending, self._in_flight
        self._in_flight = {}
        for key, newer in waiting.items():
            older = self._pending.get(key)
            if older is None:
                self._pending[key] = newer
            else:
                older.row = self._merge(older.row, newer.row)
                older.waiters += newer.waiters
                self._backlog.rows -= 1
        if self._closing:
            return
        if not self._pending:
            self._some.clear()
        if len(self._pending) < MAX_BATCH_ROWS or self._failing:
            self._hurry.clear()

    def _succeeded(self) -> None:
        if self._told:
            logger.info("%(commit)s: storing again", {"commit": self.name})
        self._failing = self._told = False
        self.reason = ""

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        self._not_before = self._clock() + RETRY_INTERVAL
        self._failing = True
        self.reason = one_line(error)
        # An outage is in the log already, once for all: see Database.
        if not self._told and not isinstance(error, DatabaseAway):
            self._told = True
            traceback = None if isinstance(error, StatementTimeout) else error
            fields = {"commit": self.name, "rows": self.pending, "seconds": RETRY_INTERVAL, "reason": self.reason}
            logger.error(
                "%(commit)s: %(rows)d rows not stored, tried again every %(seconds)g s: %(reason)s", fields, exc_info=traceback
            )


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Returns when the event is set or the time is over, whichever comes first."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
