"""Directories and servers for the tests of the embedded PostgreSQL."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.embedded.open_python import interpreter_for, remove_copy
from tests.storage.embedded.server_process import ServerProcess, StartServer, execute, wait_until_free
from tilo_ws.storage.embedded import EmbeddedPostgres, EmbeddedValkey, binaries, home, state
from tilo_ws.storage.embedded.account import Account, own_account, unprivileged_account


def _open_directory() -> Path:
    # Unlike `tmp_path`, which lies below a directory that is closed to the user to whom root drops.
    directory = Path(tempfile.mkdtemp(prefix="tilo-test-", dir="/tmp"))
    directory.chmod(0o1777)
    return directory


@pytest.fixture
def open_place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory that every user can reach and write to, with a directory `tmp` for all temporary files."""
    directory = _open_directory()
    (directory / "tmp").mkdir()
    (directory / "tmp").chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(directory / "tmp"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def state_directory(open_place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Root's own place, in a directory of the test."""
    (open_place / "lib").mkdir(mode=0o755)
    for module in (state, home, binaries):
        monkeypatch.setattr(module, "STATE_DIRECTORY", open_place / "lib" / "tilo-ws")
    return open_place / "lib" / "tilo-ws"


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
def data(open_place: Path, data_with_a_note: Path) -> Path:
    """A data directory with a database that has the table `notes` and one row in it."""
    subprocess.run(["cp", "-a", data_with_a_note, open_place / "data"], check=True)
    return open_place / "data"


@pytest.fixture
def embedded(data: Path) -> Iterator[EmbeddedPostgres]:
    """The embedded PostgreSQL of `data`, not started."""
    embedded = EmbeddedPostgres(data)
    yield embedded
    embedded.stop()


@pytest.fixture
def valkey(open_place: Path) -> Iterator[EmbeddedValkey]:
    """The embedded Valkey of a new data directory, not started."""
    valkey = EmbeddedValkey(open_place / "data")
    yield valkey
    valkey.stop()


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
