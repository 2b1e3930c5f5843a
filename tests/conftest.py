"""What tests share: a real PostgreSQL with a database for each test, and servers in this process and apart."""

import asyncio
import contextlib
import itertools
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psycopg2
import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import AppRunner

from tests import temporary
from tests.command import run
from tests.eventually import PATIENCE
from tilo_ws import resources
from tilo_ws.app import create_app
from tilo_ws.services import passwords
from tilo_ws.settings import Settings
from tilo_ws.storage.database import Database
from tilo_ws.storage.embedded import EmbeddedPostgres
from tilo_ws.storage.migrations import migrate, read_migrations

ADMIN_PASSWORD = "correct horse"
API_KEY = "key of the game's back end"
KILL_CONNECTIONS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE application_name = 'tilo_ws' AND datname = current_database()"
)
"""Ends the connections of the server's pool, as a restart or Neon's suspension does, and waits until they are gone."""

Sql = Callable[..., list[Any]]
"""Runs a statement on the test's database, past the server: `sql("SELECT …", value, …)` returns the rows."""

StartServer = Callable[..., Awaitable[TestClient[Any, Any]]]
"""Starts the whole server in this process: `client = await start_server(chat_rate=0)`."""

_numbers = itertools.count()


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, as tests often wait; four at most, since each has a PostgreSQL and browsers."""
    return min(4, (os.cpu_count() or 1) + 1)


def pytest_configure() -> None:
    temporary.choose()
    hypothesis.settings.register_profile("busy machine", deadline=None)
    hypothesis.settings.load_profile("busy machine")


@contextlib.contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that other users can pass, as pytest's own cannot: PostgreSQL started by root runs as another user."""
    with tempfile.TemporaryDirectory(prefix="tilo-test-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        yield directory


@pytest.fixture
def server_directory() -> Iterator[Path]:
    """A directory to run a server in, with its embedded PostgreSQL."""
    with open_directory() as directory:
        yield directory


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL of this test run. Returns the address of its maintenance database."""
    with open_directory() as directory:
        embedded = EmbeddedPostgres(directory)
        yield embedded.start()
        embedded.stop()


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """The name of a database with the current schema, to be copied."""

    async def prepare() -> None:
        database = Database(resources.QUERIES, pool_min=1, pool_max=1)
        await database.open(address(postgres, "template_tilo"))
        await migrate(database, read_migrations(resources.MIGRATIONS))
        await database.close()

    maintain(postgres, "CREATE DATABASE template_tilo")
    asyncio.run(prepare())
    return "template_tilo"


@pytest.fixture
def dsn(postgres: str, template: str) -> Iterator[str]:
    """The address of a fresh database with the current schema."""
    name = f"test_{next(_numbers)}"
    # The files themselves: half as long as through the log of writes, which is the default.
    maintain(postgres, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield address(postgres, name)
    maintain(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sql(dsn: str) -> Iterator[Sql]:
    """See `Sql`."""
    connection = psycopg2.connect(dsn)
    connection.autocommit = True

    def run(statement: str, *values: object) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    yield run
    connection.close()


class Transaction:
    """Keeps locks on the test's database from `begin` to `end`; whatever needs them waits."""

    def __init__(self, connection: psycopg2.extensions.connection) -> None:
        self._connection = connection

    def begin(self, statement: str) -> None:
        """Runs a statement that takes locks."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)

    def end(self) -> None:
        """Lets the others go on."""
        self._connection.rollback()

    def commit(self) -> None:
        """Lets the others go on with what it has changed."""
        self._connection.commit()


@pytest.fixture
def transaction(dsn: str) -> Iterator[Transaction]:
    """Somebody else at work in the database."""
    connection = psycopg2.connect(dsn)
    yield Transaction(connection)
    connection.close()


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """The test's database as the server uses it."""
    opened = Database(resources.QUERIES, pool_min=1, pool_max=4)
    await opened.open(dsn)
    yield opened
    await opened.close()


class Outage:
    """A way to the test's database that can be cut. `dsn` goes through a link that `begin` takes away."""

    def __init__(self, dsn: str, directory: Path) -> None:
        self._dsn = dsn
        self._sockets = Path(psycopg2.extensions.parse_dsn(dsn)["host"])
        self._link = directory / "s"
        self._link.symlink_to(self._sockets)
        self.dsn = psycopg2.extensions.make_dsn(dsn, host=str(self._link))

    def begin(self) -> None:
        """From now on PostgreSQL is away: the open connections die and there are no new ones."""
        self._link.unlink()
        maintain(self._dsn, KILL_CONNECTIONS)

    def end(self) -> None:
        """PostgreSQL is back."""
        self._link.symlink_to(self._sockets)


@pytest.fixture
def outage(dsn: str) -> Iterator[Outage]:
    """PostgreSQL that goes away when the test says so."""
    with tempfile.TemporaryDirectory() as directory:
        yield Outage(dsn, Path(directory))


class _Served(TestServer):
    """Serves as the server does: aiohttp's own, made for tests, cancels handlers whose client has gone."""

    async def _make_runner(self, **kwargs: Any) -> AppRunner:
        return AppRunner(self.app, **kwargs | {"handler_cancellation": False})


@pytest.fixture
def start_server(dsn: str, tmp_path: Path, aiohttp_client: Any, monkeypatch: pytest.MonkeyPatch) -> StartServer:
    """See `StartServer`. Its accounts' passwords are hashed quickly."""
    monkeypatch.setattr(passwords, "_LOG2_N", 4)

    async def start(**settings: Any) -> TestClient[Any, Any]:
        chosen: dict[str, Any] = {
            "database_url": dsn,
            "data_dir": tmp_path,
            "pool_min": 1,
            "admin_password": ADMIN_PASSWORD,
            "api_key": API_KEY,
        } | settings
        client: TestClient[Any, Any] = await aiohttp_client(_Served(create_app(Settings(**chosen))))
        return client

    return start


@pytest.fixture
def api_headers() -> dict[str, str]:
    """What a game back end sends to `/api/v1`."""
    return {"Authorization": f"Bearer {API_KEY}"}


@pytest.fixture
async def server_url(dsn: str, tmp_path: Path) -> AsyncIterator[str]:
    """The http address of a server in a process of its own, on a fresh database. Its log may have no traceback in the end."""
    settings = {
        "DATABASE_URL": dsn,
        "TILO_DATA_DIR": str(tmp_path),
        "TILO_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "TILO_API_KEY": API_KEY,
        "TILO_DEMO": "true",
    }
    async with run(tmp_path, **settings) as server:
        url = await server.listening()
        # Reads the log meanwhile: the server would wait for a full pipe.
        ending = asyncio.create_task(server.ended(seconds=None))
        yield url
        server.tell(signal.SIGTERM)
        assert await asyncio.wait_for(ending, PATIENCE) == 0, server.log
        assert "Traceback" not in server.log


def address(dsn: str, database: str) -> str:
    """Of another database of the same PostgreSQL."""
    return psycopg2.extensions.make_dsn(dsn, dbname=database)


def maintain(dsn: str, statement: str) -> None:
    """Runs a statement outside of a transaction."""
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
