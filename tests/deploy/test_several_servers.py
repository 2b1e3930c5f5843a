"""nginx with the files of deploy/ before two servers: who comes is spread, and finds the other when one is gone."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import aiohttp
import pytest

from tests import redis_server
from tests.deploy import nginx as debian
from tests.deploy.conftest import settings
from tests.deploy.nginx import Nginx, proxying
from tests.reliability.crowd import playing, repeating
from tests.reliability.server import Server, serving
from tests.web.dashboard import Visitor

pytestmark = pytest.mark.skipif(debian.PROGRAM is None, reason="nginx is not installed: apt-get install nginx")

FULL = 20
"""Players of the second server, at most."""

PLAYERS = 15

Pair = tuple[Server, Server]


@pytest.fixture
async def pair(dsn: str, server_directory: Path) -> AsyncIterator[Pair]:
    """On one database, joined by a Valkey."""
    with redis_server.running(server_directory) as valkey:
        common = settings(dsn) | {"REDIS_URL": valkey.url}
        async with (
            serving(server_directory, **common) as first,
            serving(server_directory, **common, TILO_MAX_CONNECTIONS=str(FULL)) as second,
        ):
            yield first, second


@pytest.fixture
async def nginx(pair: Pair, server_directory: Path) -> AsyncIterator[Nginx]:
    async with proxying(server_directory, [server.port for server in pair]) as nginx:
        yield nginx


async def test_players_are_spread_evenly(nginx: Nginx, pair: Pair, api_headers: dict[str, str]) -> None:
    async with players(nginx, 20):
        assert [await connections(server, api_headers) for server in pair] == [10, 10]


async def test_a_server_that_is_back_gets_all_who_come_until_it_has_as_many(
    nginx: Nginx, pair: Pair, api_headers: dict[str, str]
) -> None:
    first, second = pair
    await second.end(signal.SIGKILL)
    async with players(nginx, 10):
        assert await connections(first, api_headers) == 10
        await second.start()
        async with players(nginx, 10):
            assert [await connections(server, api_headers) for server in pair] == [10, 10]


async def test_who_is_refused_by_a_full_server_is_taken_by_the_other(
    nginx: Nginx, pair: Pair, api_headers: dict[str, str]
) -> None:
    """As by one that ends: both say 503."""
    async with players(nginx, 50):
        assert [await connections(server, api_headers) for server in pair] == [30, FULL]


async def test_an_admin_stays_on_one_server_and_logged_in_when_it_is_gone(nginx: Nginx, pair: Pair) -> None:
    async with nginx.caller("127.0.0.2") as session:
        admin = Visitor(session, nginx.url)
        await admin.log_in()
        for _ in range(10):
            assert await admin.is_logged_in()
        one, other = pair if pair[0].count("logged in from 127.0.0.2") else reversed(pair)
        await one.end(signal.SIGKILL)
        assert await admin.is_logged_in()
        assert other.count("logged in from") == 0
        await one.start()


async def test_nothing_is_lost_while_nginx_reloads_a_server_ends_and_the_other_is_killed(
    nginx: Nginx, pair: Pair, dsn: str, chance: Random
) -> None:
    first, second = pair
    async with playing(nginx.port, PLAYERS, chance, tls=nginx.tls) as crowd:
        async with repeating(25, crowd.say), repeating(50, crowd.score):
            await crowd.shown_by_everybody(20)
            await nginx.reload()
            await crowd.shown_by_everybody(len(crowd.said) + 10)
            assert not any(player.leaves for player in crowd.players)

            assert await second.end(signal.SIGTERM) == 0
            await crowd.everybody_in()
            await second.start()
            await first.end(signal.SIGKILL)
            await crowd.everybody_in()
            await crowd.shown_by_everybody(len(crowd.said) + 10)
            await first.start()
        await crowd.everything_acknowledged()
        await crowd.everything_shown()
        crowd.check()
        crowd.check_stored(dsn)


@contextlib.asynccontextmanager
async def players(nginx: Nginx, count: int) -> AsyncIterator[list[aiohttp.ClientWebSocketResponse]]:
    """So many, each in."""
    async with nginx.caller("127.0.0.2") as caller:
        sockets = await asyncio.gather(*(caller.ws_connect("/ws") for _ in range(count)))
        yield sockets
        await asyncio.gather(*(socket.close() for socket in sockets))


async def connections(server: Server, api_headers: dict[str, str]) -> int:
    """How many are with this server, asked past nginx."""
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{server.port}", headers=api_headers) as caller,
        caller.get("/api/v1/stats") as response,
    ):
        return int((await response.json())["connections"])
