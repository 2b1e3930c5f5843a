"""The way to Redis: faults are one exception, the channels come back by themselves, a cluster is followed to the right node."""

import asyncio
import contextlib
import gc
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop
from redis.asyncio.connection import AbstractConnection

from tests import redis_cluster
from tests.eventually import eventually
from tests.realtime.conftest import open_link
from tests.realtime.nodes import Nodes
from tests.redis_server import RedisServer
from tilo_ws.realtime.redis_link import RedisAway, RedisLink

_prefixes = (f"link-{number}" for number in itertools.count())


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[list[RedisServer]]:
    """A cluster that this test may change."""
    with redis_cluster.cluster(tmp_path) as nodes:
        yield nodes


@pytest.fixture
async def link(any_redis: RedisServer) -> AsyncIterator[RedisLink]:
    """Not open yet."""
    made = RedisLink(any_redis.url, next(_prefixes), time_limit=0.5)
    yield made
    await made.close()


@pytest.fixture
async def own_link(own_redis: RedisServer) -> AsyncIterator[RedisLink]:
    """Open, to a Redis that this test may change; a command has longer than the link's end waits for it."""
    async with open_link(own_redis, "x") as opened:
        yield opened


async def test_what_is_published_comes_to_those_who_follow_the_channel(link: RedisLink) -> None:
    heard: dict[str, list[bytes]] = {"log": [], "ask": []}
    for channel, said in heard.items():
        link.follow(channel, said.append)
    await link.open()
    for channel in heard:
        await link.command("SPUBLISH", link.key(channel), channel)
    await eventually(lambda: heard == {"log": [b"log"], "ask": [b"ask"]})


async def test_a_handler_that_fails_does_not_end_the_subscription(link: RedisLink, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[bytes] = []

    def fail_once(data: bytes) -> None:
        heard.append(data)
        if len(heard) == 1:
            raise ValueError("a bug")

    link.follow("log", fail_once)
    await link.open()
    for _ in range(2):
        await link.command("SPUBLISH", link.key("log"), "x")
    await eventually(lambda: len(heard) == 2)
    assert "a bug" in caplog.text


def test_a_connection_that_has_closed_unnoticed_is_a_fault_at_most(any_redis: RedisServer) -> None:
    async def ask() -> None:
        async with open_link(any_redis, next(_prefixes)) as link:
            await asyncio.gather(*(link.command("SET", link.key("x"), number) for number in range(5)))
            for writer in [one._writer for one in gc.get_objects() if isinstance(one, AbstractConnection)]:
                if writer is not None:
                    writer.transport.abort()
            await asyncio.sleep(0.02)  # until the transports have closed
            with contextlib.suppress(RedisAway):
                await link.command("SET", link.key("x"), 5)
            await eventually(lambda: not link.away)
            await link.command("SET", link.key("x"), 6)
            assert await link.command("GET", link.key("x")) == b"6"

    uvloop.run(ask())  # which the server runs on, and which raises an exception of its own


async def test_games_on_one_redis_do_not_hear_each_other(any_redis: RedisServer, link: RedisLink) -> None:
    heard: list[bytes] = []
    link.follow("log", heard.append)
    await link.open()
    other = RedisLink(any_redis.url, next(_prefixes))
    other.follow("log", lambda data: None)
    try:
        await other.open()
        await other.command("SPUBLISH", other.key("log"), "of another game")
        await link.command("SPUBLISH", link.key("log"), "of this one")
        await eventually(lambda: heard == [b"of this one"])
    finally:
        await other.close()


async def test_a_mistake_in_a_command_is_told_to_who_made_it(link: RedisLink) -> None:
    link.follow("log", lambda data: None)
    await link.open()
    await link.command("SET", link.key("text"), "x")
    with pytest.raises(RedisAway, match="WRONGTYPE"):
        await link.command("HGET", link.key("text"), "x")
    await eventually(lambda: not link.away)


async def test_without_a_redis_the_start_ends_with_its_reason(unused_tcp_port_factory: Callable[[], int]) -> None:
    link = RedisLink(f"redis://127.0.0.1:{unused_tcp_port_factory()}", "x")
    with pytest.raises(RedisAway, match="Connect"):
        await link.open()
    await link.close()


async def test_a_wrong_password_is_named_and_not_shown(own_redis: RedisServer) -> None:
    own_redis.ask("CONFIG", "SET", "requirepass", "right")
    for account in ("", ":wrong@"):
        link = RedisLink(own_redis.url.replace("//", f"//{account}"), "x")
        with pytest.raises(RedisAway) as refused:
            await link.open()
        assert "wrong@" not in str(refused.value)
        await link.close()
    link = RedisLink(own_redis.url.replace("//", "//:right@"), "x")
    link.follow("log", lambda data: None)
    await link.open()
    await link.close()


async def test_a_full_redis_is_away_until_there_is_room(own_redis: RedisServer, own_link: RedisLink) -> None:
    own_redis.ask("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(RedisAway):
        await own_link.command("SET", own_link.key("text"), "x")
    assert own_link.away
    own_redis.ask("CONFIG", "SET", "maxmemory", "0")
    await eventually(lambda: not own_link.away)


async def test_channels_whose_connection_ended_are_not_awaited_without_end(own_redis: RedisServer, own_link: RedisLink) -> None:
    own_redis.cut_connections()
    own_redis.freeze()  # it takes the next connection, and says nothing
    await eventually(lambda: own_link.away)
    own_redis.thaw()
    await eventually(lambda: not own_link.away)


async def test_a_command_that_outlives_the_link_says_that_redis_is_away(own_redis: RedisServer, own_link: RedisLink) -> None:
    own_redis.freeze()
    command = asyncio.create_task(own_link.command("GET", own_link.key("text")))
    await asyncio.sleep(0)
    await own_link.close()
    with pytest.raises(RedisAway):
        await command


async def test_in_a_cluster_servers_follow_the_game_to_another_node(own_cluster: list[RedisServer]) -> None:
    nodes = Nodes(own_cluster[0].url, time_limit=0.5)
    first, second = await nodes.start(), await nodes.start()
    first.say(1)
    await eventually(lambda: second.delivered == [1])
    assert first.link is not None
    await asyncio.to_thread(move, own_cluster, first.link.key("log"))
    for server in (first, second):
        await server.broker.look_after()
    await asyncio.gather(first.ready(), second.ready())
    second.say(2)
    first.say(3)
    await eventually(lambda: len(first.delivered) == len(second.delivered) == 3)
    assert first.delivered == second.delivered
    await nodes.stop()


def move(nodes: list[RedisServer], key: str) -> None:
    """Gives the slot of this key, with all that is in it, to the next node."""
    slot = nodes[0].ask("CLUSTER", "KEYSLOT", key)
    number = next(number for number, node in enumerate(nodes) if node.ask("CLUSTER", "COUNTKEYSINSLOT", slot))
    old, new = nodes[number], nodes[(number + 1) % len(nodes)]
    names: Any = {node: node.ask("CLUSTER", "MYID") for node in nodes}
    new.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", names[old])
    old.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", names[new])
    keys = old.ask("CLUSTER", "GETKEYSINSLOT", slot, 1000)
    old.ask("MIGRATE", "127.0.0.1", new.port, "", 0, 5000, "REPLACE", "KEYS", *keys)
    for node in (new, old):
        node.ask("CLUSTER", "SETSLOT", slot, "NODE", names[new])
