"""PgBouncer before a PostgreSQL, in transaction mode and with a small pool, as hosters set it up."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

from tests.eventually import PATIENCE, eventually
from tests.reliability.server import unused_port
from tilo_ws.storage.embedded.account import unprivileged_account

POOL_SIZE = 3
PROGRAM = shutil.which("pgbouncer", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")


class PgBouncer:
    """`dsn` leads through it. `options` are further lines of its file, or win over these."""

    def __init__(self, directory: Path, dsn: str, **options: str) -> None:
        self._configuration = directory / "pgbouncer.ini"
        self._log = directory / "pgbouncer.log"
        self.port = unused_port()
        self.dsn = make_dsn(host="127.0.0.1", port=self.port, user="postgres", dbname="game")
        self._console = make_dsn(self.dsn, dbname="pgbouncer")
        target = parse_dsn(dsn)
        self._configuration.write_text(
            f"""
[databases]
game = host={target["host"]} port={target["port"]} dbname={target["dbname"]} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = any
admin_users = postgres
pool_mode = transaction
default_pool_size = {POOL_SIZE}
"""
            + "".join(f"{name} = {value}\n" for name, value in options.items())
        )
        self._configuration.chmod(0o644)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts it and waits until it lets through."""
        assert PROGRAM is not None
        # It refuses to run as root, and PostgreSQL's socket is open to PostgreSQL's user alone.
        drop = ["-u", unprivileged_account().name] if os.geteuid() == 0 else []
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                PROGRAM, *drop, str(self._configuration), cwd="/", stdout=log, stderr=log
            )
        await eventually(self._answers, interval=0.05)

    async def kill(self) -> None:
        """Ends it as a crash would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await asyncio.wait_for(self._process.wait(), PATIENCE)

    def tell(self, command: str) -> list[Any]:
        """Gives its console a command, such as RECONNECT."""
        return _run(self._console, command)

    def ask(self, statement: str) -> list[Any]:
        """Runs a statement through it."""
        return _run(self.dsn, statement)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, self._log.read_text()
        try:
            return bool(self.ask("SELECT 1"))
        except psycopg2.OperationalError:
            return False


def _run(dsn: str, statement: str) -> list[Any]:
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@contextlib.asynccontextmanager
async def pooling(directory: Path, dsn: str, **options: str) -> AsyncIterator[PgBouncer]:
    """Runs while the block lasts."""
    pooler = PgBouncer(directory, dsn, **options)
    try:
        await pooler.start()
        yield pooler
    finally:
        await pooler.kill()
