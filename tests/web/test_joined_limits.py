"""Limits of connections hold over all servers together, and where Redis is away on each of them."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import StartServer
from tests.eventually import PATIENCE, eventually
from tests.redis_server import RedisServer
from tests.web.conversation import Client, Socket, ask, close_code, join
from tests.web.joined import frozen, joined_servers, killed, valkey
from tests.web.test_admission import join_from, refused
from tests.web.test_tokens import SECRET, token
from tilo_ws.realtime.hub import Hub
from tilo_ws.web import keys

__all__ = ["valkey"]

ADDRESS = "192.0.2.1"
EMAIL = "in-two-places@example.com"


async def is_refused(client: Client) -> bool:
    """Whether one more from this address is sent away."""
    return (await refused(client, **{"X-Forwarded-For": ADDRESS})).status == 429


async def room(client: Client) -> Socket:
    """One more from this address, as soon as it is let in."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(aiohttp.WSServerHandshakeError):
                return await join_from(client, ADDRESS)
            await asyncio.sleep(0.01)


async def is_sent_away(client: Client) -> bool:
    """Whether one more connection of the player is."""
    socket = await join(client)
    await socket.send_json({"type": "hello", "token": token(EMAIL)})
    return await close_code(socket) == 4503


async def say_hello(client: Client) -> Socket:
    """One more of the player's connections."""
    socket = await join(client)
    assert (await ask(socket, type="hello", token=token(EMAIL)))["type"] == "welcome"
    return socket


async def test_an_address_has_so_many_connections_on_all_servers_together_and_gets_room_again(
    start_server: StartServer, valkey: RedisServer, tmp_path: Path
) -> None:
    one, other, _ = await joined_servers(start_server, valkey, tmp_path, max_connections_per_ip=2)
    first = await join_from(one, ADDRESS)
    await join_from(other, ADDRESS)
    assert await is_refused(one)
    assert await is_refused(other)
    await join_from(one, "192.0.2.2")
    await first.close()
    await room(other)


async def test_many_who_come_at_once_are_no_more_than_the_limit(
    start_server: StartServer, valkey: RedisServer, tmp_path: Path
) -> None:
    one, other, _ = await joined_servers(start_server, valkey, tmp_path, max_connections_per_ip=5)
    coming = [join_from(client, ADDRESS) for client in (one, other) for _ in range(10)]
    came = [socket for socket in await asyncio.gather(*coming, return_exceptions=True) if not isinstance(socket, BaseException)]
    assert 1 <= len(came) <= 5
    while len(came) < 5:
        came.append(await room(other))
    assert await is_refused(one)


async def test_a_player_has_so_many_connections_on_all_servers_together(
    start_server: StartServer, valkey: RedisServer, tmp_path: Path
) -> None:
    one, other, _ = await joined_servers(start_server, valkey, tmp_path, auth_secret=SECRET, max_connections_per_player=1)
    first = await say_hello(one)
    assert await is_sent_away(other)
    await first.close()
    await eventually(lambda: not len(hub_of(one)))
    await eventually(lambda: valkey.ask("KEYS", f"*:player:{EMAIL}") == [], interval=0.01)
    second = await say_hello(other)
    await eventually(lambda: valkey.ask("KEYS", f"*:player:{EMAIL}"), interval=0.01)
    assert (await ask(second, type="ping"))["type"] == "pong"


async def test_those_of_a_server_that_has_ended_do_not_count(
    start_server: StartServer, valkey: RedisServer, tmp_path: Path
) -> None:
    one, other, _ = await joined_servers(start_server, valkey, tmp_path, max_connections_per_ip=1)
    await join_from(one, ADDRESS)
    assert await is_refused(other)
    await one.close()
    await room(other)


@pytest.mark.parametrize("away", [frozen, killed])
async def test_while_redis_is_away_each_server_has_its_own_limit_and_afterwards_who_came_counts(
    start_server: StartServer,
    valkey: RedisServer,
    tmp_path: Path,
    away: Callable[[RedisServer], AbstractContextManager[None]],
) -> None:
    one, other, _ = await joined_servers(start_server, valkey, tmp_path, max_connections_per_ip=2)
    before = await join_from(one, ADDRESS)
    with away(valkey):
        for client in (one, other):
            await eventually(lambda client=client: redis_of(client) == "away", interval=0.01)  # type: ignore[misc]
        first, second = [await join_from(other, ADDRESS) for _ in range(2)]
        assert await is_refused(other)
        await before.close()
        await eventually(lambda: not len(hub_of(one)))
    for client in (one, other):
        await eventually(lambda client=client: redis_of(client) == "ok", interval=0.01)  # type: ignore[misc]
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                came = await join_from(one, ADDRESS)
            except aiohttp.WSServerHandshakeError:
                break
            await came.close()
            await asyncio.sleep(0.05)
    await first.close()
    await second.close()
    await room(one)


def redis_of(client: Client) -> str:
    assert client.app is not None
    return str(client.app[keys.SERVERS].redis)


def hub_of(client: Client) -> Hub:
    assert client.app is not None
    hub: Hub = client.app[keys.HUB]
    return hub
