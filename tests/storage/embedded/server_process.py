"""A server in a process of its own that does nothing but keep its embedded PostgreSQL, so that a test can kill it."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2

from tilo_ws.storage.embedded.account import Account, own_account
from tilo_ws.storage.embedded.file_lock import try_lock
from tilo_ws.storage.embedded.home import Home

PROJECT = Path(__file__).parents[3]

# Prints the DSN or the error, lives until its input ends, and writes once more when it is interrupted.
_SERVER = """
import pathlib, psycopg2, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell inherits it as ignored
from tilo_ws.storage.embedded import EmbeddedError, EmbeddedPostgres
database = EmbeddedPostgres(pathlib.Path(sys.argv[1]))
try:
    dsn = database.start()
except EmbeddedError as error:
    sys.exit(print(error))
connection = psycopg2.connect(dsn)
try:
    print(dsn, flush=True)
    sys.stdin.read()
except KeyboardInterrupt:
    connection.cursor().execute("INSERT INTO notes VALUES ('last flush')")
    connection.commit()
connection.close()
database.stop()
"""


class Interpreter(NamedTuple):
    """A program and the variables that it needs to find the rest."""

    program: Path
    environment: dict[str, str]


class ServerProcess:
    def __init__(self, data: Path, account: Account, interpreter: Interpreter) -> None:
        self.home = home_of(data)
        self.process: subprocess.Popen[str] = subprocess.Popen(
            [interpreter.program, "-c", _SERVER, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            # No PATH: a PostgreSQL of the machine must not be found.
            env=interpreter.environment | {"TMPDIR": tempfile.gettempdir(), "PATH": "/nowhere"},
            start_new_session=True,
            **dropping_to(account),
        )

    def first_line(self) -> str:
        """The DSN, or why there is none."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self, request: signal.Signals | None = None) -> None:
        """Ends by the end of its input or by a signal to its process group, as Ctrl-C in a terminal does."""
        if request is not None:
            os.killpg(self.process.pid, request)
        self.process.communicate(timeout=240)


StartServer = Callable[[Path], ServerProcess]


def dropping_to(account: Account) -> dict[str, Any]:
    """What `subprocess` needs to run a program as that user."""
    return {} if account.is_own else {"user": account.uid, "group": account.gid, "extra_groups": []}


def home_of(data: Path) -> Home:
    return Home(data / "postgresql", own_account())


def execute(dsn: str, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def notes(dsn: str) -> list[object]:
    """What the table `notes` holds."""
    return [text for (text,) in execute(dsn, "SELECT text FROM notes")]


def postmaster(home: Home) -> int:
    return int((home.cluster / "postmaster.pid").read_text().split()[0])


def wait_until_free(home: Home) -> None:
    """Until no process of PostgreSQL is left."""
    if not home.postgresql_lock.exists():
        return
    deadline = time.monotonic() + 30
    while (lock := try_lock(home.postgresql_lock)) is None:
        assert time.monotonic() < deadline, "PostgreSQL does not end"
        time.sleep(0.01)
    os.close(lock)
