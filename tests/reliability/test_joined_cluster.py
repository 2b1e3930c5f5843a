"""Three whole servers on a Redis Cluster, of which a node dies and its replica takes over: nothing is lost, nothing twice."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest

from tests.conftest import API_KEY
from tests.eventually import PATIENCE, eventually
from tests.redis_cluster import cluster, has_its_data, is_primary, primary_of
from tests.redis_server import RedisServer
from tests.reliability.crowd import repeating
from tests.reliability.joined import Joined, joined_by
from tests.reliability.server import Server
from tests.reliability.test_joined import AWAY, BACK, settled
from tests.web.dashboard import Visitor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds PostgreSQL's processes in /proc")

KEY = "{tilo}:state"


@contextlib.asynccontextmanager
async def joined_by_cluster(directory: Path) -> AsyncIterator[tuple[Joined, list[RedisServer]]]:
    """Servers that have been told the address of the very node that has the game's keys."""
    (directory / "cluster").mkdir()
    with cluster(directory / "cluster", replicas=True) as nodes:
        slot = nodes[0].ask("CLUSTER", "KEYSLOT", KEY)
        async with joined_by(nodes[3 * slot // 16384], directory, 3) as together:
            assert primary_of(nodes, KEY) is together.redis
            yield together, nodes


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize(
    ("players", "rate", "seconds", "deaths"),
    [(45, 40, 1, 1), pytest.param(300, 100, 15, 2, marks=pytest.mark.long)],
    ids=["short", "long"],
)
async def test_where_a_node_dies_its_replica_takes_over_and_nothing_is_lost(
    players: int, rate: float, seconds: float, deaths: int, server_directory: Path, chance: Random
) -> None:
    async with joined_by_cluster(server_directory) as (together, nodes), together.playing(players, chance) as crowd:
        arrivals = [len(player.returns) for player in crowd.players]
        async with repeating(rate, crowd.say), repeating(50, crowd.score):
            await crowd.shown_by_everybody(int(rate * seconds))
            for _ in range(deaths):  # the second time back to a node that was away meanwhile
                died = primary_of(nodes, KEY)
                others = [node for node in nodes if node is not died]
                died.kill()
                await asyncio.gather(*(server.becomes("degraded") for server in together.servers))
                await crowd.shown_by_everybody(len(crowd.said) + 10)
                assert primary_of(others, KEY) is not died
                died.start()
                await eventually(lambda died=died: has_its_data(died), interval=0.05)  # type: ignore[misc]
            await crowd.shown_by_everybody(len(crowd.said) + int(rate * seconds))
        await settled(together, crowd)
        assert [len(player.returns) for player in crowd.players] == arrivals, "somebody was sent away"
        for server in together.servers:
            assert server.count(AWAY) == server.count(BACK) >= deaths, server.faults


async def test_events_and_admins_do_not_notice_which_node_there_is(server_directory: Path, chance: Random) -> None:
    async with contextlib.AsyncExitStack() as stack:
        together, nodes = await stack.enter_async_context(joined_by_cluster(server_directory))
        session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)))
        first, *others = together.servers
        admins = [Visitor(session, url_of(server)) for server in together.servers]
        assert (await admins[0].log_in())[0] == 200
        listeners = [await session.ws_connect(f"{url_of(server)}/ws") for server in together.servers]
        event = await call(first, "POST", "/events", {"type": "m", "value": "2", "duration": 600})
        for listener in listeners:
            await hears_of_events(listener, {event["id"]: "2"})
        assert all([await admin.is_logged_in() for admin in admins])

        together.redis.kill()
        await asyncio.gather(*(server.becomes("degraded") for server in together.servers))
        await call(first, "PATCH", f"/events/{event['id']}", {"value": "3"})
        for listener in listeners:
            await hears_of_events(listener, {event["id"]: "3"})
        await asyncio.gather(*(server.becomes("ready") for server in together.servers))
        assert all([await admin.is_logged_in() for admin in admins]), "the replica knows them"
        await call(others[0], "DELETE", f"/events/{event['id']}")
        for listener in listeners:
            await hears_of_events(listener, {})
        assert sum(map(is_primary, [node for node in nodes if node is not together.redis])) == 3


def url_of(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


async def call(server: Server, method: str, path: str, body: Any = None) -> Any:
    """The answer of the API at one of the servers."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with aiohttp.request(method, f"{url_of(server)}/api/v1{path}", json=body, headers=headers) as response:
        assert response.status < 300, await response.text()
        return await response.json() if response.content_type == "application/json" else None


async def hears_of_events(listener: aiohttp.ClientWebSocketResponse, values: dict[str, str]) -> None:
    """Waits until a player is told that these are the events, value by id."""
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await listener.receive_json()
            if message["type"] == "global_events" and {one["id"]: one["value"] for one in message["events"]} == values:
                return
