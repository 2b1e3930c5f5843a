"""Two servers on one PostgreSQL and one Valkey, both in this process."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from tests.conftest import StartServer, open_directory
from tests.redis_server import RedisServer, running
from tests.web.conversation import Client


class Joined(NamedTuple):
    """The servers, and what joins them."""

    one: Client
    other: Client
    valkey: RedisServer


@pytest.fixture(scope="session")
def valkey() -> Iterator[RedisServer]:
    """A Valkey of this test run."""
    with open_directory() as directory, running(directory) as server:
        yield server


async def joined_servers(start_server: StartServer, valkey: RedisServer, tmp_path: Path, **settings: Any) -> Joined:
    """Two servers of one game."""
    prefix = uuid4().hex
    one, other = [
        await start_server(redis_url=valkey.url, redis_prefix=prefix, data_dir=tmp_path / name, **settings)
        for name in ("one", "other")
    ]
    return Joined(one, other, valkey)


@pytest.fixture
async def joined(start_server: StartServer, valkey: RedisServer, tmp_path: Path) -> Joined:
    """Two servers with the tests' settings."""
    return await joined_servers(start_server, valkey, tmp_path)


@contextlib.contextmanager
def killed(valkey: RedisServer) -> Iterator[None]:
    """There is no Valkey while the block lasts; it comes back empty."""
    valkey.kill()
    valkey.forget()
    try:
        yield
    finally:
        valkey.start()


@contextlib.contextmanager
def frozen(valkey: RedisServer) -> Iterator[None]:
    """Valkey says nothing while the block lasts."""
    valkey.freeze()
    try:
        yield
    finally:
        valkey.thaw()
