"""nginx with the files of deploy/ before one server: what gets through, what does not, and who the server thinks is there."""

import asyncio
import io
import json
import re

import aiohttp
import pytest

from tests.command import PROJECT
from tests.deploy import nginx as debian
from tests.deploy.nginx import Nginx
from tests.eventually import PATIENCE
from tests.web.dashboard import Visitor

pytestmark = pytest.mark.skipif(debian.PROGRAM is None, reason="nginx is not installed: apt-get install nginx")

PLAYER, OTHER = "127.0.0.2", "127.0.0.3"
"""Addresses of players: 127.0.0.1 is that of the proxy, whom the server trusts."""


@pytest.mark.parametrize("path", ["/ws", "/"])
async def test_players_get_through(path: str, nginx: Nginx) -> None:
    async with nginx.caller(PLAYER) as player, player.ws_connect(path) as socket:
        await socket.send_json({"type": "chat", "nickname": "Zoë", "message": "hello", "ref": 1})
        assert (await reply(socket, "chat"))["message"] == "hello"
        assert (await reply(socket, "ack"))["ref"] == 1


async def test_pages_and_files_get_through_by_https_only(nginx: Nginx) -> None:
    async with nginx.caller(PLAYER) as browser:
        async with browser.get("/static/websocket-client.js") as response:
            assert await response.read() == (PROJECT / "static" / "websocket-client.js").read_bytes()
            assert "Strict-Transport-Security" in response.headers
        async with browser.get(f"http://localhost:{nginx.plain_port}/admin", allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (301, "https://localhost/admin")


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/ws/metrics", "/static/../metrics", "/api/../metrics"])
async def test_what_is_for_those_who_watch_the_server_stays_inside(path: str, nginx: Nginx) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", nginx.port, ssl=nginx.tls, server_hostname="localhost")
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"<center>nginx</center>" in answer


async def test_an_admin_logs_in_and_has_a_live_page(nginx: Nginx) -> None:
    async with nginx.caller(PLAYER) as session:
        admin = Visitor(session, nginx.url)
        assert (await admin.log_in())[0] == 200
        assert await admin.is_logged_in()
        cookies = list(session.cookie_jar)
        assert cookies
        assert all(cookie["secure"] and cookie["httponly"] for cookie in cookies)
        feed = await admin.open_feed()
        assert (await feed.receive_json(timeout=PATIENCE))["type"]
        await feed.close()


async def test_a_player_has_the_own_address_whatever_the_headers_claim(nginx: Nginx, api_headers: dict[str, str]) -> None:
    claims = {"X-Forwarded-For": "198.51.100.1, 127.0.0.1", "X-Real-IP": "198.51.100.1", "Forwarded": "for=198.51.100.1"}
    async with nginx.caller(PLAYER) as player, player.ws_connect("/ws", headers=claims) as socket:
        await reply(socket, "online_count")
        async with player.get("/api/v1/connections", headers=api_headers) as response:
            assert [connection["ip"] for connection in await response.json()] == [PLAYER]


async def test_a_ban_of_an_address_meets_who_has_it_and_nobody_else(nginx: Nginx, api_headers: dict[str, str]) -> None:
    async with nginx.caller(PLAYER) as banned, nginx.caller(OTHER) as other:
        async with banned.ws_connect("/ws") as socket, other.ws_connect("/ws") as remaining:
            await reply(socket, "online_count")
            await reply(remaining, "online_count")
            ban = {"ip": PLAYER, "kind": "ban", "duration": 60}
            async with other.post("/api/v1/bans", json=ban, headers=api_headers) as response:
                assert response.status == 201
            assert await close_code(socket) == 4501
            await remaining.send_json({"type": "ping"})
            await reply(remaining, "pong")
        for claims in ({}, {"X-Forwarded-For": OTHER}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await banned.ws_connect("/ws", headers=claims)
            assert refusal.value.status == 403
        async with other.ws_connect("/ws", headers={"X-Forwarded-For": PLAYER}) as socket:
            await reply(socket, "online_count")


async def test_the_limit_of_connections_is_one_of_each_address(nginx: Nginx) -> None:
    async with nginx.caller(PLAYER) as player, nginx.caller(OTHER) as other:
        sockets = [await player.ws_connect("/ws") for _ in range(3)]
        for claims in ({}, {"X-Forwarded-For": OTHER}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await player.ws_connect("/ws", headers=claims)
            assert refusal.value.status == 429
        sockets += [await other.ws_connect("/ws") for _ in range(3)]
        for socket in sockets:
            await socket.close()


async def test_the_largest_batch_of_scores_gets_through(nginx: Nginx, api_headers: dict[str, str]) -> None:
    scores = [{"email": f"{'x' * 200}{number}@example.com", "score": number, "survival_time": 1} for number in range(10_000)]
    body = io.BytesIO(json.dumps(scores).encode())
    headers = api_headers | {"Content-Type": "application/json"}
    async with (
        nginx.caller(PLAYER) as backend,
        backend.post("/api/v1/scores", data=body, headers=headers) as response,
    ):
        assert response.status == 200


def test_a_worker_has_room_for_ten_thousand_players() -> None:
    """Each of them is two connections, one outside and one inside."""
    main = (debian.FILES / "nginx.conf").read_text()
    [connections] = re.findall(r"^    worker_connections (\d+);$", main, re.MULTILINE)
    [files] = re.findall(r"^worker_rlimit_nofile (\d+);$", main, re.MULTILINE)
    assert 2 * 10_000 < int(connections) < int(files)


async def reply(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, object]:
    """The next message of this type."""
    async with asyncio.timeout(PATIENCE):
        while (message := await socket.receive_json())["type"] != kind:
            pass
    found: dict[str, object] = message
    return found


async def close_code(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """How the server ends it."""
    async with asyncio.timeout(PATIENCE):
        while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    return socket.close_code
