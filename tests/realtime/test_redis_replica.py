"""A Redis with a replica, reached by a name that somebody leads to the other one: servers go over, and nothing is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests import redis_server
from tests.eventually import eventually
from tests.realtime.nodes import Node, Nodes
from tests.redis_server import RedisServer


class Name:
    """Leads new connections to one of several servers of this machine, as DNS or an address that moves; old ones stay."""

    def __init__(self) -> None:
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            to = await asyncio.open_connection("127.0.0.1", self.port)
            self._writers += [writer, to[1]]
            await asyncio.gather(_pass_on(reader, to[1]), _pass_on(to[0], writer))
        writer.close()

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[RedisServer, RedisServer]]:
    """One that is asked, and its replica."""
    for name in ("primary", "replica"):
        (tmp_path / name).mkdir()
    with redis_server.running(tmp_path / "primary") as primary, redis_server.running(tmp_path / "replica") as replica:
        primary.ask("CONFIG", "SET", "repl-diskless-sync-delay", 0)
        replicate(replica, primary)
        yield primary, replica


@pytest.fixture
async def name(pair: tuple[RedisServer, RedisServer]) -> AsyncIterator[tuple[Name, str]]:
    """And the address that servers are given."""
    name = Name()
    name.port = pair[0].port
    listener = await asyncio.start_server(name.connected, "127.0.0.1", 0)
    yield name, f"redis://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    listener.close()
    name.close()


def replicate(replica: RedisServer, primary: RedisServer) -> None:
    replica.ask("REPLICAOF", "127.0.0.1", primary.port)
    redis_server.until(lambda: replica.ask("ROLE")[3] == b"connected")


async def back(*servers: Node) -> None:
    await asyncio.gather(*(server.ready() for server in servers))


@pytest.mark.parametrize("is_planned", [False, True], ids=["the primary died", "they changed places"])
async def test_servers_go_over_to_the_replica_that_the_name_leads_to(
    is_planned: bool, pair: tuple[RedisServer, RedisServer], name: tuple[Name, str]
) -> None:
    primary, replica = pair
    way, url = name
    nodes = Nodes(url)
    first, second = [await nodes.start() for _ in range(2)]
    try:
        first.say(1)
        await eventually(lambda: first.delivered == second.delivered == [1])
        redis_server.until(lambda: replica.ask("DBSIZE") == primary.ask("DBSIZE"))
        if is_planned:
            replica.ask("REPLICAOF", "NO", "ONE")
            replicate(primary, replica)
        else:
            primary.kill()
            replica.ask("REPLICAOF", "NO", "ONE")
        for server in (first, second):  # as each does once a second
            server.broker.tell("bans", b"")
        await eventually(lambda: not first.broker.ready and not second.broker.ready)
        way.port = replica.port
        await back(first, second)
        second.say(1, "sent again")
        second.say(2)
        await eventually(lambda: len(first.delivered) == len(second.delivered) == 2)
        numbers = [seq or 0 for seq in first.delivered]
        assert second.delivered == numbers == sorted(numbers)
        await eventually(lambda: first.notices == second.notices == [("bans", b"")])
    finally:
        await nodes.stop()
