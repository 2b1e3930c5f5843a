"""Attacks on the protocols below the messages, by raw bytes; another player is served all the while."""

import asyncio
import contextlib
import gzip
import json
import struct
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any, cast

import pytest
from aiohttp import WSMessage, WSMsgType

from tests.conftest import Sql, StartServer
from tests.eventually import PATIENCE
from tests.fakes import open_connection
from tests.web.conversation import CHAT, Client, ask, join, shake_hands
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.frames import text_frame
from tilo_ws.web.closings import Closings
from tilo_ws.web.inbound import NO_LIMIT, Inbound
from tilo_ws.web.websocket import MOST_IGNORED, converse

_MASK = b"\0\0\0\0"


@contextlib.asynccontextmanager
async def bystander(client: Client) -> AsyncIterator[None]:
    """A player who is served before, and still after."""
    player = await join(client)
    yield
    assert (await ask(player, **CHAT))["type"] == "ack"
    await player.close()


def client_frame(opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    """A frame as a client sends it (RFC 6455, section 5.2), or as none may."""
    first = (0x80 if fin else 0) | reserved | opcode
    bit = 0x80 if masked else 0
    size = len(payload)
    head = struct.pack("!BB", first, bit | size) if size < 126 else struct.pack("!BBH", first, bit | 126, size)
    return head + (_MASK if masked else b"") + payload


async def close_code_after(client: Client, *frames: bytes) -> int | None:
    """What the server closes with after these bytes; None where it cuts without a word."""
    reader, writer = await shake_hands(client)
    sending = asyncio.create_task(send_all(writer, frames))
    received = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE):
            while chunk := await reader.read(65_536):
                received += chunk
    writer.transport.abort()
    await sending
    return last_close_code(received.partition(b"\r\n\r\n")[2])


async def send_all(writer: asyncio.StreamWriter, frames: Iterable[bytes]) -> None:
    """Sends as far as the server reads."""
    with contextlib.suppress(ConnectionError):
        for one in frames:
            writer.write(one)
            await writer.drain()


def last_close_code(frames: bytes) -> int | None:
    """The code of the close frame among unmasked frames, which has to be the last."""
    while len(frames) >= 2:
        size, start = frames[1] & 0x7F, 2
        if size == 126:
            size, start = struct.unpack("!H", frames[2:4])[0], 4
        if frames[0] & 0xF == 0x8:
            assert len(frames) == start + size, "nothing may follow a close frame"
            return int(struct.unpack("!H", frames[start : start + 2])[0])
        frames = frames[start + size :]
    return None


PING = json.dumps({"type": "ping"}).encode()


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([client_frame(0x1, b"\xff\xfe")], 1007),
        ([client_frame(0x1, PING, reserved=0x40)], 1002),
        ([client_frame(0x3, PING)], 1002),
        ([client_frame(0x9, b"x" * 126)], 1002),
        ([client_frame(0x9, b"x", fin=False)], 1002),
        ([client_frame(0x0, PING)], 1002),
        ([client_frame(0x1, PING, fin=False), client_frame(0x1, PING)], 1002),
        ([client_frame(0x8, b"\x03")], 1002),
        ([client_frame(0x1, b"x" * 17_000)], 1009),
        ([client_frame(0x1, b"x" * 9_000, fin=False), client_frame(0x0, b"x" * 9_000, fin=False)], 1009),
    ],
    ids=[
        *("no UTF-8", "reserved bit", "unknown opcode", "long ping", "ping in pieces", "continuation of nothing"),
        *("message inside a message", "close of one byte", "huge message", "fragments that are too much together"),
    ],
)
async def test_frames_that_break_the_protocol_end_the_connection(
    start_server: StartServer, frames: list[bytes], code: int
) -> None:
    client = await start_server()
    async with bystander(client):
        assert await close_code_after(client, *frames) == code


