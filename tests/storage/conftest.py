"""Directories and servers for the tests of the embedded PostgreSQL."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.open_python import interpreter_for, remove_copy
from tests.storage.server_process import ServerProcess, StartServer, execute, wait_until_free
from tilo_ws.storage.embedded import EmbeddedPostgres
from tilo_ws.storage.postgres_account import Account, own_account, unprivileged_account


def _open_directory() -> Path:
    # Unlike `tmp_path`, which lies below a directory that is closed to the user to whom root drops.
    directory = Path(tempfile.mkdtemp(prefix="tilo-test-", dir="/tmp"))
    directory.chmod(0o1777)
    return directory


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory that every user can reach and write to, with a directory `tmp` for all temporary files."""
    directory = _open_directory()
    (directory / "tmp").mkdir()
    (directory / "tmp").chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(directory / "tmp"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def data_with_a_note() -> Iterator[Path]:
    """A data directory with a stopped database: a table `notes` with one row. To be copied."""
    directory = _open_directory()
    embedded = EmbeddedPostgres(directory)
    execute(embedded.start(), "CREATE TABLE notes (text text); INSERT INTO notes VALUES ('kept')")
    embedded.stop()
    # Any user may start a server on a copy.
    (directory / "postgresql").chmod(0o777)
    for path in (directory / "postgresql").glob("*.*"):
        path.unlink()
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def data(place: Path, data_with_a_note: Path) -> Path:
    """A data directory with a database that has the table `notes` and one row in it."""
    subprocess.run(["cp", "-a", data_with_a_note, place / "data"], check=True)
    return place / "data"


@pytest.fixture
def embedded(data: Path) -> Iterator[EmbeddedPostgres]:
    """The embedded PostgreSQL of `data`, not started."""
    embedded = EmbeddedPostgres(data)
    yield embedded
    embedded.stop()


@pytest.fixture(scope="session", autouse=True)
def _no_copy_is_left() -> Iterator[None]:
    yield
    remove_copy()


@pytest.fixture(params=["root", "ordinary user"])
def start(request: pytest.FixtureRequest) -> Iterator[StartServer]:
    """Starts a server in a process of its own."""
    account = _account(request.param)
    servers: list[ServerProcess] = []

    def start_server(data: Path) -> ServerProcess:
        servers.append(ServerProcess(data, account, interpreter_for(account)))
        return servers[-1]

    yield start_server
    for server in servers:
        server.process.kill()
        server.process.communicate()
    for server in servers:
        wait_until_free(server.home)


def _account(who: str) -> Account:
    if (os.geteuid() == 0) == (who == "root"):
        return own_account()
    if who == "root":
        pytest.skip("not root")
    return unprivileged_account()
