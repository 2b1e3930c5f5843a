"""Servers that Redis joins, as players, game back ends and admins see them: as one."""

import asyncio
import dataclasses
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from tests import redis_server
from tests.conftest import ADMIN_PASSWORD, Sql, StartServer, open_directory
from tests.eventually import eventually
from tests.redis_server import RedisServer
from tests.web.conversation import CHAT, Client, ask, close_code, hear, join
from tests.web.dashboard import logged_in
from tests.web.joined import valkey
from tests.web.test_tokens import SECRET, token
from tilo_ws.app import create_app
from tilo_ws.realtime.servers import Servers
from tilo_ws.realtime.servers_redis import RedisServers
from tilo_ws.settings import Settings
from tilo_ws.storage import lease
from tilo_ws.storage.lease import LeaseTaken
from tilo_ws.web import keys

__all__ = ["valkey"]

StartJoined = Callable[..., Awaitable[list[Client]]]
"""Starts servers that know each other: `first, second = await start_joined(2)`."""

_prefixes = (f"joined-{number}" for number in itertools.count())


@pytest.fixture
def start_joined(start_server: StartServer, valkey: RedisServer) -> StartJoined:
    prefix = next(_prefixes)

    async def start(count: int, **settings: object) -> list[Client]:
        clients = []
        for number in range(count):
            joined = {"redis_url": valkey.url, "redis_prefix": prefix, "port": number + 1}
            clients.append(await start_server(**joined | settings))
        for client in clients:
            await servers_of(client).beat()
        return clients

    return start


def servers_of(client: Client) -> Servers:
    assert client.app is not None
    servers: Servers = client.app[keys.SERVERS]
    return servers


def name_of(client: Client) -> str:
    return servers_of(client).own.name


async def test_everybody_is_online_whichever_server_they_are_on(start_joined: StartJoined) -> None:
    first, second = await start_joined(2)
    player = await join(first)
    other = await join(second)
    await hear(player, "online_count", count=2)
    await asyncio.gather(second.app[keys.LIFECYCLE].drain(), close_code(other))
    await second.close()
    await hear(player, "online_count", count=1)


async def test_one_of_them_leads(start_joined: StartJoined) -> None:
    first, second = await start_joined(2)
    assert [servers_of(client).leads for client in (first, second)] == [True, False]
    await first.close()
    await eventually(lambda: servers_of(second).leads)


async def test_what_the_leader_cleans_up_is_forgotten_by_all(start_joined: StartJoined, sql: Sql) -> None:
    first, second = await start_joined(2, chat_retention=1, cleanup_interval=0.1)
    player = await join(second)
    await ask(player, **CHAT)
    histories = [client.app[keys.HISTORY] for client in (first, second)]
    await eventually(lambda: all(history.newest(1) for history in histories))
    await eventually(lambda: not any(history.newest(1) for history in histories))
    assert sql("SELECT count(*) FROM chat_messages") == [(0,)]


async def test_the_api_lists_and_ends_connections_to_all_servers(
    start_joined: StartJoined, api_headers: dict[str, str]
) -> None:
    first, second = await start_joined(2)
    await join(first)
    player = await join(second)
    await ask(player, **CHAT)
    listed = await (await first.get("/api/v1/connections", headers=api_headers)).json()
    assert [(one["server"], one["nickname"]) for one in listed] == [(name_of(first), None), (name_of(second), "Zoë")]
    path = f"/api/v1/connections/{listed[1]['id']}"
    assert (await first.delete(path, headers=api_headers)).status == 204
    assert await close_code(player) == 4502
    assert (await first.delete(path, headers=api_headers)).status == 404


async def test_a_player_is_spoken_to_on_all_servers(start_joined: StartJoined, api_headers: dict[str, str]) -> None:
    first, second = await start_joined(2, auth_secret=SECRET)
    players = [await join(client) for client in (first, second, second)]
    for player in players[:2]:
        await ask(player, type="hello", token=token())
    email = {"message": "to you", "email": "zoe@example.com"}
    assert (await first.post("/api/v1/announcements", headers=api_headers, json=email)).status == 202
    for player in players[:2]:
        assert (await hear(player, "announcement"))["message"] == "to you"
    [other] = [one for one in await first.app[keys.CONNECTIONS].all() if not one.has_token]
    body = {"message": "to you alone", "connection": other.id}
    assert (await first.post("/api/v1/announcements", headers=api_headers, json=body)).status == 202
    assert (await hear(players[2], "announcement"))["message"] == "to you alone"
    nobody = {"message": "to nobody", "email": "nobody@example.com"}
    assert (await first.post("/api/v1/announcements", headers=api_headers, json=nobody)).status == 404


