"""How the tests talk to a server over its WebSocket."""

from typing import Any

from aiohttp import ClientWebSocketResponse
from aiohttp.test_utils import TestClient

Client = TestClient[Any, Any]
Socket = ClientWebSocketResponse[Any]

CHAT = {"type": "chat", "nickname": "Zoë", "message": "hi"}
SCORE = {"type": "score_update", "email": "Zoe@Example.com", "score": 100, "survival_time": 30}


async def join(client: Client, path: str = "/ws") -> Socket:
    """Connects and hears the two messages that everybody hears first."""
    socket = await client.ws_connect(path)
    assert (await hear(socket))["type"] == "online_count"
    assert (await hear(socket))["type"] == "global_events"
    return socket


async def hear(socket: Socket, type: str | None = None) -> dict[str, Any]:
    """The next message, or the next of a type."""
    while True:
        message: dict[str, Any] = await socket.receive_json(timeout=5)
        if type in (None, message["type"]):
            return message


async def ask(socket: Socket, **fields: Any) -> dict[str, Any]:
    """Sends a command with a ref and returns its answer."""
    await socket.send_json({"ref": "asked"} | fields)
    while True:
        message = await hear(socket)
        if message.get("ref") == "asked":
            return message
