"""Who may connect, and how many: limits over real WebSockets."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.conftest import StartServer
from tests.eventually import PATIENCE
from tests.web.conversation import CHAT, Client, Socket, ask, close_code, hear, join
from tilo_ws.settings import SettingError, read_settings

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def refused(client: Client, **headers: str) -> aiohttp.WSServerHandshakeError:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.ws_connect("/ws", headers=headers)
    return refusal.value


async def join_from(client: Client, ip: str) -> Socket:
    return await client.ws_connect("/ws", headers={"X-Forwarded-For": ip})


async def test_one_address_has_so_many_connections_and_gets_room_again(start_server: StartServer) -> None:
    client = await start_server(max_connections_per_ip=2)
    first, _ = [await join_from(client, "192.0.2.1") for _ in range(2)]
    assert (await refused(client, **{"X-Forwarded-For": "192.0.2.1"})).status == 429
    watching = await join_from(client, "192.0.2.2")
    await hear(watching, "online_count", count=3)
    await first.close()
    await hear(watching, "online_count", count=2)
    await join_from(client, "192.0.2.1")


async def test_addresses_of_one_ipv6_network_are_one(start_server: StartServer) -> None:
    client = await start_server(max_connections_per_ip=1)
    await join_from(client, "2001:db8::1")
    assert (await refused(client, **{"X-Forwarded-For": "2001:db8::2"})).status == 429
    await join_from(client, "2001:db8:0:1::1")


async def test_x_forwarded_for_spoofed_from_outside_does_not_get_around_the_limit(start_server: StartServer) -> None:
    client = await start_server(max_connections_per_ip=1)
    await join_from(client, "198.51.100.1, 192.0.2.1")
    assert (await refused(client, **{"X-Forwarded-For": "198.51.100.2, 192.0.2.1"})).status == 429


async def test_a_proxy_that_forwards_no_address_is_not_limited_and_one_line_says_what_to_set(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = await start_server(max_connections_per_ip=2)
    for _ in range(2):
        await join(client)
    assert "X-Forwarded-For" not in caplog.text
    for _ in range(3):
        await join(client)
    assert caplog.text.count("let it send X-Forwarded-For") == 1


async def test_too_many_at_once_are_told_when_to_come_back(start_server: StartServer) -> None:
    client = await start_server(connect_rate=0.1)
    await join(client)
    refusal = await refused(client)
    assert refusal.status == 503
    assert refusal.headers is not None
    assert 1 <= int(refusal.headers["Retry-After"]) <= 10


@pytest.mark.parametrize("origin", ["https://evil.test", "http://tilo.life", "https://tilo.life:8443", "null", ""])
async def test_a_cross_site_websocket_is_refused(start_server: StartServer, origin: str) -> None:
    client = await start_server(allowed_origins=("https://tilo.life", "http://localhost:3000"))
    assert (await refused(client, Origin=origin)).status == 403
    for allowed in ("https://tilo.life", "HTTPS://Tilo.Life", "http://localhost:3000"):
        await client.ws_connect("/ws", headers={"Origin": allowed})
    await join(client)


@pytest.mark.parametrize("raw", ["tilo.life", "https://tilo.life/", "wss://tilo.life", "https://*.tilo.life:x", "https://a@b"])
def test_what_is_no_origin_stops_the_start(raw: str) -> None:
    with pytest.raises(SettingError, match="TILO_ALLOWED_ORIGINS"):
        read_settings({"TILO_ALLOWED_ORIGINS": raw})


def test_usual_ports_may_be_named_or_not() -> None:
    settings = read_settings({"TILO_ALLOWED_ORIGINS": "https://a.test:443, http://b.test:80,http://[::1]:3000"})
    assert settings.allowed_origins == ("https://a.test", "http://b.test", "http://[::1]:3000")


@pytest.mark.parametrize("command", [CHAT, {"type": "nonsense"}, {"type": "ping"}])
async def test_who_is_refused_a_hundred_times_within_ten_seconds_is_sent_away(
    start_server: StartServer, command: dict[str, Any]
) -> None:
    client = await start_server(chat_rate=0.001, chat_burst=1, command_rate=0.001, command_burst=50)
    flood, other = await join(client), await join(client)
    for _ in range(150):
        await flood.send_json(command)
    assert await close_code(flood) == 4003
    assert (await ask(other, type="ping"))["type"] == "pong"


async def test_a_flood_of_pings_of_the_websocket_protocol_is_one_too(start_server: StartServer) -> None:
    client = await start_server(command_rate=0.001, command_burst=50)
    flood = await client.ws_connect("/ws", autoping=False)
    for _ in range(75):
        await flood.ping()
        await flood.pong()
    assert await close_code(flood) == 4003


async def test_ninety_nine_refusals_are_forgiven(start_server: StartServer) -> None:
    socket = await join(await start_server(command_rate=0))
    for _ in range(99):
        assert (await ask(socket, type="nonsense"))["code"] == "unknown_type"
    assert (await ask(socket, type="ping"))["type"] == "pong"


async def test_a_request_that_takes_too_long_is_ended(start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tilo_ws.web.middlewares.REQUEST_TIMEOUT", 0.5)
    client = await start_server()

    async def never_ending() -> AsyncIterator[bytes]:
        yield b"username="
        await asyncio.sleep(PATIENCE)

    for headers in (FORM, FORM | {"Upgrade": "websocket", "Connection": "Upgrade"}):
        response = await client.post("/admin/login", data=never_ending(), headers=headers)
        assert response.status == 408
