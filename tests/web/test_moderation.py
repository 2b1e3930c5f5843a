"""Bans and mutes: in force at once for those who are connected, and at the handshake for those to come."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.conftest import Sql, StartServer
from tests.web.conversation import CHAT, Client, ask, close_code, hear, join
from tests.web.test_tokens import SECRET, token

Headers = dict[str, str]


async def ban(client: Client, headers: Headers, **fields: Any) -> dict[str, Any]:
    response = await client.post("/api/v1/bans", headers=headers, json=fields)
    assert response.status == 201, await response.text()
    created: dict[str, Any] = await response.json()
    return created


async def test_a_ban_of_an_address_closes_its_connections_and_refuses_the_next(
    start_server: StartServer, api_headers: Headers, sql: Sql
) -> None:
    client = await start_server()
    socket = await join(client)
    created = await ban(client, api_headers, kind="ban", network="127.0.0.1/8", reason="flooding")
    assert await close_code(socket) == 4501
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.ws_connect("/ws")
    assert refusal.value.status == 403
    assert sql("SELECT kind, network::text, reason, created_by FROM bans") == [("ban", "127.0.0.0/8", "flooding", "api")]

    lifted = await client.delete(f"/api/v1/bans/{created['id']}", headers=api_headers)
    assert lifted.status == 204
    await join(client)
    assert sql("SELECT count(*) FROM bans") == [(0,)]


async def test_a_ban_of_a_player_holds_at_hello_and_only_for_the_tokens_owner(
    start_server: StartServer, api_headers: Headers
) -> None:
    client = await start_server(auth_secret=SECRET)
    zoe, eve = await join(client), await join(client)
    await ask(zoe, type="hello", token=token())
    await ask(eve, type="score_update", email="zoe@example.com", score=1, survival_time=1)
    await ban(client, api_headers, kind="ban", email="Zoe@Example.com")
    assert await close_code(zoe) == 4501
    assert (await ask(eve, type="ping"))["type"] == "pong"
    again = await join(client)
    await again.send_json({"type": "hello", "token": token()})
    assert await close_code(again) == 4501


async def test_a_mute_of_a_nickname_holds_for_its_look_alikes_and_ends(start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server()
    socket = await join(client)
    await ban(client, api_headers, kind="mute", nickname="Troll", duration=1.5, reason="Be kind")
    for nickname in ("Troll", "TR0LL", "T r o l l"):
        refusal = await ask(socket, **CHAT | {"nickname": nickname})
        assert refusal["code"] == "muted"
        assert "Be kind" in refusal["message"]
    assert (await ask(socket, **CHAT))["type"] == "ack"
    while (answer := await ask(socket, **CHAT | {"nickname": "Troll"})).get("code") in ("muted", "rate_limited"):
        await asyncio.sleep(0.2)
    assert answer["type"] == "ack"


async def test_who_is_shadow_muted_alone_sees_the_message_on_all_own_connections(
    start_server: StartServer, api_headers: Headers, sql: Sql
) -> None:
    client = await start_server(auth_secret=SECRET)
    muted, second, other = [await join(client) for _ in range(3)]
    for socket in (muted, second):
        await ask(socket, type="hello", token=token(name="Zoë"))
    await ask(other, **CHAT | {"message": "before"})
    await ban(client, api_headers, kind="shadow_mute", email="zoe@example.com")

    await muted.send_json(CHAT | {"message": "unheard", "ref": 1})
    shown = await hear(muted, "chat", message="unheard")
    acknowledged = await hear(muted, "ack")
    assert (acknowledged["seq"], acknowledged["id"]) == (shown["seq"], shown["id"])
    await hear(second, "chat", message="unheard")
    await other.send_json(CHAT | {"message": "after", "ref": 1})
    assert (await hear(other, "chat"))["message"] == "after"
    await hear(other, "ack")
    late = await join(client)
    history = (await ask(late, type="hello", history=10))["messages"]
    assert [message["message"] for message in history] == ["before", "after"]
    assert history[1]["seq"] == shown["seq"] + 1
    assert sql("SELECT message FROM chat_messages ORDER BY seq") == [("before",), ("after",)]
    assert sql("SELECT nickname, email, message FROM shadow_messages") == [("Zoë", "zoe@example.com", "unheard")]


async def test_bans_are_in_force_after_a_restart(start_server: StartServer, api_headers: Headers) -> None:
    first = await start_server()
    await ban(first, api_headers, kind="mute", nickname="Troll")
    await ban(first, api_headers, kind="mute", nickname="Short", duration=0.1)
    await asyncio.sleep(0.2)
    await first.close()
    client = await start_server()
    socket = await join(client)
    assert (await ask(socket, **CHAT | {"nickname": "Troll"}))["code"] == "muted"
    listed = await (await client.get("/api/v1/bans", headers=api_headers)).json()
    assert [(one["kind"], one["nickname"], one["expires_at"]) for one in listed] == [("mute", "Troll", None)]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kind": "mute"},
        {"kind": "curse", "nickname": "x"},
        {"kind": "mute", "nickname": "x", "duration": 0},
        {"kind": "mute", "ip": "300.1.1.1"},
        {"kind": "mute", "network": "10.0.0.0/33"},
        {"kind": "mute", "email": "no address"},
        {"kind": "mute", "nickname": "x", "reason": "y" * 501},
        {"kind": "mute", "nickname": "x", "reason": "\0"},
        {"kind": "mute", "nickname": "x\0"},
        {"kind": "mute", "nickname": "x", "by": "me"},
    ],
)
async def test_a_ban_that_makes_no_sense_is_refused(
    start_server: StartServer, api_headers: Headers, sql: Sql, fields: dict[str, Any]
) -> None:
    client = await start_server()
    response = await client.post("/api/v1/bans", headers=api_headers, json=fields)
    assert response.status == 400
    assert (await response.json())["error"]["code"] == "invalid_field"
    assert sql("SELECT count(*) FROM bans") == [(0,)]


@pytest.mark.parametrize("id", ["nonsense", "00000000-0000-4000-8000-000000000000"])
async def test_a_ban_that_is_not_there_cannot_be_lifted(start_server: StartServer, api_headers: Headers, id: str) -> None:
    assert (await (await start_server()).delete(f"/api/v1/bans/{id}", headers=api_headers)).status == 404
