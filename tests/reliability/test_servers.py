"""Three servers that Redis joins, and one of them killed: what the others know of it, and when."""

import asyncio
import contextlib
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from tests import redis_cluster, redis_server
from tests.command import output
from tests.conftest import API_KEY, open_directory
from tests.eventually import PATIENCE
from tests.reliability.server import Server
from tilo_ws.realtime.servers_redis import DEAD_AFTER


@contextlib.asynccontextmanager
async def three_servers(directory: Path, dsn: str) -> AsyncIterator[tuple[list[Server], redis_server.RedisServer]]:
    """They run while the block lasts; those that still do end well."""
    with open_directory() as home, redis_server.running(home) as redis:
        joined = {"DATABASE_URL": dsn, "REDIS_URL": redis.url, "TILO_API_KEY": API_KEY, "TILO_DRAIN_SECONDS": "0"}
        servers = [Server(directory, **joined) for _ in range(3)]
        try:
            for server in servers:
                await server.start()
            yield servers, redis
            for server in servers:
                if server.is_running:
                    assert await server.end(signal.SIGTERM) == 0, server.faults
        finally:
            for server in servers:
                await server.close()


async def count_becomes(player: aiohttp.ClientWebSocketResponse, count: int) -> float:
    """Waits until the player is told this online count. Returns how many seconds that took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(PATIENCE):
        while (message := await player.receive_json()).get("count") != count:
            assert message["type"] != "error"
    return loop.time() - began


async def test_a_killed_server_counts_no_more_after_some_seconds_and_another_leads(server_directory: Path, dsn: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        servers, _ = await stack.enter_async_context(three_servers(server_directory, dsn))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        players = [await session.ws_connect(f"http://127.0.0.1:{server.port}/ws") for server in servers for _ in range(5)]
        for player in players:
            await count_becomes(player, 15)
        await servers[0].end(signal.SIGKILL)  # the one that leads
        took = [await count_becomes(player, 10) for player in players[5::5]]
        print(f"right after {took} s")
        assert max(took) >= DEAD_AFTER - 2, "a server is not dead at once"
        assert servers[1].count("it is dead") == 1
        assert servers[2].count("it is dead") == 0
        headers = {"Authorization": f"Bearer {API_KEY}"}
        async with session.get(f"http://127.0.0.1:{servers[2].port}/api/v1/stats", headers=headers) as response:
            stats: dict[str, Any] = await response.json()
        assert (stats["online"], len(stats["servers"])) == (10, 2)
        for player in players:
            await player.close()


async def test_check_and_start_say_in_one_line_what_is_wrong_with_redis(server_directory: Path, dsn: str) -> None:
    with open_directory() as home, redis_server.running(home) as redis:
        settings = {"DATABASE_URL": dsn, "REDIS_URL": redis.url}
        status, out, _ = await output(server_directory, "check", **settings)
        assert status == 0
        assert re.fullmatch(r"settings: ok\ndatabase: ok, .*\nredis: ok, Valkey \d+\.\d+\.\d+\n", out)
    status, out, _ = await output(server_directory, "check", **settings)
    assert status == 1
    assert re.search(r"\nredis: .*refused.*\n$", out)
    status, out, err = await output(server_directory, **settings)
    assert (status, out) == (1, "")
    assert re.fullmatch(r"tilo_ws: Redis cannot be reached: .*refused.*", err.splitlines()[-1])
    assert "Traceback" not in err


async def test_check_recognises_a_cluster(server_directory: Path, dsn: str) -> None:
    with open_directory() as home, redis_cluster.cluster(home) as nodes:
        status, out, _ = await output(server_directory, "check", DATABASE_URL=dsn, REDIS_URL=nodes[0].url)
    assert (status, out.endswith(", cluster\n")) == (0, True)
