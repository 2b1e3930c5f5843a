"""The database as the server uses it, on a real PostgreSQL: dead connections, time limits, outages, many callers."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest

from tests.conftest import KILL_CONNECTIONS, Outage
from tilo_ws import resources
from tilo_ws.storage.database import Database
from tilo_ws.storage.errors import BadData, DatabaseAway, StatementTimeout

Sql = Callable[..., list[Any]]


def kill_connections(sql: Sql) -> None:
    """Ends every connection of the server's pool, as a restart or Neon's suspension does."""
    sql(KILL_CONNECTIONS)


async def test_rows_have_names(database: Database) -> None:
    [row] = await database.execute("SELECT 1 AS one, %(word)s AS word", {"word": "it's"})
    assert (row.one, row.word) == (1, "it's")


async def test_every_statement_file_is_found_and_a_misspelt_name_is_not(database: Database) -> None:
    for file in resources.QUERIES.glob("*.sql"):
        database.query(file.stem)
    with pytest.raises(KeyError):
        database.query("store_skores")


async def test_dead_connections_are_replaced_unseen(database: Database, sql: Sql) -> None:
    await asyncio.gather(*(database.execute("SELECT pg_sleep(0.05)") for _ in range(4)))
    assert database.pool.size == 4
    kill_connections(sql)
    results = await asyncio.gather(*(database.execute("SELECT 7 AS seven") for _ in range(8)))
    assert [row.seven for [row] in results] == [7] * 8
    assert not database.away


async def test_a_connection_that_dies_under_a_statement_is_replaced_once(database: Database, sql: Sql) -> None:
    running = asyncio.create_task(database.execute("SELECT pg_sleep(0.3), 7 AS seven"))
    while not sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.3)%' AND application_name = 'tilo_ws'"):
        await asyncio.sleep(0.01)
    kill_connections(sql)
    [row] = await running
    assert row.seven == 7


async def test_a_statement_has_a_time_limit(database: Database) -> None:
    with pytest.raises(StatementTimeout):
        await database.execute("SELECT pg_sleep(10)", time_limit=0.05)
    assert not database.away
    assert await database.execute("SELECT 1")


async def test_a_cancelled_caller_is_cancelled_and_leaves_the_pool_whole(database: Database) -> None:
    for _ in range(10):
        waiting = asyncio.create_task(database.execute("SELECT pg_sleep(10)"))
        await asyncio.sleep(0.02)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    results = await asyncio.wait_for(asyncio.gather(*(database.execute("SELECT 1") for _ in range(20))), 5)
    assert len(results) == 20


async def test_waiters_go_on_when_connections_die_in_their_holders_hands(database: Database, sql: Sql) -> None:
    holders = [asyncio.create_task(database.execute("SELECT pg_sleep(0.3)")) for _ in range(4)]
    waiters = [asyncio.create_task(database.execute("SELECT 1")) for _ in range(20)]
    await asyncio.sleep(0.1)
    assert database.pool.waiting >= 16
    kill_connections(sql)
    await asyncio.wait_for(asyncio.gather(*holders, *waiters), 5)
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


async def test_statements_run_on_a_thread_of_their_own(database: Database) -> None:
    """While PostgreSQL holds a statement back, this loop takes other turns."""
    statement = asyncio.create_task(database.execute("SELECT pg_sleep(0.2)"))
    turns = 0
    while not statement.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 100
    assert "database" in {thread.name for thread in threading.enumerate()}
