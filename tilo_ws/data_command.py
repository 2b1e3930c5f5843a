"""`python -m tilo_ws export`, `import`, `backup` and `restore`: the data as a file."""

import argparse
import asyncio
import contextlib
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from tilo_ws import resources
from tilo_ws.settings_database import open_address
from tilo_ws.storage import export
from tilo_ws.storage.database import Database
from tilo_ws.storage.embedded import backup
from tilo_ws.storage.export_file import Made
from tilo_ws.storage.lease import RENEW_INTERVAL, Lease, alone
from tilo_ws.storage.migrations import SchemaError, migrate, pending_migrations, read_migrations

TABLES = (
    "server_identity",
    "players",
    "chat_messages",
    "shadow_messages",
    "global_events",
    "recurring_events",
    "bans",
    "admins",
    "admin_actions",
)
"""All that is kept, in the order of an export. Whose server works on the database now is not."""

_STANDARD = "-"


def add_commands(words: "argparse._SubParsersAction[argparse.ArgumentParser]") -> dict[str, argparse.ArgumentParser]:
    """The commands and their words."""
    commands = {
        "export": words.add_parser("export", help="write players, chat, events, bans and all else as JSON lines"),
        "import": words.add_parser("import", help="read such lines into a database"),
        "backup": words.add_parser("backup", help="save the embedded database, also while the server runs"),
        "restore": words.add_parser("restore", help="fill a new embedded database from a backup"),
    }
    for word, place in (("export", "output"), ("import", "input")):
        commands[word].add_argument("file", metavar="FILE", nargs="?", default=_STANDARD, help=f"else the standard {place}")
    for word in ("backup", "restore"):
        commands[word].add_argument("file", metavar="FILE", type=Path)
    return commands


async def export_to(file: str, dsn: str) -> None:
    """Writes an export of a database whose schema is up to date. Raises SchemaError where it is not."""
    migrations = read_migrations(resources.MIGRATIONS)
    async with open_address(dsn) as database:
        if await pending_migrations(database, migrations):
            raise SchemaError("the database's schema is not up to date: run the command migrate first")
    made = Made(len(migrations), datetime.now(UTC).isoformat(timespec="seconds"))
    counts: Counter[str] = Counter()
    with export.transaction(dsn) as connection, _output(file) as output:
        for number, line in enumerate(export.write(connection, TABLES, made, counts)):
            output.write(line)
            if number % 1000 == 0:
                await asyncio.sleep(0)  # lets Ctrl-C in
    _say(f"exported {_listed(counts)}")


async def import_from(file: str, dsn: str) -> None:
    """Reads an export back, all of it or nothing. Raises BadExport, SchemaError, LeaseTaken."""
    migrations = read_migrations(resources.MIGRATIONS)
    merging = dict.fromkeys(TABLES) | {
        "server_identity": _statement("merge_identity"),
        "admins": _statement("merge_built_in_admin"),
    }
    read: Counter[str] = Counter()
    stored: Counter[str] = Counter()
    async with open_address(dsn) as database:
        await migrate(database, migrations)
        async with _no_server_at_work(database) as renew_lease:
            with _input(file) as lines, export.transaction(dsn) as connection:
                for batch in export.read(connection, lines, len(migrations), merging, stored):
                    read[batch.table] += len(batch.rows)
                    await renew_lease()
                with connection.cursor() as cursor:
                    cursor.execute(_statement("renew_numbering"))
    _say(f"imported {_listed(stored)}")
    if known := read - stored:
        _say(f"left out, as there were such already: {_listed(known)}")


async def back_up(file: Path, dsn: str) -> None:
    """Saves the embedded database."""
    with _output(str(file)) as output:
        backup.dump(dsn, output)
    _say(f"saved {file}")


async def restore(file: Path, dsn: str) -> None:
    """Fills an embedded database, which must be empty, and begins a new epoch. Raises SchemaError."""
    async with open_address(dsn) as database:
        [table] = await database.execute("SELECT to_regclass('schema_migrations') AS name")
        if table.name is not None:
            raise SchemaError("there is a database in TILO_DATA_DIR already: move it away, or name another directory")
        backup.restore(dsn, file)
        await migrate(database, read_migrations(resources.MIGRATIONS))
        await database.query("renew_epoch")()
    _say(f"restored {file}")


@contextlib.asynccontextmanager
async def _no_server_at_work(database: Database) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Keeps servers away, which have much of the data in memory; to be told often that it is still needed."""
    lease = Lease(database, "an import", alone)
    renewed_at = time.monotonic()

    async def renew() -> None:
        nonlocal renewed_at
        await asyncio.sleep(0)  # lets Ctrl-C in
        if time.monotonic() - renewed_at >= RENEW_INTERVAL:
            await lease.renew()
            renewed_at = time.monotonic()

    await lease.take()
    try:
        yield renew
    finally:
        await lease.release()


@contextlib.contextmanager
def _output(file: str) -> Iterator[BinaryIO]:
    """A file that is there whole or not at all, and that nobody else may read."""
    if file == _STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = Path(f"{file}.unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with open(unfinished, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as output:
            yield output
            output.flush()
            os.fsync(output.fileno())
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def _input(file: str) -> Iterator[BinaryIO]:
    if file == _STANDARD:
        yield sys.stdin.buffer
    else:
        with Path(file).open("rb") as lines:
            yield lines


def _statement(name: str) -> str:
    return (resources.QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{table} {counts[table]:,}" for table in TABLES if counts[table]) or "nothing"


def _say(line: str) -> None:
    """Beside an export on the standard output."""
    print(line, file=sys.stderr)
