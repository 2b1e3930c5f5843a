"""Servers that Redis joins: who lives, who leads, how many players there are, and what they ask each other."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.fakes import FakeClock
from tests.redis_server import RedisServer
from tests.services.test_connections import state
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.realtime.servers import ServerState
from tilo_ws.realtime.servers_redis import DEAD_AFTER, RedisServers

_prefixes = (f"servers-{number}" for number in itertools.count())


@pytest.fixture
def url(any_redis: RedisServer) -> str:
    return any_redis.url


class Together:
    """Some servers on one Redis. They beat when the test says so; `clock` is theirs, Redis has its own time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.prefix = next(_prefixes)
        self.clock = FakeClock()
        self.adopted: list[tuple[str, str]] = []
        self.links: dict[str, RedisLink] = {}
        self.counts: dict[str, int] = {}

    async def join(self, name: str, connections: int = 0, stored_below: int = 1) -> RedisServers:
        """A server that has started after those before it."""
        started_at, self.counts[name] = len(self.links), connections

        async def adopt(dead: ServerState) -> None:
            self.adopted.append((name, dead.name))

        link = self.links[name] = RedisLink(self.url, self.prefix)
        server = RedisServers(
            link,
            name,
            lambda: state(name, self.counts[name], started_at=started_at, stored_below=stored_below),
            lambda: self.counts[name],
            adopt=adopt,
            clock=self.clock,
        )
        server.answer("length", str, len)
        server.answer("fault", str, int)
        await server.join()
        return server

    async def die(self, name: str) -> None:
        """Its last beat was a while ago."""
        await self.links[name].command("ZINCRBY", self.links[name].key("beats"), -DEAD_AFTER, name)


@contextlib.asynccontextmanager
async def together(url: str) -> AsyncIterator[Together]:
    servers = Together(url)
    try:
        yield servers
    finally:
        for link in servers.links.values():
            await link.close()


async def test_players_of_all_servers_are_counted(url: str) -> None:
    async with together(url) as servers:
        first, second, third = [await servers.join(name, count) for name, count in (("a", 1), ("b", 20), ("c", 300))]
        for server in (first, second):
            await server.beat()
        assert [server.online for server in (first, second, third)] == [321, 321, 321]
        servers.counts["a"] = 2
        assert (first.online, second.online) == (322, 321), "its own at once, the others' at the next beat"
        for server in (first, second):
            await server.beat()
        assert second.online == 322


async def test_a_dead_server_counts_no_more_and_the_oldest_that_lives_leads(url: str) -> None:
    async with together(url) as servers:
        first, second, third = [await servers.join(name, 1) for name in "abc"]
        for server in (first, second, third):
            await server.beat()
        assert [server.leads for server in (first, second, third)] == [True, False, False]
        await servers.die("a")
        for server in (second, third):
            await server.beat()
        assert [server.online for server in (second, third)] == [2, 2]
        assert [server.leads for server in (second, third)] == [True, False]
        assert [one.name for one in third.all()] == ["b", "c"]


async def test_the_leader_takes_over_what_a_dead_server_has_not_stored_once(url: str) -> None:
    async with together(url) as servers:
        first = await servers.join("a", stored_below=20)
        second = await servers.join("b", stored_below=10)
        await servers.join("c", stored_below=30)
        await first.beat()
        await servers.die("b")
        for server in (first, first):
            assert first.stored_below == 10, "nothing that the dead one may have published is trimmed before"
            await server.beat()
        assert servers.adopted == [("a", "b")]
        await first.beat()
        assert first.stored_below == 20
        await second.beat()  # it was frozen, not dead
        await first.beat()
        assert [one.name for one in first.all()] == ["a", "b", "c"]


async def test_what_a_server_has_not_stored_when_it_ends_is_stored_by_the_others(url: str) -> None:
    async with together(url) as servers:
        first, second = await servers.join("a", stored_below=20), await servers.join("b", stored_below=10)
        assert not await second.leave(unstored=True)
        await servers.die("b")
        await first.beat()
        assert servers.adopted == [("a", "b")]


async def test_who_ends_is_off_the_list_at_once_and_the_last_one_knows_that_it_is(url: str) -> None:
    async with together(url) as servers:
        first, second = await servers.join("a", 1), await servers.join("b", 1)
        await first.beat()
        assert not await second.leave()
        await first.beat()
        assert first.online == 1
        assert await first.leave()


async def test_a_question_is_answered_by_all_others(url: str) -> None:
    async with together(url) as servers:
        first, second, third = [await servers.join(name) for name in "abc"]
        for server in (first, second, third):
            await server.beat()
        answers = await asyncio.gather(
            *(server.ask("length", "four" * n, int) for n, server in enumerate((first, second, third)))
        )
        assert answers == [[0, 0], [4, 4], [8, 8]]


async def test_a_server_that_is_alone_asks_nobody(url: str) -> None:
    async with together(url) as servers:
        assert await (await servers.join("a")).ask("length", "four", int) == []


async def test_who_cannot_answer_is_waited_for_a_second_and_no_more(url: str) -> None:
    async with together(url) as servers:
        first, _ = await servers.join("a"), await servers.join("b")
        await first.beat()
        async with asyncio.timeout(10):
            assert await first.ask("fault", "no number", int) == []
            assert await first.ask("a topic of a newer version", "", int) == []


async def test_nobody_waits_for_a_server_that_has_been_silent_for_a_while(url: str) -> None:
    async with together(url) as servers:
        first, _ = await servers.join("a"), await servers.join("b")
        await first.beat()
        servers.clock.now += 3
        assert await first.ask("length", "four", int) == []
        await first.beat()  # tells it how old the other's beat is by Redis's time
        assert await first.ask("length", "four", int) == [4]


async def test_joined_servers_have_one_claim_also_after_redis_was_emptied(url: str) -> None:
    async with together(url) as servers:
        first, second = await servers.join("a"), await servers.join("b")
        claim = await first.shared_claim(None)
        assert claim == await second.shared_claim(None)
        await servers.links["a"].command("DEL", servers.links["a"].key("claim"))
        assert await first.shared_claim(claim) == claim
        assert await second.shared_claim(None) == claim


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


async def test_a_start_without_redis_is_not_counted_as_the_leader(tmp_path: Path) -> None:
    link = RedisLink(f"unix://{tmp_path}/nothing", "p")

    async def adopt(dead: ServerState) -> None:
        raise NotImplementedError

    server = RedisServers(link, "a", lambda: state("a", 3), lambda: 3, adopt=adopt)
    await server.beat()
    assert (server.leads, server.online) == (False, 3)
    assert not await server.leave()
