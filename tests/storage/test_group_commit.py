"""Group commit: when statements start, what they hold, and what happens to rows that cannot be stored."""

import asyncio
import logging
import random
from functools import partial
from typing import Any

import pytest

from tests.eventually import PATIENCE, eventually
from tests.fakes import FakeClock
from tilo_ws.storage.backlog import Backlog
from tilo_ws.storage.errors import BadData, DatabaseAway, StatementTimeout
from tilo_ws.storage.group_commit import MAX_BATCH_ROWS, GroupCommit


class Store:
    """A store whose statements and outcomes the test sees and sets. Rows are (key, value)."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.backlog = Backlog()
        self.statements: list[tuple[float, list[Any]]] = []
        self.seconds_for_statement = 0.0
        self.errors: list[Exception] = []
        self.bad_values: set[int] = set()
        self.stored: list[str] = []
        self.refused: list[Any] = []
        self.commit: GroupCommit[tuple[str, int], str] = GroupCommit(
            "rows",
            self.backlog,
            store=self.store,
            merge=lambda old, new: max(old, new),
            stored=self.stored.extend,
            refused=lambda row, receipts: self.refused.append((row, receipts)),
            clock=self.clock,
            wait=self.clock.wait,
        )

    async def store(self, rows: list[tuple[str, int]]) -> None:
        self.statements.append((self.clock.now, rows))
        await asyncio.sleep(0)
        self.clock.now += self.seconds_for_statement
        if self.errors:
            raise self.errors.pop(0)
        if any(value in self.bad_values for _, value in rows):
            raise BadData("out of range")

    def has_run(self, count: int) -> bool:
        return len(self.statements) == count

    def add(self, key: str, value: int, receipt: str | None = None) -> None:
        self.commit.add(key, (key, value), receipt)

    async def settle(self) -> None:
        """Lets `run` store everything that was added."""
        running = asyncio.create_task(self.commit.run())
        await eventually(lambda: not self.commit.pending)
        self.commit.close()
        await running


@pytest.fixture
def store() -> Store:
    return Store()


async def test_the_first_row_after_quiet_is_stored_at_once(store: Store) -> None:
    store.add("a", 1, "r1")
    await store.settle()
    assert store.statements == [(1_000.0, [("a", 1)])]
    assert store.stored == ["r1"]


async def test_the_next_statement_starts_60_ms_after_the_last_one_started(store: Store) -> None:
    running = asyncio.create_task(store.commit.run())
    for count in (1, 2, 3):
        store.add("a", count)
        await eventually(partial(store.has_run, count))
    store.commit.close()
    await running
    assert [start for start, _ in store.statements] == pytest.approx([1_000.0, 1_000.06, 1_000.12])


async def test_a_slow_statement_is_followed_at_once(store: Store) -> None:
    store.seconds_for_statement = 0.5
    for key in range(MAX_BATCH_ROWS + 1):
        store.add(str(key), 1)
    await store.settle()
    assert [start for start, _ in store.statements] == [1_000.0, 1_000.5]


async def test_a_thousand_rows_do_not_wait(store: Store) -> None:
    for key in range(3 * MAX_BATCH_ROWS):
        store.add(str(key), 1)
    await store.settle()
    assert [(start, len(rows)) for start, rows in store.statements] == [(1_000.0, MAX_BATCH_ROWS)] * 3


async def test_rows_of_one_key_are_one_row_and_all_are_told(store: Store) -> None:
    updates = [(f"player {number % 100}", number) for number in range(1_000)]
    random.shuffle(updates)
    for number, (key, value) in enumerate(updates):
        store.add(key, value, f"r{number}")
    await store.settle()
    [(_, rows)] = store.statements
    assert sorted(rows) == sorted((f"player {key}", 900 + key) for key in range(100))
    assert len(store.stored) == 1_000
    assert (store.backlog.rows, store.backlog.waiters) == (0, 0)


async def test_rows_are_kept_while_the_database_is_away(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store.errors = [DatabaseAway("refused")] * 3
    store.add("a", 1, "r1")
    await store.settle()
    assert [start for start, _ in store.statements] == [1_000.0, 1_001.0, 1_002.0, 1_003.0]
    assert store.stored == ["r1"]
    assert caplog.records == [], "the database tells of its outage itself, once for all"


async def test_statements_that_run_out_of_time_are_two_lines_of_the_log(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store.errors = [StatementTimeout("after 10 s")] * 3
    store.add("a", 1, "r1")
    await store.settle()
    assert store.stored == ["r1"]
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert not any(record.exc_info for record in caplog.records)


async def test_what_comes_during_a_failing_statement_joins_what_is_kept(store: Store) -> None:
    store.errors = [DatabaseAway("refused")]
    store.add("a", 5, "r1")
    failing = asyncio.create_task(store.commit.flush())
    await asyncio.sleep(0)
    store.add("a", 3, "r2")
    store.add("b", 1, "r3")
    await failing
    assert store.commit.pending == 2
    assert (store.backlog.rows, store.backlog.waiters) == (2, 3)
    await store.commit.flush()
    assert store.statements[-1][1] == [("a", 5), ("b", 1)]
    assert store.stored == ["r1", "r2", "r3"]
    assert (store.backlog.rows, store.backlog.waiters) == (0, 0)


async def test_a_bad_row_is_refused_alone(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.bad_values = {617}
    for value in range(MAX_BATCH_ROWS):
        store.add(str(value), value, f"r{value}")
    await store.settle()
    assert store.refused == [(("617", 617), ["r617"])]
    assert len(store.stored) == MAX_BATCH_ROWS - 1
    assert len(store.statements) <= 2 * 10 + 1
    assert [record.message for record in caplog.records] == ["rows: one row refused by the database: out of range"]


async def test_a_fault_amid_halving_loses_nothing(store: Store) -> None:
    store.bad_values = {3}
    for value in range(4):
        store.add(str(value), value, f"r{value}")
    store.errors = [BadData("3"), DatabaseAway("gone")]
    await store.settle()
    assert store.refused == [(("3", 3), ["r3"])]
    assert sorted(store.stored) == ["r0", "r1", "r2"]
    assert (store.backlog.rows, store.backlog.waiters) == (0, 0)


async def test_an_unexpected_error_keeps_the_rows_and_is_logged_with_its_traceback(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.errors = [RuntimeError("a bug")] * 2
    store.add("a", 1, "r1")
    await store.settle()
    assert store.stored == ["r1"]
    assert [bool(record.exc_info) for record in caplog.records if record.levelname == "ERROR"] == [True]


async def test_closing_stores_the_rest_once(store: Store) -> None:
    running = asyncio.create_task(store.commit.run())
    await asyncio.sleep(0)
    store.add("a", 1)
    store.commit.close()
    await running
    assert store.commit.pending == 0


async def test_closing_ends_also_while_the_database_is_away(store: Store) -> None:
    store.errors = [DatabaseAway("refused")] * 100
    store.add("a", 1)
    running = asyncio.create_task(store.commit.run())
    await asyncio.sleep(0)
    store.commit.close()
    await asyncio.wait_for(running, PATIENCE)
    assert store.commit.pending == 1


def test_the_backlog_counts_rows_and_receipts(store: Store) -> None:
    store.backlog.limit = 3
    store.add("a", 1, "r1")
    assert not store.backlog.full
    store.add("a", 2, "r2")
    assert store.backlog.full


def test_the_age_of_the_oldest_row_is_known(store: Store) -> None:
    assert store.commit.oldest_age == 0
    store.add("a", 1)
    store.clock.now += 3
    store.add("b", 1)
    assert store.commit.oldest_age == 3
