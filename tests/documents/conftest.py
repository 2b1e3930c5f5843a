"""The machine on which the pages are followed."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from psycopg2.extensions import parse_dsn

from tests.browser.conftest import browser
from tests.conftest import address, maintain, open_directory
from tests.documents.machine import Machine, make_repository
from tests.reliability.server import unused_port

__all__ = ["browser"]


@pytest.fixture(scope="session")
def repository() -> Iterator[Path]:
    """What readers clone."""
    with open_directory() as directory:
        make_repository(directory)
        yield directory


@pytest.fixture
def port() -> int:
    """In the place of 8765, which may be taken."""
    return unused_port()


@pytest.fixture
def machine(repository: Path, server_directory: Path, port: int) -> Machine:
    return Machine(server_directory, repository, PORT=str(port))


@pytest.fixture
def checkout(machine: Machine, server_directory: Path) -> Path:
    """Where most pages begin: the directory `tilo_ws`."""
    return machine.clone(server_directory / "tilo_ws")


@pytest.fixture
def empty_database(postgres: str) -> Iterator[str]:
    """The address of a database without tables."""
    maintain(postgres, "CREATE DATABASE empty")
    yield address(postgres, "empty")
    maintain(postgres, "DROP DATABASE empty WITH (FORCE)")


@pytest.fixture
def database_url(empty_database: str) -> str:
    """The same in the form that the pages show."""
    parts = parse_dsn(empty_database)
    return f"postgresql:///{parts.pop('dbname')}?{urlencode(parts)}"
