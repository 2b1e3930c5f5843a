"""The database as the server uses it, on a real PostgreSQL: dead connections, time limits, outages, many callers."""

import asyncio
import logging
import socket
import threading
import time
from functools import partial

import psycopg2
import pytest

from tests.conftest import KILL_CONNECTIONS, Outage, Sql
from tests.eventually import PATIENCE, eventually
from tilo_ws import resources
from tilo_ws.storage.database import Database
from tilo_ws.storage.errors import BadData, DatabaseAway, StatementTimeout
from tilo_ws.storage.pool import Pool

AT_THE_GATE = "SELECT pg_advisory_xact_lock_shared(1), 7 AS seven"
"""Waits as long as the gate is closed."""


class Gate:
    """Holds statements back in PostgreSQL for as long as the test wants."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def close(self) -> None:
        self._sql("SELECT pg_advisory_lock(1)")

    def open(self) -> None:
        self._sql("SELECT pg_advisory_unlock(1)")

    def holds(self, statement: str) -> bool:
        return bool(
            self._sql("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s", f"%{statement}")
        )


@pytest.fixture
def gate(sql: Sql) -> Gate:
    return Gate(sql)


async def test_rows_have_names(database: Database) -> None:
    [row] = await database.execute("SELECT 1 AS one, %(word)s AS word", {"word": "it's"})
    assert (row.one, row.word) == (1, "it's")


async def test_every_statement_file_is_found_and_a_misspelt_name_is_not(database: Database) -> None:
    for file in resources.QUERIES.glob("*.sql"):
        database.query(file.stem)
    with pytest.raises(KeyError):
        database.query("store_skores")


async def test_dead_connections_are_replaced_unseen(database: Database, sql: Sql, gate: Gate) -> None:
    gate.close()
    statements = [asyncio.create_task(database.execute(AT_THE_GATE)) for _ in range(4)]
    await eventually(lambda: database.pool.used == 4)
    gate.open()
    await asyncio.gather(*statements)
    sql(KILL_CONNECTIONS)
    results = await asyncio.gather(*(database.execute("SELECT 7 AS seven") for _ in range(8)))
    assert [row.seven for [row] in results] == [7] * 8
    assert not database.away


async def test_a_connection_that_dies_under_a_statement_is_replaced_once(database: Database, sql: Sql, gate: Gate) -> None:
    gate.close()
    statement = asyncio.create_task(database.execute(AT_THE_GATE))
    await eventually(lambda: gate.holds(AT_THE_GATE))
    sql(KILL_CONNECTIONS)
    gate.open()
    [row] = await statement
    assert row.seven == 7


async def test_a_statement_has_a_time_limit(database: Database) -> None:
    with pytest.raises(StatementTimeout):
        await database.execute("SELECT pg_sleep(10)", time_limit=0.05)
    assert not database.away
    assert await database.execute("SELECT 1")


async def test_a_cancelled_caller_is_cancelled_and_leaves_the_pool_whole(database: Database, gate: Gate) -> None:
    gate.close()
    for number in range(10):
        statement = f"{AT_THE_GATE} -- {number}"
        waiting = asyncio.create_task(database.execute(statement))
        await eventually(partial(gate.holds, statement))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    results = await asyncio.wait_for(asyncio.gather(*(database.execute("SELECT 1") for _ in range(20))), PATIENCE)
    assert len(results) == 20


async def test_waiters_go_on_when_connections_die_in_their_holders_hands(database: Database, sql: Sql, gate: Gate) -> None:
    gate.close()
    statements = [asyncio.create_task(database.execute(AT_THE_GATE)) for _ in range(24)]
    await eventually(lambda: gate.holds(AT_THE_GATE) and database.pool.waiting == 20)
    sql(KILL_CONNECTIONS)
    gate.open()
    await asyncio.wait_for(asyncio.gather(*statements), PATIENCE)
    assert database.pool.waiting == 0


async def test_values_that_can_never_be_stored_are_bad_data(database: Database) -> None:
    for statement, value in (
        ("SELECT %(value)s::bigint", 2**63),
        ("SELECT %(value)s::text", "a\0b"),
        ("SELECT %(value)s::text", "\ud800"),
        ("INSERT INTO bans (id, kind, created_by) VALUES (gen_random_uuid(), %(value)s, 'x')", "nonsense"),
    ):
        with pytest.raises(BadData):
            await database.execute(statement, {"value": value})
    assert not database.away


async def test_a_mistake_in_our_sql_is_no_outage(database: Database) -> None:
    with pytest.raises(psycopg2.ProgrammingError):
        await database.execute("SELECT nonsense FROM nowhere")
    assert not database.away


async def test_several_statements_are_one_transaction(database: Database, sql: Sql) -> None:
    with pytest.raises(BadData):
        await database.execute("INSERT INTO players (email) VALUES ('a@b'); SELECT 1 / 0")
    assert sql("SELECT * FROM players") == []


async def test_no_database_at_the_start_is_told_within_seconds() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(DatabaseAway, match="refused"):
        await open_and_close(f"postgresql://x@127.0.0.1:{port}/x")
    assert time.monotonic() - started < 8


async def test_a_database_that_says_nothing_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DatabaseAway, match="no answer within"):
        await open_and_close(f"postgresql://x@127.0.0.1:{silent.getsockname()[1]}/x")


async def open_and_close(dsn: str) -> None:
    database = Database(resources.QUERIES, pool_min=1, pool_max=1)
    try:
        await database.open(dsn)
    finally:
        await database.close()


async def test_an_outage_is_one_line_and_its_end_another(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    database = Database(resources.QUERIES, pool_min=1, pool_max=2)
    await database.open(outage.dsn)
    outage.begin()
    for _ in range(2):
        with pytest.raises(DatabaseAway):
            await database.execute("SELECT 1")
    assert database.away
    outage.end()
    await database.probe()
    assert not database.away
    await database.close()
    assert [record.message.split(":")[0].split(" after")[0] for record in caplog.records] == ["database away", "database back"]


async def test_a_standby_that_takes_no_writes_is_still_away(
    database: Database, sql: Sql, caplog: pytest.LogCaptureFixture
) -> None:
    name = sql("SELECT current_database()")[0][0]
    caplog.set_level(logging.INFO)
    sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    sql(KILL_CONNECTIONS)
    with pytest.raises(DatabaseAway):
        await database.execute("INSERT INTO players (email) VALUES ('a@b')")
    for _ in range(2):
        with pytest.raises(DatabaseAway):
            await database.probe()
    assert database.away
    sql(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
    sql(KILL_CONNECTIONS)
    await database.probe()
    assert not database.away
    assert len(caplog.records) == 2


class Slow:
    """A value that takes its time to become SQL, as large batches do. psycopg2 asks for it on the thread that it runs on."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.was_let_end = False

    def __conform__(self, protocol: object) -> "Slow":
        return self

    def getquoted(self) -> bytes:
        self.begun.set()
        self.was_let_end = self.may_end.wait(5)
        return b"7"