async def test_the_api_tells_of_all_servers(start_joined: StartJoined, api_headers: dict[str, str]) -> None:
    first, second = await start_joined(2)
    await join(second)
    for client in (second, first):
        await servers_of(client).beat()
    stats = await (await first.get("/api/v1/stats", headers=api_headers)).json()
    assert (stats["online"], stats["connections"]) == (1, 0)
    assert [(server["name"], server["connections"]) for server in stats["servers"]] == [
        (name_of(first), 0),
        (name_of(second), 1),
    ]


async def test_the_dashboard_shows_and_reaches_clients_of_all_servers(start_joined: StartJoined, sql: Sql) -> None:
    first, second = await start_joined(2)
    await join(first)
    player = await join(second)
    await ask(player, **CHAT)
    async with logged_in(first) as admin:
        frame = await (await admin.open_feed("clients")).receive_json()
        assert [row["server"] for row in frame["connections"]] == [name_of(second), name_of(first)]
        assert (frame["connections_total"], frame["servers"], frame["silent_servers"]) == (2, 2, 0)
        id = frame["connections"][0]["id"]
        _, text = await admin.get(f"/admin/clients/{id}")
        assert name_of(second) in text
        assert "Zoë has been told." in (await admin.post(f"/admin/clients/{id}/message", message="Be kind."))[1]
        assert (await hear(player, "announcement"))["message"] == "Be kind."
        assert "Zoë has been disconnected." in (await admin.post(f"/admin/clients/{id}/kick"))[1]
        assert await close_code(player) == 4502
        overview = await (await admin.open_feed()).receive_json()
    assert [server["name"] for server in overview["servers"]] == [name_of(first), name_of(second)]
    assert sql("SELECT action, target FROM admin_actions WHERE action IN ('kick', 'message_player') ORDER BY action") == [
        ("kick", "Zoë"),
        ("message_player", "Zoë"),
    ]


async def test_nobody_is_asked_while_no_page_needs_it(start_joined: StartJoined, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await start_joined(2)
    await join(second)
    asked: list[str] = []
    ask_others = RedisServers.ask

    async def ask_and_count(servers: RedisServers, topic: str, question: object, kind: Any) -> list[Any]:
        asked.append(topic)
        return await ask_others(servers, topic, question, kind)

    monkeypatch.setattr(RedisServers, "ask", ask_and_count)
    async with logged_in(first) as admin:
        for section in ("overview", "chat", "events", "bans"):
            await (await admin.open_feed(section)).receive_json()
        assert asked == []
        await (await admin.open_feed("clients")).receive_json()
    assert set(asked) == {"connection_list"}


async def test_a_server_that_is_alone_and_joined_ones_keep_each_other_off_the_database(
    start_server: StartServer, start_joined: StartJoined, valkey: RedisServer, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_TAKE_TIMEOUT", 0.1)
    first, second = await start_joined(2)
    lone = Settings(database_url=dsn, pool_min=1, admin_password=ADMIN_PASSWORD)
    assert (await refusal(lone)).startswith("servers that Redis joins use this database, ")
    await first.close()
    assert (await refusal(lone)).startswith("servers that Redis joins use this database, ")
    await second.close()  # the last one
    await start_server()
    joined = dataclasses.replace(lone, redis_url=valkey.url, redis_prefix=next(_prefixes))
    assert (await refusal(joined)).startswith("another server uses this database: ")


async def refusal(settings: Settings) -> str:
    """What a start with these settings ends with."""
    runner = web.AppRunner(create_app(settings))
    with pytest.raises(LeaseTaken) as refused:
        await runner.setup()
    await runner.cleanup()
    return str(refused.value)


async def test_redis_away_is_told_and_nobody_is_sent_away(start_joined: StartJoined, api_headers: dict[str, str]) -> None:
    with open_directory() as directory, redis_server.running(directory) as redis:
        first, second = await start_joined(2, redis_url=redis.url)
        player = await join(second)
        for client in (second, first):
            await servers_of(client).beat()
        parts = {"database": "ok", "redis": "ok", "chat": "ok", "scores": "ok"}
        assert await (await first.get("/readyz")).json() == {"status": "ready", **parts, "reasons": {}}
        redis.kill()
        await eventually(lambda: all(servers_of(client).redis == "away" for client in (first, second)))
        response = await first.get("/readyz")
        state = await response.json()
        assert state.pop("reasons").keys() == {"redis"}
        assert (response.status, state) == (200, {"status": "degraded", **parts, "redis": "away"})
        assert servers_of(first).online == 1, "the others as they were last"
        assert (await ask(player, type="ping"))["type"] == "pong"
        assert len(await (await first.get("/api/v1/connections", headers=api_headers)).json()) == 0
        redis.start()
        await eventually(lambda: all(servers_of(client).redis == "ok" for client in (first, second)))
        await eventually(lambda: len(servers_of(first).all()) == 2 == len(servers_of(second).all()))
        assert len(await (await first.get("/api/v1/connections", headers=api_headers)).json()) == 1
