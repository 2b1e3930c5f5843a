"""What is done on one server holds on the others: bans, events, corrections, announcements and the rest."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sql, StartServer
from tests.eventually import PATIENCE, eventually
from tests.redis_server import RedisServer
from tests.web.conversation import CHAT, Socket, ask, close_code, hear, join
from tests.web.joined import Api, Joined, apis, frozen, joined, joined_servers, killed, valkey
from tests.web.test_tokens import SECRET, token
from tilo_ws.web import keys

__all__ = ["apis", "joined", "valkey"]


async def messages_until_pong(player: Socket, type: str) -> list[dict[str, Any]]:
    """Those of a type that have come so far."""
    await player.send_json({"type": "ping", "ref": "so far"})
    found = []
    async with asyncio.timeout(PATIENCE):
        while (message := await player.receive_json()).get("ref") != "so far":
            if message["type"] == type:
                found.append(message)
    return found


async def both_know_that_it_is_away(joined: Joined) -> None:
    for client in (joined.one, joined.other):
        assert client.app is not None
        servers = client.app[keys.SERVERS]
        await eventually(lambda servers=servers: servers.redis == "away", interval=0.01)  # type: ignore[misc]


async def test_a_ban_sends_away_who_is_on_another_server_and_a_mute_silences(joined: Joined, apis: tuple[Api, Api]) -> None:
    player, other = await join(joined.other), await join(joined.other)
    await ask(player, **CHAT | {"nickname": "Zoë"})
    await ask(other, **CHAT | {"nickname": "Max"})
    ban = await apis[0].call("POST", "/bans", {"nickname": "Zoë", "kind": "ban"})
    assert await close_code(player) == 4501
    mute = await apis[0].call("POST", "/bans", {"nickname": "Max", "kind": "mute"})
    assert joined.other.app is not None
    moderation = joined.other.app[keys.MODERATION]
    await eventually(lambda: len(moderation.all()) == 2)
    assert (await ask(other, **CHAT | {"nickname": "Max"}))["code"] == "muted"
    for id in (ban["id"], mute["id"]):
        await apis[1].call("DELETE", f"/bans/{id}")
    assert joined.one.app is not None
    moderation = joined.one.app[keys.MODERATION]
    await eventually(lambda: not moderation.all())
    assert (await ask(other, **CHAT | {"nickname": "Max"}))["type"] == "ack"


async def test_an_event_is_told_once_on_every_server_at_its_start_and_its_end(joined: Joined, apis: tuple[Api, Api]) -> None:
    players = [await join(client) for client in (joined.one, joined.other)]
    event = await apis[0].call("POST", "/events", {"type": "m", "value": "2", "duration": 60})
    for player in players:
        assert [one["id"] for one in (await hear(player, "global_events"))["events"]] == [event["id"]]
    assert (await apis[1].call("GET", "/events"))[0]["id"] == event["id"]
    await apis[1].call("PATCH", f"/events/{event['id']}", {"value": "3"})
    for player in players:
        assert [one["value"] for one in (await hear(player, "global_events"))["events"]] == ["3"]
    await apis[0].call("DELETE", f"/events/{event['id']}")
    for player in players:
        assert (await hear(player, "global_events"))["events"] == []
    for client in (joined.one, joined.other):
        assert client.app is not None
        client.app[keys.EVENTS].announce()
    for player in players:
        assert await messages_until_pong(player, "global_events") == []


async def test_a_recurring_event_starts_once(joined: Joined, sql: Sql) -> None:
    players = [await join(client) for client in (joined.one, joined.other)]
    assert joined.other.app is not None
    recurring = joined.other.app[keys.RECURRING_EVENTS]
    yearly = recurring.check(name="n", type="m", value="2", duration=60, cron="0 0 1 1 *", timezone="UTC", enabled=True)
    await recurring.create(yearly)
    sql(
        "UPDATE recurring_events SET cron = to_char(now() AT TIME ZONE 'UTC', 'MI HH24 DD MM') || ' *', duration = 600,"
        " due_after = now() - interval '1 hour'"
    )
    for client in (joined.one, joined.other):
        assert client.app is not None
        await client.app[keys.RECURRING_EVENTS].load()
    for player in players:
        assert [one["value"] for one in (await hear(player, "global_events"))["events"]] == ["2"]
    for client in (joined.one, joined.other):
        assert client.app is not None
        await client.app[keys.RECURRING_EVENTS].start_due()
        client.app[keys.EVENTS].announce()
    for player in players:
        assert await messages_until_pong(player, "global_events") == []
    assert sql("SELECT count(*) FROM global_events") == [(1,)]


async def test_slow_mode_holds_on_every_server_and_is_told_to_its_clients(joined: Joined) -> None:
    player = await join(joined.other)
    assert joined.one.app is not None
    await joined.one.app[keys.SLOW_MODE].set(30)
    assert (await hear(player, "limits"))["limits"]["chat_rate"] == pytest.approx(1 / 30)
    await ask(player, **CHAT)
    assert (await ask(player, **CHAT))["code"] == "rate_limited"


async def test_an_announcement_to_all_is_heard_once_on_every_server(joined: Joined, apis: tuple[Api, Api]) -> None:
    players = [await join(client) for client in (joined.one, joined.other)]
    await apis[1].call("POST", "/announcements", {"message": "hello"})
    for player in players:
        assert (await hear(player, "announcement"))["message"] == "hello"
    for player in players:
        assert await messages_until_pong(player, "announcement") == []


async def test_a_message_is_deleted_on_every_server(joined: Joined, apis: tuple[Api, Api], sql: Sql) -> None:
    players = [await join(client) for client in (joined.one, joined.other)]
    said = await ask(players[0], **CHAT)
    await hear(players[1], "chat")
    await apis[1].call("DELETE", f"/chat/{said['seq']}")
    for player in players:
        assert (await hear(player, "chat_deleted"))["seq"] == said["seq"]
    assert sql("SELECT message FROM chat_messages WHERE deleted_at IS NOT NULL") == [("",)]
    for client in (joined.one, joined.other):
        assert (await ask(await join(client), type="hello", history=10))["messages"] == []


async def test_what_a_shadow_muted_player_says_is_seen_by_the_same_player_on_another_server(
    start_server: StartServer, valkey: RedisServer, tmp_path: Path, api_headers: dict[str, str]
) -> None:
    joined = await joined_servers(start_server, valkey, tmp_path, auth_secret=SECRET)
    one, same, else_where = await join(joined.one), await join(joined.other), await join(joined.other)
    for connection in (one, same):
        await ask(connection, type="hello", token=token("zoe@example.com"))
    await Api(joined.one, api_headers).call("POST", "/bans", {"email": "zoe@example.com", "kind": "shadow_mute"})
    await ask(one, **CHAT | {"message": "psst"})
    assert (await hear(same, "chat"))["message"] == "psst"
    assert await messages_until_pong(else_where, "chat") == []
    assert joined.other.app is not None
    assert [message.message for message in joined.other.app[keys.SHADOW_CHAT].newest] == ["psst"]


async def test_a_server_that_missed_notices_reads_everything_anew(joined: Joined, sql: Sql) -> None:
    """Another server's change, of which the notice went with Valkey's data."""
    player = await join(joined.other)
    await ask(player, **CHAT | {"nickname": "Zoë"})
    with killed(joined.valkey):
        sql(
            "INSERT INTO bans (id, kind, nickname, created_by) VALUES (gen_random_uuid(), 'ban', 'Zoë', '');"
            "INSERT INTO players (email, score) VALUES ('ada@x.y', 5);"
            "UPDATE server_identity SET slow_mode = 30;"
            "INSERT INTO global_events VALUES (gen_random_uuid(), 'm', '2', now(), now() + interval '1 hour')"
        )
    assert await close_code(player) == 4501
    for client in (joined.one, joined.other):
        assert client.app is not None
        parts = client.app
        await eventually(lambda parts=parts: parts[keys.LEADERBOARD].top(1), interval=0.01)  # type: ignore[misc]
        await eventually(lambda parts=parts: parts[keys.SLOW_MODE].seconds == 30, interval=0.01)  # type: ignore[misc]
        await eventually(lambda parts=parts: parts[keys.EVENTS].all(), interval=0.01)  # type: ignore[misc]


async def test_chat_of_another_server_is_cleaned_up_by_the_one_that_leads(
    start_server: StartServer, valkey: RedisServer, tmp_path: Path, sql: Sql
) -> None:
    joined = await joined_servers(start_server, valkey, tmp_path, chat_retention=0.01, cleanup_interval=0.05)
    await ask(await join(joined.other), **CHAT)
    await eventually(lambda: sql("SELECT count(*) FROM chat_messages") == [(0,)], interval=0.05)


@pytest.mark.parametrize("away", [frozen, killed])
async def test_what_happened_while_valkey_was_away_holds_everywhere_once_it_is_back(
    joined: Joined, apis: tuple[Api, Api], away: Callable[[RedisServer], AbstractContextManager[None]]
) -> None:
    player, other = await join(joined.other), await join(joined.other)
    await ask(player, **CHAT | {"nickname": "Zoë"})
    await ask(other, type="get_leaderboard", watch=True)
    with away(joined.valkey):
        await apis[0].call("POST", "/bans", {"nickname": "Zoë", "kind": "ban"})
        event = await apis[0].call("POST", "/events", {"type": "m", "value": "2", "duration": 60})
        await apis[0].call("POST", "/scores", [{"email": "zoe@example.com", "score": 7, "survival_time": 1}])
        assert joined.one.app is not None
        await joined.one.app[keys.SLOW_MODE].set(30)
    assert await close_code(player) == 4501
    heard: dict[str, Any] = {}
    async with asyncio.timeout(PATIENCE):
        while not {"global_events", "leaderboard", "limits"} <= heard.keys():
            message = await other.receive_json()
            heard[message["type"]] = message
    assert [one["id"] for one in heard["global_events"]["events"]] == [event["id"]]
    assert [entry["score"] for entry in heard["leaderboard"]["entries"]] == [7]


async def test_a_ban_reaches_the_other_server_while_nobody_can_tell_it(joined: Joined, apis: tuple[Api, Api]) -> None:
    player = await join(joined.other)
    await ask(player, **CHAT | {"nickname": "Zoë"})
    with frozen(joined.valkey):
        await both_know_that_it_is_away(joined)
        await apis[0].call("POST", "/bans", {"nickname": "Zoë", "kind": "ban"})
        assert await close_code(player) == 4501


async def test_a_deletion_reaches_the_other_server_while_nobody_can_tell_it(joined: Joined, apis: tuple[Api, Api]) -> None:
    player, other = await join(joined.one), await join(joined.other)
    said = await ask(player, **CHAT)
    await hear(other, "chat")
    with frozen(joined.valkey):
        await both_know_that_it_is_away(joined)
        await apis[0].call("DELETE", f"/chat/{said['seq']}")
        for listener in (player, other):
            assert (await hear(listener, "chat_deleted"))["id"] == said["id"]
        assert (await ask(await join(joined.other), type="hello", history=10))["messages"] == []


async def test_an_announcement_that_cannot_reach_all_is_refused_and_heard_by_nobody(
    joined: Joined, apis: tuple[Api, Api], api_headers: dict[str, str]
) -> None:
    players = [await join(client) for client in (joined.one, joined.other)]
    with frozen(joined.valkey):
        await both_know_that_it_is_away(joined)
        response = await joined.one.post("/api/v1/announcements", json={"message": "hello"}, headers=api_headers)
        assert (response.status, (await response.json())["error"]["code"]) == (503, "redis_away")
    for client in (joined.one, joined.other):
        assert client.app is not None
        servers = client.app[keys.SERVERS]
        await eventually(lambda servers=servers: servers.redis == "ok", interval=0.01)  # type: ignore[misc]
    await apis[0].call("POST", "/announcements", {"message": "hello again"})
    for player in players:
        assert (await hear(player, "announcement"))["message"] == "hello again"