async def test_statements_are_made_on_a_thread_of_their_own(database: Database) -> None:
    value = Slow()
    statement = asyncio.create_task(database.execute("SELECT %(value)s AS seven", {"value": value}))
    await eventually(value.begun.is_set)
    value.may_end.set()
    [row] = await statement
    assert row.seven == 7
    assert value.was_let_end, "this loop went on meanwhile"


async def test_a_statement_after_the_end_is_told_that_the_database_is_away(dsn: str) -> None:
    database = Database(resources.QUERIES, pool_min=1, pool_max=1)
    await database.open(dsn)
    asking = [asyncio.create_task(database.execute("SELECT pg_sleep(5)")) for _ in range(3)]
    while database.pool.waiting < 2:
        await asyncio.sleep(0)
    await database.close()
    outcomes = await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), PATIENCE)
    assert {type(outcome) for outcome in outcomes} == {DatabaseAway}


async def test_a_statement_is_told_also_where_the_pool_does_not_close_in_time(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def close(self: Pool) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Pool, "close", close)
    database = Database(resources.QUERIES, pool_min=1, pool_max=1)
    await database.open(dsn)
    asking = [asyncio.create_task(database.execute("SELECT pg_sleep(60)", time_limit=60)) for _ in range(3)]
    while database.pool.waiting < 2:
        await asyncio.sleep(0)
    await database.close()
    outcomes = await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), PATIENCE)
    assert {type(outcome) for outcome in outcomes} == {DatabaseAway}
