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


class Api:
    """The game's back end at one of the servers."""

    def __init__(self, client: Client, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a call that succeeds."""
        response = await self._client.request(method, f"/api/v1{path}", json=body, headers=self._headers)
        assert response.status < 300, await response.text()
        return await response.json() if response.content_type == "application/json" else None


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


@pytest.fixture
def apis(joined: Joined, api_headers: dict[str, str]) -> tuple[Api, Api]:
    """The back end at each of them."""
    return Api(joined.one, api_headers), Api(joined.other, api_headers)


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
