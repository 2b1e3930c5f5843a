"""Brings the schema up to date: the files of `sql/migrations`, once each, in order, safe when servers start together."""

import logging
import re
from pathlib import Path
from typing import NamedTuple

from tilo_ws.storage.database import Database
from tilo_ws.storage.errors import BadData

logger = logging.getLogger(__name__)

_TIME_LIMIT = 300.0
"""Seconds for one migration, the wait for another server that migrates included."""

# A lock that ends with its transaction, so it works through a pooler. The number is "tilo" in ASCII.
_LOCK = "SELECT pg_advisory_xact_lock(1953065071);"

_CREATE_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class SchemaError(Exception):
    """The database's schema does not fit this server."""


class Migration(NamedTuple):
    """One file: `0001_initial.sql` is version 1, named `initial`."""

    version: int
    name: str
    sql: str


def read_migrations(directory: Path) -> list[Migration]:
    """The migrations in order. Raises ValueError for a file whose name is wrong or a number that is missing."""
    migrations = []
    for expected, file in enumerate(sorted(directory.glob("*.sql")), start=1):
        parts = re.fullmatch(r"(\d{4})_([a-z0-9_]+)", file.stem)
        if parts is None or int(parts[1]) != expected:
            raise ValueError(f"{file}: expected {expected:04}_<name>.sql")
        migrations.append(Migration(expected, parts[2], file.read_text(encoding="utf-8")))
    return migrations


async def migrate(database: Database, migrations: list[Migration]) -> list[Migration]:
    """Applies what is missing and returns it. Raises SchemaError where the schema is newer than these migrations."""
    pending = await pending_migrations(database, migrations)
    if pending:
        await database.execute(f"{_LOCK} {_CREATE_TABLE}", time_limit=_TIME_LIMIT)
    return [migration for migration in pending if await _apply(database, migration)]


async def pending_migrations(database: Database, migrations: list[Migration]) -> list[Migration]:
    """What is missing; changes nothing. Raises SchemaError as `migrate` does."""
    applied = await _applied_versions(database)
    if newer := applied - {migration.version for migration in migrations}:
        raise SchemaError(
            f"the database's schema has version {max(newer)}, this server knows {len(migrations)}: start a newer server"
        )
    return [migration for migration in migrations if migration.version not in applied]


async def _applied_versions(database: Database) -> set[int]:
    [table] = await database.execute("SELECT to_regclass('schema_migrations') AS name")
    if table.name is None:
        return set()
    return {row.version for row in await database.execute("SELECT version FROM schema_migrations")}


async def _apply(database: Database, migration: Migration) -> bool:
    """One transaction. False when another server has applied it meanwhile."""
    record = f"INSERT INTO schema_migrations (version, name) VALUES ({migration.version}, '{migration.name}');"
    try:
        await database.execute(f"{_LOCK}\n{record}\n{migration.sql}", time_limit=_TIME_LIMIT)
    except BadData:
        if migration.version not in await _applied_versions(database):
            raise
        return False
    fields = {"version": migration.version, "name": migration.name}
    logger.info("database schema: applied %(version)04d %(name)s", fields)
    return True
