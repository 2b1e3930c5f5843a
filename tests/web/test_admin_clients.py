"""The dashboard's list of connections and what is done about one of them, without a browser."""

import asyncio
import re

import aiohttp
import pytest

from tests.conftest import Sql, StartServer
from tests.eventually import PATIENCE
from tests.web.conversation import CHAT, Client, Socket, ask, close_code, hear, join
from tests.web.dashboard import Visitor, logged_in
from tests.web.test_tokens import SECRET, token
from tilo_ws.web import keys


async def open_list(admin: Visitor, query: str = "") -> aiohttp.ClientWebSocketResponse:
    return await admin.session.ws_connect(f"{admin.url}/admin/feed?section=clients&{query}", headers={"Origin": admin.url})


def only_id(client: Client) -> str:
    """Of the one connection that there is."""
    assert client.app is not None
    [connection] = client.app[keys.HUB]
    id: str = connection.id
    return id


async def named(client: Client, nickname: str = "Zoë", **headers: str) -> Socket:
    player = await client.ws_connect("/ws", headers=headers)
    await ask(player, **CHAT | {"nickname": nickname})
    return player


async def test_the_round_trip_is_measured_for_who_is_looked_at(start_server: StartServer) -> None:
    client = await start_server()
    player = await named(client)
    await ask(player, type="ping")
    assert client.app is not None
    [connection] = client.app[keys.HUB]
    assert connection.round_trip is None, "nobody looks"
    async with logged_in(client) as admin:
        listening, measured = await open_list(admin), None
        async with asyncio.timeout(PATIENCE):
            while measured is None:
                await ask(player, type="ping")  # whoever reads answers the server's ping on the way
                [row] = (await listening.receive_json())["connections"]
                measured = row["round_trip_ms"]
    assert 0 <= measured < PATIENCE * 1000
    assert connection.round_trip is not None


async def test_the_list_says_who_is_muted(start_server: StartServer) -> None:
    client = await start_server()
    player = await named(client, "Troll")
    async with logged_in(client) as admin:
        await admin.post("/admin/bans", kind="shadow_mute", nickname="Troll", reason="spam")
        [row] = (await (await open_list(admin)).receive_json())["connections"]
        assert row["held"] == "shadow_mute"
        _, text = await admin.get(f"/admin/clients/{row['id']}")
    assert "<strong>Shadow-muted</strong> for ever by <bdi>admin</bdi>: <bdi>spam</bdi>" in text
    await player.close()


async def test_a_message_reaches_that_player_only(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    zoe = await named(client)
    id = only_id(client)
    other = await join(client)
    async with logged_in(client) as admin:
        _, text = await admin.post(f"/admin/clients/{id}/message", message=" Be kind, please. ")
        assert "Zoë has been told." in text
        await admin.post("/admin/clients/nobody/message", message="x")
    assert (await hear(zoe, "announcement"))["message"] == "Be kind, please."
    await other.send_json({"type": "ping", "ref": 1})
    while (heard := await hear(other))["type"] != "pong":
        assert heard["type"] != "announcement"
    rows = sql("SELECT target, details ->> 'message' FROM admin_actions WHERE action = 'message_player'")
    assert rows == [("Zoë", " Be kind, please. ")]


async def test_who_is_kicked_is_closed_and_it_is_written_down(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    player = await named(client)
    id = only_id(client)
    async with logged_in(client) as admin:
        _, text = await admin.post(f"/admin/clients/{id}/kick", reason="third time")
        assert "Zoë has been disconnected." in text
        assert await close_code(player) == 4502
        assert "This connection is gone already." in (await admin.post(f"/admin/clients/{id}/kick"))[1]
        assert "Not sent. This connection is gone" in (await admin.post(f"/admin/clients/{id}/message", message="x"))[1]
        status, text = await admin.get(f"/admin/clients/{id}")
    assert (status, "This connection has ended." in text) == (404, True)
    assert sql("SELECT target, details ->> 'reason' FROM admin_actions WHERE action = 'kick'") == [("Zoë", "third time")]


async def test_whatever_is_typed_as_a_reason_is_written_down_as_far_as_it_can_be(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    await named(client)
    async with logged_in(client) as admin:
        status, _ = await admin.post(f"/admin/clients/{only_id(client)}/kick", reason="a\0b\nc" + "d" * 10_000)
    assert status == 200
    [(reason,)] = sql("SELECT details ->> 'reason' FROM admin_actions WHERE action = 'kick'")
    assert reason.startswith("ab cd")
    assert len(reason) < 2001


@pytest.mark.parametrize(("message", "text"), [("", "message: "), ("x" * 2001, "message: "), ("x\0", "message: ")])
async def test_a_message_that_cannot_be_sent_is_explained(message: str, text: str, start_server: StartServer) -> None:
    client = await start_server()
    player = await join(client)
    async with logged_in(client) as admin:
        answer = (await admin.post(f"/admin/clients/{only_id(client)}/message", message=message))[1]
    assert f"Not sent. {text}" in answer
    await player.close()


@pytest.mark.parametrize(
    ("ip", "has_token", "chosen", "others"),
    [
        ("203.0.113.7", True, "zoe@example.com", ["203.0.113.7", "Zoë"]),
        ("203.0.113.7", False, "203.0.113.7", ["Zoë"]),
        ("127.0.0.1", False, "Zoë", ["127.0.0.1"]),
    ],
)
async def test_the_form_means_what_a_player_cannot_change_and_never_a_whole_proxy(
    ip: str, has_token: bool, chosen: str, others: list[str], start_server: StartServer
) -> None:
    client = await start_server(auth_secret=SECRET)
    player = await client.ws_connect("/ws", headers={"X-Forwarded-For": ip})
    if has_token:
        await ask(player, type="hello", token=token(name="Zoë"))
    await ask(player, **CHAT)
    async with logged_in(client) as admin:
        _, text = await admin.get(f"/admin/clients/{only_id(client)}")
    boxes = re.findall(r'type="checkbox" name="\w+" value="([^"]+)"( checked)?', text)
    assert boxes == [(chosen, " checked"), *((other, "") for other in others)]
    await player.close()
