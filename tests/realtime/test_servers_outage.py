"""Servers while Redis is away or frozen, and after it: nobody is taken for dead who could not say that he lives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import redis_server
from tests.conftest import open_directory
from tests.eventually import eventually
from tests.realtime.together import together
from tests.redis_server import RedisServer
from tests.services.test_connections import state
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.realtime.servers import ServerState
from tilo_ws.realtime.servers_redis import DEAD_AFTER, RedisServers


@pytest.fixture(scope="module")
def own_redis() -> Iterator[RedisServer]:
    """For tests that stop it."""
    with open_directory() as directory, redis_server.running(directory) as server:
        yield server


async def test_a_redis_that_comes_back_empty_takes_nobody_off_the_list(own_redis: RedisServer) -> None:
    async with together(own_redis.url) as servers:
        first, second, third = [await servers.join(name, 1) for name in "abc"]
        for server in (first, second, third):
            await server.beat()
        own_redis.kill()
        await first.beat()
        assert (first.redis, first.online, first.leads) == ("away", 3, True)
        assert await first.ask("length", "four", int) == []
        own_redis.start()
        await eventually(lambda: all(not link.away for link in servers.links.values()))
        for server in (second, first):
            await server.beat()
            assert (server.redis, server.online) == ("ok", 3)
        assert (first.leads, second.leads) == (True, False)
        servers.clock.now += DEAD_AFTER  # the third was not heard of since
        for server in (first, second):
            await server.beat()
            assert server.online == 2


@pytest.mark.parametrize("seconds", [10, 3600, -3600])
async def test_after_a_time_in_which_nobody_could_beat_nobody_is_taken_for_dead(own_redis: RedisServer, seconds: float) -> None:
    """Redis was frozen, came back with an old state, or its clock was set."""
    async with together(own_redis.url) as servers:
        first, second, third = [await servers.join(name, 1) for name in "abc"]
        for server in (first, second, third):
            await server.beat()
        await servers.pass_by(seconds, *"abc")
        servers.clock.now += abs(seconds)
        for server in (second, first):
            await server.beat()
            assert server.online == 3
        assert (first.leads, second.leads, servers.adopted, servers.told) == (True, False, [], [])
        await third.beat()
        await servers.pass_by(DEAD_AFTER, "a")
        servers.clock.now += DEAD_AFTER
        for server in (second, third):
            await server.beat()
            assert server.online == 2
        assert servers.adopted == [("b", "a")]


async def test_a_start_without_redis_is_not_counted_as_the_leader(tmp_path: Path) -> None:
    link = RedisLink(f"unix://{tmp_path}/nothing", "p")

    async def adopt(dead: ServerState) -> None:
        raise NotImplementedError

    server = RedisServers(link, "a", lambda: state("a", 3), lambda: 3, adopt=adopt, gone=lambda: None)
    await server.beat()
    assert (server.leads, server.online) == (False, 3)
    assert not await server.leave()
