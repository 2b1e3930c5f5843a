"""`/api/v1/connections`: who is connected, and how to end that."""

import msgspec
from aiohttp import web

from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.web import keys
from tilo_ws.web.api.requests import UtcText, answer


class ConnectionEntry(msgspec.Struct, frozen=True):
    """A player's connection, and the name of the server that it is on.

    `nickname` and `email` are what it last called itself, or its token does.
    """

    id: str
    server: str
    ip: str
    nickname: str | None
    email: str | None
    connected_at: UtcText
    messages_in: int
    messages_out: int
    buffered_bytes: int
    user_agent: str


async def list_connections(request: web.Request) -> web.Response:
    """`GET /api/v1/connections`: of all servers, in the order of their arrival."""
    return answer(
        [
            ConnectionEntry(
                id=connection.id,
                server=connection.server,
                ip=connection.ip,
                nickname=connection.nickname,
                email=connection.email,
                connected_at=utc_text(connection.connected_at),
                messages_in=connection.messages_in,
                messages_out=connection.messages_out,
                buffered_bytes=connection.buffered_bytes,
                user_agent=connection.user_agent,
            )
            for connection in await request.app[keys.CONNECTIONS].all()
        ]
    )


async def kick(request: web.Request) -> web.Response:
    """`DELETE /api/v1/connections/{id}`."""
    if not await request.app[keys.CONNECTIONS].kick(request.match_info["id"]):
        raise web.HTTPNotFound(text="there is no such connection")
    return web.Response(status=204)
