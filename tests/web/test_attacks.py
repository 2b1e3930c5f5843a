"""Attacks on the protocols below the messages, by raw bytes; another player is served all the while."""

import asyncio
import contextlib
import gzip
import json
import struct
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from tests.conftest import Sql, StartServer
from tests.eventually import PATIENCE
from tests.web.conversation import CHAT, Client, ask, join, shake_hands
from tilo_ws.protocol.frames import text_frame
from tilo_ws.services.hello_rate import HELLO_BURST

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
    with contextlib.suppress(ConnectionError):
        for one in frames:
            writer.write(one)
            await writer.drain()
    received = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE):
            while chunk := await reader.read(65_536):
                received += chunk
    writer.transport.abort()
    return last_close_code(received.partition(b"\r\n\r\n")[2])


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
        ([client_frame(0x8, struct.pack("!H", 1000)), client_frame(0x1, json.dumps(CHAT).encode())], 1000),
    ],
    ids=[
        *("no UTF-8", "reserved bit", "unknown opcode", "long ping", "ping in pieces", "continuation of nothing"),
        *("message inside a message", "close of one byte", "huge message", "fragments without end", "message after close"),
    ],
)
async def test_frames_that_break_the_protocol_end_the_connection(
    start_server: StartServer, frames: list[bytes], code: int
) -> None:
    client = await start_server()
    async with bystander(client):
        assert await close_code_after(client, *frames) == code


@pytest.mark.parametrize("before", [[], [client_frame(0x1, PING)], [client_frame(0x1, PING.ljust(8_000))]])
async def test_unmasked_frames_end_the_connection_and_are_not_carried_out(
    start_server: StartServer, sql: Sql, before: list[bytes]
) -> None:
    client = await start_server()
    async with bystander(client):
        said = client_frame(0x1, json.dumps(CHAT | {"nickname": "Mallory"}).encode(), masked=False)
        assert await close_code_after(client, *before, said, client_frame(0x8, struct.pack("!H", 1000), masked=False)) == 1002
    assert sql("SELECT nickname FROM chat_messages") == [(CHAT["nickname"],)]


async def test_empty_fragments_without_end_are_flooding_also_with_pings_between_them(start_server: StartServer) -> None:
    client = await start_server(command_rate=0.001, command_burst=1, connection_timeout=0)
    async with bystander(client):
        fragments = client_frame(0x0, fin=False) * 50_000
        frames = [client_frame(0x1, fin=False), fragments, client_frame(0x9), *[fragments] * 20]
        assert await close_code_after(client, *frames) == 4003


async def test_tiny_fragments_without_end_count_as_silence(start_server: StartServer) -> None:
    client = await start_server(connection_timeout=0.5)
    reader, writer = await shake_hands(client)
    writer.write(client_frame(0x1, b"x", fin=False))
    received = b""
    async with asyncio.timeout(PATIENCE):
        while b"idle_timeout" not in received:
            writer.write(client_frame(0x0, b"x", fin=False))
            with contextlib.suppress(TimeoutError):
                received += await asyncio.wait_for(reader.read(65_536), 0.05)
    writer.transport.abort()


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
async def test_smuggled_requests_are_refused_and_the_connection_ends(start_server: StartServer, head: bytes) -> None:
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
async def test_no_path_leads_out_of_the_static_files(start_server: StartServer, path: str) -> None:
    client = await start_server()
    answer = await raw(client, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b" ", 2)[1] in (b"403", b"404")
    assert b"metadata" not in answer


async def test_a_body_that_unpacks_into_more_than_it_may_is_refused(
    start_server: StartServer, api_headers: dict[str, str]
) -> None:
    client = await start_server()
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    async with bystander(client):
        response = await client.post("/api/v1/scores", data=bomb, headers=api_headers | {"Content-Encoding": "gzip"})
        assert response.status in (400, 413)


async def test_line_breaks_in_a_head_make_no_second_line_in_the_log(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = await start_server()
    socket = await join(client)
    await ask(socket, **CHAT | {"nickname": "a\nINFO forged", "message": "b\r\nINFO forged"})
    await raw(client, b"GET /ws\x0b HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4\x0bINFO forged\r\n\r\n", until=b"\r\n\r\n")
    assert all("\n" not in record.getMessage() and "\r" not in record.getMessage() for record in caplog.records)


async def test_a_flood_of_hellos_is_limited_long_before_other_commands_are(start_server: StartServer) -> None:
    client = await start_server(command_rate=0)
    async with bystander(client):
        player = await join(client)
        answers = [await ask(player, type="hello", history=100) for _ in range(HELLO_BURST + 1)]
        assert [answer["type"] for answer in answers] == ["welcome"] * HELLO_BURST + ["error"]
        assert answers[-1]["code"] == "rate_limited"
        assert 0 < answers[-1]["retry_after"] <= 1
        assert (await ask(player, type="ping"))["type"] == "pong"


async def test_requests_that_cannot_be_read_do_not_fill_the_log_with_tracebacks(server_url: str) -> None:
    host, port = str(urlsplit(server_url).hostname), urlsplit(server_url).port
    for head in (b"GET / HTTP/1.1\r\nX: \0\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\x16\x03\x01\x02\0\x01"):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(head)
        assert b" 400 " in await reader.readline()
        writer.close()  # that there was no traceback is seen at the end of this server


def test_the_close_frame_is_found_among_others() -> None:
    assert last_close_code(text_frame(b"x" * 200) + b"\x88\x02\x03\xe8") == 1000
