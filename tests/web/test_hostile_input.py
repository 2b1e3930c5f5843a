"""Requests made to hurt: each gets an answer, nobody else notices, and the log has no traceback."""

import asyncio
import socket
import struct
from typing import Any

import pytest

from tests.conftest import StartServer
from tests.eventually import PATIENCE
from tests.web.conversation import CHAT, Client, ask, hear, join

Headers = dict[str, str]


async def raw(client: Client, request: bytes) -> bytes:
    """Sends bytes and returns the answer to a request that asks for `Connection: close`."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(request)
    answer = b""
    async with asyncio.timeout(PATIENCE):
        while chunk := await reader.read(65536):
            answer += chunk
    writer.close()
    return answer


@pytest.mark.parametrize(
    "header", [b"Authorization: Bearer \xff", b"Cookie: tilo_login=\xff; tilo_admin=\xff", b"X-Forwarded-For: \xff"]
)
@pytest.mark.parametrize("path", [b"/", b"/admin", b"/admin/login", b"/api/v1/stats"])
async def test_any_byte_in_a_header_gets_an_answer(
    header: bytes, path: bytes, start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = await start_server()
    answer = await raw(client, b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n\r\n" % (path, header))
    assert answer.startswith(b"HTTP/1.1 ")
    assert not answer.startswith(b"HTTP/1.1 5")
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_user_agent_of_any_bytes_does_not_hide_the_dashboard(start_server: StartServer) -> None:
    client = await start_server()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nUser-Agent: \xff\xfe\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert b" 101 " in await reader.readline()
    form = await (await client.get("/admin/login")).text()
    token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
    await client.post("/admin/login", data={"username": "admin", "password": "correct horse", "csrf_token": token})
    origin = f"http://{client.host}:{client.port}"
    feed = await client.ws_connect("/admin/feed?section=clients", headers={"Origin": origin})
    assert (await feed.receive_json(timeout=PATIENCE))["connections"][0]["user_agent"] == "??"
    assert (await feed.receive_json(timeout=PATIENCE))["type"] == "snapshot"
    writer.close()


async def test_a_connection_that_breaks_does_not_end_the_fan_out(start_server: StartServer) -> None:
    client = await start_server(chat_rate=0, command_rate=0)
    listener = await join(client)
    for number in range(20):
        doomed = socket.create_connection((client.host, client.port))
        doomed.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        doomed.sendall(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await asyncio.sleep(0.01)
        doomed.close()  # a reset, not an end of file
        await listener.send_json(CHAT | {"message": str(number)})
        assert (await hear(listener, "chat"))["message"] == str(number)


async def test_changing_and_ending_an_event_at_once_leaves_one_outcome(start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server(pool_max=8)
    for _ in range(10):
        body = {"type": "m", "value": "1", "duration": 60}
        event = await (await client.post("/api/v1/events", json=body, headers=api_headers)).json()
        path = f"/api/v1/events/{event['id']}"
        changed, ended = await asyncio.gather(
            client.patch(path, json={"value": "2"}, headers=api_headers), client.delete(path, headers=api_headers)
        )
        assert (changed.status, ended.status) in ((200, 204), (404, 204))
        assert await (await client.get("/api/v1/events", headers=api_headers)).json() == []


async def test_faulty_messages_are_limited_too(start_server: StartServer) -> None:
    socket_ = await join(await start_server(command_rate=0.001, command_burst=2))
    for _ in range(2):
        await socket_.send_str("nonsense")
        await socket_.send_bytes(b"nonsense")
    codes = [(await hear(socket_, "error"))["code"] for _ in range(4)]
    assert codes == ["bad_json", "bad_json", "rate_limited", "rate_limited"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"duration": 60, "expires_at": "2999-01-01T00:00:00"}, "duration"),
        ({"duration": -5}, "duration"),
        ({"duration": 1e300}, "expires_at"),
        ({"starts_at": "0001-01-01T00:00:00"}, "starts_at"),
    ],
)
async def test_a_faulty_change_is_explained(
    change: dict[str, Any], named: str, start_server: StartServer, api_headers: Headers
) -> None:
    client = await start_server()
    body = {"type": "m", "value": "1", "duration": 60}
    event = await (await client.post("/api/v1/events", json=body, headers=api_headers)).json()
    response = await client.patch(f"/api/v1/events/{event['id']}", json=change, headers=api_headers)
    assert response.status == 400
    assert f"{named}: " in (await response.json())["error"]["message"]


async def test_a_claimed_address_is_no_author(start_server: StartServer, sql: Any) -> None:
    client = await start_server()
    socket_ = await join(client)
    await ask(socket_, type="score_update", email="somebody@else.example", score=1, survival_time=1)
    await ask(socket_, **CHAT)
    assert sql("SELECT email FROM chat_messages") == [(None,)]


async def test_a_mistake_of_ours_is_told_in_json_and_logged_once(
    start_server: StartServer, api_headers: Headers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = await start_server()
    monkeypatch.setattr("tilo_ws.services.leaderboard.Leaderboard.top", lambda self, limit: 1 / 0)
    response = await client.get("/api/v1/leaderboard", headers=api_headers)
    assert (response.status, (await response.json())["error"]["code"]) == (500, "internal_error")
    assert [record.message for record in caplog.records if record.exc_info] == ["GET /api/v1/leaderboard failed"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"\xff\xfe=\xff"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"a=b"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("text/plain", b"csrf_token=x"),
        ("application/x-www-form-urlencoded", b"a=b&" * 60),
    ],
)
async def test_what_is_no_form_is_refused(content_type: str, body: bytes, start_server: StartServer) -> None:
    client = await start_server()
    response = await client.post("/admin/login", data=body, headers={"Content-Type": content_type})
    assert response.status in (400, 403, 415), await response.text()
