"""How the tests talk to a server over its WebSocket."""

import asyncio
import socket
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType
from aiohttp.test_utils import TestClient

from tests.eventually import PATIENCE

Client = TestClient[Any, Any]
Socket = ClientWebSocketResponse[Any]

CHAT = {"type": "chat", "nickname": "Zoë", "message": "hi"}
SCORE = {"type": "score_update", "email": "Zoe@Example.com", "score": 100, "survival_time": 30}


async def join(client: Client, path: str = "/ws") -> Socket:
    """Connects and hears the two messages that everybody hears first."""
    player = await client.ws_connect(path)
    assert (await hear(player))["type"] == "online_count"
    assert (await hear(player))["type"] == "global_events"
    return player


async def hear(player: Socket, type: str | None = None, **fields: Any) -> dict[str, Any]:
    """The next message; or the next of a type, with these fields. What comes before it is passed over."""
    async with asyncio.timeout(PATIENCE):
        while True:
            message: dict[str, Any] = await player.receive_json()
            if type in (None, message["type"]) and message | fields == message:
                return message


async def ask(player: Socket, **fields: Any) -> dict[str, Any]:
    """Sends a command with a ref and returns its answer."""
    command = {"ref": "asked"} | fields
    await player.send_json(command)
    return await hear(player, ref=command["ref"])


async def close_code(player: Socket) -> int | None:
    """Waits until the server closes the connection. Returns its code."""
    async with asyncio.timeout(PATIENCE):
        while (await player.receive()).type is not WSMsgType.CLOSE:
            pass
    return player.close_code


async def shake_hands(client: Client) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A WebSocket on a plain stream with small buffers, for what no well-behaved client does."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, (client.host, client.port))
    reader, writer = await asyncio.open_connection(sock=plain, limit=4096)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert b" 101 " in await reader.readline()
    return reader, writer
