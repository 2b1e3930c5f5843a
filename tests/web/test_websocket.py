"""A connection over a real WebSocket: what it hears unasked, how it is kept, and how it ends."""

import asyncio
import json
import logging
import socket
import struct
from itertools import count, pairwise

import pytest
import websockets
from aiohttp import WSMsgType

from tests.conftest import StartServer
from tests.eventually import PATIENCE, eventually
from tests.web.conversation import CHAT, SCORE, ask, close_code, hear, join, shake_hands
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.frames import close_frame
from tilo_ws.realtime import connection as connection_module
from tilo_ws.realtime.hub import LOST
from tilo_ws.services import heartbeat
from tilo_ws.web import closings, keys


@pytest.mark.parametrize("path", ["/ws", "/"])
async def test_a_new_connection_hears_the_count_and_the_events_at_once(path: str, start_server: StartServer) -> None:
    socket = await (await start_server()).ws_connect(path)
    assert await hear(socket) == {"type": "online_count", "count": 1}
    assert await hear(socket) == {"type": "global_events", "events": []}


async def test_the_count_is_told_to_everybody_when_it_changes(start_server: StartServer) -> None:
    client = await start_server()
    first = await join(client)
    second = await join(client)
    await hear(first, "online_count", count=2)
    await second.close()
    await hear(first, "online_count", count=1)


async def test_ping_is_answered_by_exactly_this(start_server: StartServer) -> None:
    socket = await join(await start_server())
    await socket.send_str('{"type":"ping"}')
    while (text := await socket.receive_str(timeout=PATIENCE)).startswith('{"type":"online_count"'):
        pass
    assert text == '{"type":"pong"}'
    answer = await ask(socket, type="ping")
    assert answer.keys() == {"type", "ref", "server_time"}


async def test_events_are_told_when_asked(start_server: StartServer, api_headers: dict[str, str]) -> None:
    client = await start_server()
    socket = await join(client)
    response = await client.post("/api/v1/events", json={"type": "m", "value": 2, "duration": 60}, headers=api_headers)
    event = await response.json()
    told = await hear(socket, "global_events")
    assert told["events"] == [{name: event[name] for name in ("type", "value", "expires_at", "id")}]
    assert told["events"][0]["value"] == "2"
    assert (await ask(socket, type="get_events"))["events"] == told["events"]


async def test_an_event_that_expires_is_told(start_server: StartServer, api_headers: dict[str, str]) -> None:
    client = await start_server()
    socket = await join(client)
    await client.post("/api/v1/events", json={"type": "m", "value": 2, "duration": 0.5}, headers=api_headers)
    assert len((await hear(socket, "global_events"))["events"]) == 1
    assert (await hear(socket, "global_events"))["events"] == []


async def test_a_silent_connection_is_pinged(start_server: StartServer) -> None:
    client = await start_server(connection_timeout=60)
    socket = await client.ws_connect("/ws", autoping=False)
    assert client.app is not None
    client.app[keys.HUB].sweep(asyncio.get_running_loop().time() + 31, timeout=60)
    while (message := await socket.receive(timeout=PATIENCE)).type is WSMsgType.TEXT:
        pass
    assert message.type is WSMsgType.PING


async def test_a_connection_silent_for_too_long_is_closed(start_server: StartServer) -> None:
    client = await start_server(connection_timeout=0.5)
    socket = await client.ws_connect("/ws", autoping=False)
    assert await close_code(socket) == CloseCode.IDLE_TIMEOUT


async def test_a_ping_frame_is_answered(start_server: StartServer) -> None:
    client = await start_server()
    socket = await client.ws_connect("/ws", autoping=False)
    await socket.ping(b"payload")
    while (message := await socket.receive(timeout=PATIENCE)).type is not WSMsgType.PONG:
        pass
    assert message.data == b"payload"


async def test_a_close_is_answered_with_its_code(start_server: StartServer) -> None:
    client = await start_server()
    socket = await join(client)
    await socket.close(code=4321)
    assert socket.close_code == 4321
    assert (await (await client.get("/readyz")).json())["status"] == "ready"


async def test_compression_is_never_agreed_on(start_server: StartServer) -> None:
    socket = await (await start_server()).ws_connect("/ws", compress=15)
    assert socket.compress == 0


async def test_a_plain_request_is_told_what_to_do(start_server: StartServer) -> None:
    response = await (await start_server()).get("/ws")
    assert response.status == 426
    assert "websocket-client.js" in await response.text()


async def test_after_a_faulty_handshake_the_line_still_takes_requests(start_server: StartServer) -> None:
    client = await start_server()
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 1\r\n\r\n"
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 400 " in head.partition(b"\r\n")[0]
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(PATIENCE):
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    writer.close()


