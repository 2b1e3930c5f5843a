"""The schema's way forward: once each, in order, also when several servers start together."""

import asyncio
from pathlib import Path

import pytest

from tilo_ws import resources
from tilo_ws.storage.database import Database
from tilo_ws.storage.migrations import Migration, SchemaError, migrate, pending_migrations, read_migrations

NEXT = len(read_migrations(resources.MIGRATIONS)) + 1


def with_one_more(sql: str) -> list[Migration]:
    return [*read_migrations(resources.MIGRATIONS), Migration(NEXT, "one_more", sql)]


async def test_a_current_schema_is_left_alone(database: Database) -> None:
    assert await migrate(database, read_migrations(resources.MIGRATIONS)) == []


async def test_only_what_is_missing_is_applied(database: Database) -> None:
    migrations = with_one_more("CREATE TABLE extra (id integer)")
    assert [migration.version for migration in await pending_migrations(database, migrations)] == [NEXT]
    assert [migration.version for migration in await migrate(database, migrations)] == [NEXT]
    assert await migrate(database, migrations) == []


async def test_servers_that_start_together_apply_each_migration_once(database: Database) -> None:
    migrations = with_one_more("CREATE TABLE extra (id integer); SELECT pg_sleep(0.1)")
    applied = await asyncio.gather(*(migrate(database, migrations) for _ in range(4)))
    assert sorted(len(versions) for versions in applied) == [0, 0, 0, 1]


async def test_a_migration_that_fails_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(Exception, match="division by zero"):
        await migrate(database, with_one_more("CREATE TABLE extra (id integer); SELECT 1 / 0"))
    assert len(await pending_migrations(database, with_one_more(""))) == 1
    [row] = await database.execute("SELECT to_regclass('extra') AS name")
    assert row.name is None


async def test_a_schema_from_the_future_is_refused(database: Database) -> None:
    await database.execute("INSERT INTO schema_migrations (version, name) VALUES (99, 'later')")
    with pytest.raises(SchemaError, match="version 99"):
        await migrate(database, read_migrations(resources.MIGRATIONS))


@pytest.mark.parametrize("name", ["0002_skipped.sql", "1_short.sql", "0001-dash.sql"])
def test_a_misnamed_file_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(ValueError, match=r"expected 0001_<name>\.sql"):
        read_migrations(tmp_path)
