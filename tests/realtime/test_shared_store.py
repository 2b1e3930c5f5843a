"""Small values and limits that servers have together, on one Valkey and on a cluster of three."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import open_directory
from tests.eventually import PATIENCE
from tests.realtime.conftest import open_link
from tests.redis_cluster import cluster
from tests.redis_server import RedisServer, running
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.realtime.shared_store import AttemptLimit, SharedStore


@pytest.fixture(scope="module", params=["single", "cluster"])
def node(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    with open_directory() as directory:
        if request.param == "single":
            with running(directory) as server:
                yield server
        else:
            with cluster(directory) as nodes:
                yield nodes[0]


@pytest.fixture
async def link(node: RedisServer) -> AsyncIterator[RedisLink]:
    async with open_link(node, "test") as opened:
        yield opened


@pytest.fixture
def store(link: RedisLink) -> SharedStore:
    return SharedStore(link)


async def test_a_value_is_there_for_its_time_or_until_it_is_removed(store: SharedStore) -> None:
    await store.put("one", b"1", 60)
    await store.put("short", b"2", 0.05)
    assert (await store.get("one", "other"))[:1] == [b"1"]
    await store.put("one", b"\xff", 60)
    async with asyncio.timeout(PATIENCE):
        while (found := await store.get("one", "other", "short"))[2] is not None:
            pass
    assert found == [b"\xff", None, None]
    await store.remove("one", "other")
    assert await store.get("one") == [None]


async def test_an_attempt_takes_one_of_each_limit_or_none(store: SharedStore) -> None:
    rare, often = AttemptLimit("rare", 60.0, 2), AttemptLimit("often", 60.0, 5)
    await store.remove("rare", "often")
    assert await store.attempt([rare, often]) == (0.0, 1)
    assert await store.attempt([rare, often]) == (0.0, 0)
    wait, left = await store.attempt([rare, often])
    assert (59 < wait <= 60, left) == (True, 0)
    assert await store.attempt([often]) == (0.0, 2), "the refused one took nothing"
    await store.remove("rare")
    assert await store.attempt([rare]) == (0.0, 1)


async def test_attempts_come_back(store: SharedStore) -> None:
    limit = AttemptLimit("soon", 0.02, 2)
    taken = 0
    async with asyncio.timeout(PATIENCE):
        while taken < 5:
            wait, _ = await store.attempt([limit])
            assert 0 <= wait <= 0.02
            taken += not wait


async def test_the_ranking_of_all_servers_is_one_step(link: RedisLink) -> None:
    keys = [link.key(name) for name in ("a", "b", "c")]
    assert (await link.script("ranking", keys, 2, "", -1, "e1", "zoe", -1, b"\x95\xa3zoe\xc0\x01\x01\x01"))[:2] == [b"e1", 1]
    assert await link.script("ranking", keys, 2, "other", 1, "") == [b"e1"]
    assert await link.script("ranking", keys, 2, "e1", 1, "") == [b"e1", 1]
