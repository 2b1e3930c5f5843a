"""`/admin/clients`: who is connected, one of them in detail, and what can be done about them."""

import time
from typing import Any

from aiohttp import web

from tilo_ws.protocol.bans import Ban
from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.protocol.codes import CommandError
from tilo_ws.realtime.redis_link import RedisAway
from tilo_ws.services.announcements import MAX_LENGTH
from tilo_ws.services.connection_list import NEWEST_FIRST, SORTS
from tilo_ws.services.connection_state import ConnectionState
from tilo_ws.services.moderation import Moderation
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM
from tilo_ws.web.admin.bans import DURATIONS, ban_fields
from tilo_ws.web.admin.feed import Beat
from tilo_ws.web.admin.frame import render
from tilo_ws.web.admin.listing import ROWS, Place, page_number, words_of
from tilo_ws.web.admin.requests import finish, record, way_back

PATH = "/admin/clients"

_GONE = "This connection is gone already."
_AWAY = "Other servers cannot be reached now. Try again in a moment."


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/clients`."""
    return await render(request, "clients.html", "clients")


async def part(app: web.Application, beat: Beat) -> dict[str, Any]:
    """The page of the list that the query asks for, of all servers."""
    sort = beat.query.get("sort", "")
    if sort.removeprefix("-") not in SORTS:
        sort = NEWEST_FIRST
    listed = await app[keys.CONNECTIONS].page(words_of(beat.query), sort, page_number(beat.query), ROWS)
    return {
        "connections": [connection_fields(connection, app[keys.MODERATION]) for connection in listed.rows],
        "connections_total": listed.total,
        "servers": len(app[keys.SERVERS].all()),
        "silent_servers": listed.silent_servers,
        "place": Place(listed.page, listed.pages, listed.found)._asdict(),
        "sort": sort,
    }


def connection_fields(connection: ConnectionState, moderation: Moderation) -> dict[str, Any]:
    """A connection as the dashboard shows it; `held` is the kind of ban or mute that holds for it."""
    ban = _ban_of(connection, moderation)
    return {
        "id": connection.id,
        "server": connection.server,
        "ip": connection.ip,
        "name": connection.name,
        "nickname": connection.nickname,
        "email": connection.email,
        "has_token": connection.has_token,
        "connected_at": utc_text(connection.connected_at),
        "messages_in": connection.messages_in,
        "messages_out": connection.messages_out,
        "buffered_bytes": connection.buffered_bytes,
        "round_trip_ms": None if connection.round_trip is None else round(connection.round_trip * 1000),
        "user_agent": connection.user_agent,
        "held": None if ban is None else ban.kind,
    }


async def one(request: web.Request) -> web.StreamResponse:
    """`GET /admin/clients/{id}`: one connection, and the forms for what can be done about it."""
    connection, moderation = await _find(request), request.app[keys.MODERATION]
    if connection is None:
        return await render(request, "client.html", "clients", status=404, connection=None)
    ban = _ban_of(connection, moderation)
    return await render(
        request,
        "client.html",
        "clients",
        connection=connection_fields(connection, moderation),
        age=time.time() - connection.connected_at,
        ban=None if ban is None else ban_fields(ban, time.time()),
        whom=_whom(connection, is_proxy=request.app[keys.CLIENT_ADDRESS].is_proxy(connection.ip)),
        durations=DURATIONS,
        max_message_length=MAX_LENGTH,
        servers=len(request.app[keys.SERVERS].all()),
    )


async def send_message(request: web.Request) -> web.StreamResponse:
    """`POST /admin/clients/{id}/message` with `message`: an announcement that this connection alone hears."""
    back, message = way_back(request, PATH), request[FORM].get("message", "")
    connection = await _find(request)
    try:
        heard = await request.app[keys.ANNOUNCEMENTS].announce(message, connection=request.match_info["id"])
    except CommandError as error:
        finish(request, back, f"Not sent. {error.message}", "bad")
    except RedisAway:
        finish(request, back, f"Not sent. {_AWAY}", "bad")
    if connection is None or not heard:
        finish(request, back, f"Not sent. {_GONE}", "bad")
    await record(request, "message_player", connection.name, id=connection.id, message=message)
    finish(request, back, f"{connection.name} has been told.")


async def kick(request: web.Request) -> web.StreamResponse:
    """`POST /admin/clients/{id}/kick`, with a `reason` for the record. There is no undo: the connection is gone."""
    back, connection = way_back(request, PATH), await _find(request)
    try:
        is_gone = connection is not None and await request.app[keys.CONNECTIONS].kick(connection.id)
    except RedisAway:
        finish(request, back, _AWAY, "bad")
    if connection is None or not is_gone:
        finish(request, back, _GONE, "bad")
    await record(request, "kick", connection.name, id=connection.id, reason=request[FORM].get("reason", ""))
    finish(request, back, f"{connection.name} has been disconnected.")


async def _find(request: web.Request) -> ConnectionState | None:
    return await request.app[keys.CONNECTIONS].find(request.match_info["id"])


def _ban_of(connection: ConnectionState, moderation: Moderation) -> Ban | None:
    return moderation.match(connection.email if connection.has_token else None, connection.nickname, connection.ip)


def _whom(connection: ConnectionState, *, is_proxy: bool) -> list[dict[str, Any]]:
    """By what this player can be banned, the surest first and chosen.

    Without a token the e-mail address is claimed only, and the nickname is changed at will; behind a proxy that forwards no
    address everybody has the proxy's.
    """
    choices = []
    if connection.has_token:
        choices.append({"field": "email", "value": connection.email, "hint": "of the token"})
    if not is_proxy:
        choices.append({"field": "ip", "value": connection.ip, "hint": "whoever comes from there"})
    if connection.nickname:
        choices.append({"field": "nickname", "value": connection.nickname, "hint": "and look-alikes"})
    if is_proxy:
        choices.append({"field": "ip", "value": connection.ip, "hint": "a proxy: everybody behind it"})
    return choices
