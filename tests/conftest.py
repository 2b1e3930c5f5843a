"""What tests share: a real PostgreSQL with a database for each test, servers in this process and apart, a browser."""

import asyncio
import contextlib
import itertools
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psycopg2
import pytest
from aiohttp.test_utils import TestClient
from playwright.async_api import Browser, async_playwright

from tilo_ws import resources
from tilo_ws.app import create_app
from tilo_ws.settings import Settings
from tilo_ws.storage.database import Database
from tilo_ws.storage.embedded import EmbeddedPostgres
from tilo_ws.storage.migrations import migrate, read_migrations

ADMIN_PASSWORD = "correct horse"
API_KEY = "key of the game's back end"
KILL_CONNECTIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tilo_ws' AND datname = current_database()"
)
"""Ends the connections of the server's pool, as a restart or Neon's suspension does."""

_START_TIMEOUT = 30.0
_numbers = itertools.count()


@contextlib.contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that other users can pass, as pytest's own cannot: PostgreSQL started by root runs as another user."""
    with tempfile.TemporaryDirectory(prefix="tilo-test-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        yield directory


@pytest.fixture
def place() -> Iterator[Path]:
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
        await database.open(_address(postgres, "template_tilo"))
        await migrate(database, read_migrations(resources.MIGRATIONS))
        await database.close()

    _maintain(postgres, "CREATE DATABASE template_tilo")
    asyncio.run(prepare())
    return "template_tilo"


@pytest.fixture
def dsn(postgres: str, template: str) -> Iterator[str]:
    """The address of a fresh database with the current schema."""
    name = f"test_{next(_numbers)}"
    _maintain(postgres, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _address(postgres, name)
    _maintain(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sql(dsn: str) -> Iterator[Callable[..., list[Any]]]:
    """Runs a statement on the test's database, past the server: `sql("SELECT …", value, …)` returns the rows."""
    connection = psycopg2.connect(dsn)
    connection.autocommit = True

    def run(statement: str, *values: object) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    yield run
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
        _maintain(self._dsn, KILL_CONNECTIONS)

    def end(self) -> None:
        """PostgreSQL is back."""
        self._link.symlink_to(self._sockets)


@pytest.fixture
def outage(dsn: str) -> Iterator[Outage]:
    """PostgreSQL that goes away when the test says so."""
    with tempfile.TemporaryDirectory() as directory:
        yield Outage(dsn, Path(directory))


StartServer = Callable[..., Awaitable[TestClient[Any, Any]]]


@pytest.fixture
def start_server(dsn: str, tmp_path: Path, aiohttp_client: Any) -> StartServer:
    """Starts the whole server in this process: `client = await start_server(chat_rate=0)`."""

    async def start(**settings: Any) -> TestClient[Any, Any]:
        chosen: dict[str, Any] = {
            "database_url": dsn,
            "data_dir": tmp_path,
            "pool_min": 1,
            "admin_password": ADMIN_PASSWORD,
            "api_key": API_KEY,
        } | settings
        client: TestClient[Any, Any] = await aiohttp_client(create_app(Settings(**chosen)))
        return client

    return start


@pytest.fixture
def api_headers() -> dict[str, str]:
    """What a game back end sends to `/api/v1`."""
    return {"Authorization": f"Bearer {API_KEY}"}


@pytest.fixture
async def server_url(dsn: str, tmp_path: Path) -> AsyncIterator[str]:
    """The http address of a server in a process of its own, on a fresh database."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tilo_ws",
        env={
            "PATH": "",
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "DATABASE_URL": dsn,
            "HOST": "127.0.0.1",
            "PORT": "0",
            "TILO_DATA_DIR": str(tmp_path),
            "TILO_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "TILO_API_KEY": API_KEY,
            "TILO_DEMO": "true",
        },
        cwd=tmp_path,
        stderr=asyncio.subprocess.PIPE,
    )
    log: list[str] = []
    assert process.stderr is not None
    port = await asyncio.wait_for(_read_port(process.stderr, log), _START_TIMEOUT)
    reading = asyncio.create_task(_read_rest(process.stderr, log))
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    status = await asyncio.wait_for(process.wait(), _START_TIMEOUT)
    await reading
    assert status == 0, "".join(log)
    assert not [line for line in log if "Traceback" in line], "".join(log)


async def _read_port(stream: asyncio.StreamReader, log: list[str]) -> str:
    async for line in stream:
        log.append(line.decode())
        if listening := re.search(r"listening on http://[^:]+:(\d+)", log[-1]):
            return listening[1]
    raise AssertionError("the server ended: " + "".join(log))


async def _read_rest(stream: asyncio.StreamReader, log: list[str]) -> None:
    log.extend([line.decode() async for line in stream])


@pytest.fixture
def admin_password() -> str:
    """The dashboard's password on the servers of the tests."""
    return ADMIN_PASSWORD


@pytest.fixture
def create_event(server_url: str, api_headers: dict[str, str]) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Starts an event on `server_url`: `await create_event(type="score_multiplier", value="2", duration=60)`."""

    async def create(**fields: Any) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{server_url}/api/v1/events", json=fields, headers=api_headers) as response,
        ):
            assert response.status == 201, await response.text()
            created: dict[str, Any] = await response.json()
            return created

    return create


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    """A headless Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    quiet = [
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--no-first-run", *quiet])
        yield started
        await started.close()


def _address(dsn: str, database: str) -> str:
    return psycopg2.extensions.make_dsn(dsn, dbname=database)


def _maintain(dsn: str, statement: str) -> None:
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