async def test_frames_after_a_close_are_not_carried_out(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    async with bystander(client):
        late = [client_frame(0x1, json.dumps(CHAT | {"nickname": "Mallory"}).encode()), client_frame(0x9)]
        assert await close_code_after(client, client_frame(0x8, struct.pack("!H", 1000)) + b"".join(late), *late) == 1000
    assert sql("SELECT nickname FROM chat_messages") == [(CHAT["nickname"],)]


@pytest.mark.parametrize("before", [[], [client_frame(0x1, PING)], [client_frame(0x1, PING.ljust(8_000))]])
async def test_unmasked_frames_end_the_connection_and_are_not_carried_out(
    start_server: StartServer, sql: Sql, before: list[bytes]
) -> None:
    client = await start_server()
    async with bystander(client):
        said = client_frame(0x1, json.dumps(CHAT | {"nickname": "Mallory"}).encode(), masked=False)
        assert await close_code_after(client, *before, said, client_frame(0x8, struct.pack("!H", 1000), masked=False)) == 1002
    assert sql("SELECT nickname FROM chat_messages") == [(CHAT["nickname"],)]


class Noting:
    """A listener that notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def receive(self, text: str, now: float) -> None:
        self.heard.append(text)

    def refuse_binary(self, now: float) -> None:
        self.heard.append(None)

    def takes_control_frame(self, now: float) -> bool:
        return True


async def test_who_goes_on_after_the_close_is_not_read_any_more() -> None:
    connection, transport = open_connection()
    connection.close(CloseCode.FLOODING)
    frames = [WSMessage(WSMsgType.TEXT, "{}", None), WSMessage(WSMsgType.PING, b"", None)]
    listener = Noting()

    class Endless:
        count = 0
        inbound = Inbound(asyncio.Protocol(), NO_LIMIT, time.monotonic, connection, Closings())

        async def receive(self) -> WSMessage:
            self.count += 1
            return frames[self.count % 2]

    socket = Endless()
    async with asyncio.timeout(PATIENCE):
        await converse(cast(Any, socket), connection, listener)
    assert (socket.count, transport.paused, listener.heard) == (MOST_IGNORED, True, [])


async def test_who_sends_without_a_pause_leaves_others_their_turn() -> None:
    connection, _ = open_connection()
    listener = Noting()

    class Buffered:
        """A thousand frames that have come at once."""

        inbound = Inbound(asyncio.Protocol(), NO_LIMIT, time.monotonic, connection, Closings())

        async def receive(self) -> WSMessage:
            if len(listener.heard) == 1_000:
                return WSMessage(WSMsgType.CLOSED, None, None)
            return WSMessage(WSMsgType.TEXT, "{}", None)

    talking = asyncio.create_task(converse(cast(Any, Buffered()), connection, listener))
    await asyncio.sleep(0)
    assert 0 < len(listener.heard) < 100
    await talking
    assert len(listener.heard) == 1_000


async def test_compression_that_is_offered_is_not_negotiated(start_server: StartServer) -> None:
    client = await start_server()
    answer = await raw(
        client,
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        until=b"\r\n\r\n",
    )
    assert b" 101 " in answer
    assert b"permessage-deflate" not in answer


async def raw(client: Client, request: bytes, until: bytes = b"") -> bytes:
    """What the server answers to these bytes, up to `until` or the end of the connection."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    answer = b""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        writer.write(request)
        async with asyncio.timeout(PATIENCE):
            answer = await reader.readuntil(until) if until else await reader.read()
    writer.transport.abort()
    return answer


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Content-Length : 5\r\n",
        b"X: a\r\n folded\r\n",
        b"X: a\0b\r\n",
        b"X: " + b"x" * 20_000 + b"\r\n",
    ],
)
async def test_request_smuggling_is_refused_and_ends_the_connection(start_server: StartServer, head: bytes) -> None:
    client = await start_server()
    async with bystander(client):
        answer = await raw(
            client,
            b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
            until=b"\r\n\r\n",
        )
        assert b" 400 " in answer.partition(b"\r\n")[0]
        assert b" 200 " not in answer


@pytest.mark.parametrize(
    "path", ["/static/../setup.cfg", "/static/%2e%2e/setup.cfg", "/static/..%5csetup.cfg", "/static/%00", "/static//etc/passwd"]
)
async def test_path_traversal_leads_nowhere_outside_the_static_files(start_server: StartServer, path: str) -> None:
    client = await start_server()
    answer = await raw(client, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b" ", 2)[1] in (b"403", b"404")
    assert b"metadata" not in answer


async def test_a_decompression_bomb_is_refused(start_server: StartServer, api_headers: dict[str, str]) -> None:
    client = await start_server()
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    async with bystander(client):
        response = await client.post("/api/v1/scores", data=bomb, headers=api_headers | {"Content-Encoding": "gzip"})
        assert response.status in (400, 413)


def test_the_close_frame_is_found_among_others() -> None:
    assert last_close_code(text_frame(b"x" * 200) + b"\x88\x02\x03\xe8") == 1000
