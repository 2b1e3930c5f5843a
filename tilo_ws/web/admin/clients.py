"""`/admin/clients`: who is connected."""

from typing import Any

from aiohttp import web

from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.realtime.connection import Connection
from tilo_ws.web import keys
from tilo_ws.web.admin.feed import Beat
from tilo_ws.web.admin.frame import render

MAX_SHOWN = 200


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/clients`."""
    return await render(request, "clients.html", "clients")


def part(app: web.Application, beat: Beat) -> dict[str, Any]:
    """The newest connections, and how many there are."""
    hub = app[keys.HUB]
    return {
        "connections": [connection_fields(connection) for connection in hub.newest(MAX_SHOWN)],
        "connections_total": len(hub),
    }


def connection_fields(connection: Connection) -> dict[str, Any]:
    """A connection as the dashboard shows it."""
    return {
        "id": connection.id,
        "ip": connection.ip,
        "nickname": connection.nickname,
        "email": connection.email,
        "connected_at": utc_text(connection.connected_at),
        "messages_in": connection.messages_in,
        "messages_out": connection.messages_out,
        "buffered_bytes": connection.buffered_bytes,
        "user_agent": connection.user_agent,
    }