@pytest.mark.parametrize(("is_cut", "code"), [(False, CloseCode.NORMAL), (True, LOST)])
async def test_connections_and_their_end_are_logged_once(
    start_server: StartServer, caplog: pytest.LogCaptureFixture, is_cut: bool, code: int
) -> None:
    caplog.set_level(logging.INFO, "tilo_ws")
    player = await join(await start_server())
    if is_cut:
        player._response.connection.transport.abort()  # type: ignore[union-attr]
    else:
        await player.close()
    await eventually(lambda: f"code {code:d}" in caplog.text)
    assert [record.message.split(":")[0] for record in caplog.records if "connected: " in record.message] == [
        "connected",
        "disconnected",
    ]


async def test_a_connection_cut_without_a_word_is_forgotten(start_server: StartServer) -> None:
    client = await start_server()
    assert client.app is not None
    hub = client.app[keys.HUB]
    _, writer = await shake_hands(client)
    await eventually(lambda: len(hub) == 1)
    writer.transport.abort()
    await eventually(lambda: len(hub) == 0)


async def test_who_ends_its_half_and_does_not_read_is_not_kept(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "_ABORT_DELAY", 0.1)
    client = await start_server(max_message_length=0, max_frame_bytes=0, chat_rate=0, command_rate=0)
    assert client.app is not None
    hub = client.app[keys.HUB]
    _, writer = await shake_hands(client)
    player = await join(client)
    stalled = next(iter(hub))
    for number in count():
        await ask(player, **CHAT | {"message": f"{number} " + "x" * 100_000})
        if stalled.buffered_bytes:
            break
    writer.write_eof()
    await eventually(lambda: len(hub) == 1)
    assert hub.closed == {LOST: 1}
    writer.close()


@pytest.mark.parametrize("is_reset", [False, True])
async def test_of_a_crowd_that_is_cut_off_at_once_only_some_are_forgotten_in_a_turn(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, is_reset: bool
) -> None:
    monkeypatch.setattr(closings, "MOST_AT_ONCE", 10)
    client = await start_server(max_connections_per_ip=0)
    assert client.app is not None
    hub = client.app[keys.HUB]
    writers = [(await shake_hands(client))[1] for _ in range(100)]
    await eventually(lambda: len(hub) == 100)
    for writer in writers:
        if is_reset:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    turns = [100]
    async with asyncio.timeout(PATIENCE):
        while turns[-1]:
            await asyncio.sleep(0)
            turns.append(len(hub))
    assert max(before - after for before, after in pairwise(turns)) <= 10


async def test_a_stalled_reader_is_closed_and_others_go_on(start_server: StartServer, api_headers: dict[str, str]) -> None:
    unlimited = {"max_message_length": 0, "max_frame_bytes": 0, "chat_rate": 0, "command_rate": 0}
    client = await start_server(**unlimited)
    assert client.app is not None
    hub = client.app[keys.HUB]
    reader, writer = await shake_hands(client)
    player = await join(client)
    stalled = next(iter(hub))
    for number in range(40):
        await player.send_json(CHAT | {"message": f"{number} " + "x" * 500_000})
        assert (await hear(player, "chat"))["message"].startswith(f"{number} ")
        if stalled.close_code is not None:
            break
    assert stalled.close_code == CloseCode.SLOW_CONSUMER
    last = b""
    async with asyncio.timeout(PATIENCE):
        while not last.endswith(close_frame(CloseCode.SLOW_CONSUMER, "slow_consumer")):
            read = await reader.read(65_536)
            assert read, "ended without a close frame"
            last = last[-100:] + read
    writer.close()
    await eventually(lambda: hub.slow_consumers == 1)
    assert (await ask(player, type="ping"))["type"] == "pong"


async def test_a_bug_of_ours_closes_its_connection_with_one_traceback_and_no_other(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(heartbeat, "pong", lambda connection, command: 1 / 0)
    client = await start_server()
    socket, other = await join(client), await join(client)
    await socket.send_json({"type": "ping"})
    assert await close_code(socket) == CloseCode.INTERNAL_ERROR
    assert len([record for record in caplog.records if record.exc_info]) == 1
    assert (await ask(other, type="get_events"))["type"] == "global_events"


async def test_the_number_of_clients_is_logged(start_server: StartServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tilo_ws")
    await start_server()
    line = "connected clients: 0, database pool: 1 connections, 1 free"
    await eventually(lambda: line in [record.message for record in caplog.records])


async def test_any_websocket_client_works(server_url: str) -> None:
    """The eight messages of the seed, spoken by another library to a server in a process of its own."""
    async with websockets.connect(server_url.replace("http", "ws", 1) + "/ws") as socket:
        heard = [json.loads(await socket.recv()) for _ in range(2)]
        for command in (CHAT, SCORE, {"type": "get_events"}, {"type": "ping"}):
            await socket.send(json.dumps(command))
        heard += [json.loads(await asyncio.wait_for(socket.recv(), PATIENCE)) for _ in range(3)]
    assert {message["type"] for message in heard} == {"online_count", "global_events", "chat", "pong"}
