"""Redis, Valkey and a cluster for the tests of what joins servers."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests import redis_cluster, redis_server
from tests.conftest import open_directory
from tests.realtime.nodes import Nodes
from tests.redis_server import RedisServer
from tilo_ws.realtime.redis_link import RedisLink

KINDS = ["valkey", "redis", "cluster"]

_TIME_LIMIT = 0.5
"""Seconds after which a Redis that says nothing is away, where a test wants it to be."""


@contextlib.asynccontextmanager
async def open_link(redis: RedisServer, prefix: str) -> AsyncIterator[RedisLink]:
    """A link that follows a channel; a command has longer than the link's end waits for it."""
    link = RedisLink(redis.url, prefix, time_limit=1.0)
    link.follow("log", lambda data: None)
    try:
        await link.open()
        yield link
    finally:
        await link.close()


@pytest.fixture(scope="session")
def valkey() -> Iterator[RedisServer]:
    """The Valkey that the server brings along."""
    with open_directory() as directory, redis_server.running(directory) as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """Debian's Redis."""
    if redis_server.REDIS is None:
        pytest.skip("needs Redis: apt install redis-server")
    with open_directory() as directory, redis_server.running(directory, redis_server.REDIS) as server:
        yield server


@pytest.fixture(scope="session")
def cluster() -> Iterator[RedisServer]:
    """One of the nodes of a cluster."""
    with open_directory() as directory, redis_cluster.cluster(directory) as nodes:
        yield nodes[1]


@pytest.fixture(params=KINDS)
def any_redis(request: pytest.FixtureRequest) -> RedisServer:
    """Each of them."""
    server: RedisServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture(params=["memory", *KINDS])
async def nodes(request: pytest.FixtureRequest) -> AsyncIterator[Nodes]:
    """Servers on each of them, and the one that is alone."""
    started = Nodes(None if request.param == "memory" else request.getfixturevalue(request.param).url)
    yield started
    await started.stop()


@pytest.fixture
async def joined(any_redis: RedisServer) -> AsyncIterator[Nodes]:
    """Servers on each of them."""
    started = Nodes(any_redis.url)
    yield started
    await started.stop()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Valkey that this test may stop."""
    with redis_server.running(tmp_path) as server:
        yield server


@pytest.fixture
async def on_own_redis(own_redis: RedisServer) -> AsyncIterator[Nodes]:
    """Servers on it."""
    started = Nodes(own_redis.url, _TIME_LIMIT)
    yield started
    await started.stop()
