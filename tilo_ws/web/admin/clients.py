"""`/admin/clients`: who is connected, one of them in detail, and what can be done about them."""

import asyncio
import time
from itertools import islice
from typing import Any

from aiohttp import web

from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.protocol.codes import CloseCode, CommandError
from tilo_ws.realtime.connection import Connection
from tilo_ws.services.announcements import MAX_LENGTH
from tilo_ws.services.heartbeat import measure_round_trips
from tilo_ws.services.moderation import Moderation
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM
from tilo_ws.web.admin.bans import DURATIONS, ban_fields
from tilo_ws.web.admin.connection_list import connection_list
from tilo_ws.web.admin.feed import Beat
from tilo_ws.web.admin.frame import render
from tilo_ws.web.admin.requests import finish, record, way_back

PATH = "/admin/clients"

_GONE = "This connection is gone already."
_MEASURED_AT_ONCE = 200
"""Pings a second to those that nobody sees yet, where the list is in the order of the round trip."""


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/clients`."""
    return await render(request, "clients.html", "clients")


def part(app: web.Application, beat: Beat) -> dict[str, Any]:
    """The page of the list that the query asks for; whoever is on it is pinged now and then."""
    hub, moderation, now = app[keys.HUB], app[keys.MODERATION], asyncio.get_running_loop().time()
    shown, place, sort = connection_list(hub, beat.query)
    measure_round_trips(shown, now)
    if sort.removeprefix("-") == "trip":
        measure_round_trips(islice((one for one in hub if one.round_trip is None), _MEASURED_AT_ONCE), now)
    return {
        "connections": [connection_fields(connection, moderation) for connection in shown],
        "connections_total": len(hub),
        "place": place,
        "sort": sort,
    }


def connection_fields(connection: Connection, moderation: Moderation) -> dict[str, Any]:
    """A connection as the dashboard shows it; `held` is the kind of ban or mute that holds for it."""
    ban = moderation.of(connection)
    return {
        "id": connection.id,
        "ip": connection.ip,
        "name": name_of(connection),
        "nickname": connection.nickname,
        "email": connection.email,
        "has_token": connection.player is not None,
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
    connection, moderation = _find(request), request.app[keys.MODERATION]
    if connection is None:
        return await render(request, "client.html", "clients", status=404, connection=None)
    ban = moderation.of(connection)
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
    )


async def send_message(request: web.Request) -> web.StreamResponse:
    """`POST /admin/clients/{id}/message` with `message`: an announcement that this connection alone hears."""
    back, message = way_back(request, PATH), request[FORM].get("message", "")
    connection = _find(request)
    try:
        heard = request.app[keys.ANNOUNCEMENTS].announce(message, connection=request.match_info["id"])
    except CommandError as error:
        finish(request, back, f"Not sent. {error.message}", "bad")
    if connection is None or not heard:
        finish(request, back, f"Not sent. {_GONE}", "bad")
    await record(request, "message_player", name_of(connection), id=connection.id, message=message)
    finish(request, back, f"{name_of(connection)} has been told.")


async def kick(request: web.Request) -> web.StreamResponse:
    """`POST /admin/clients/{id}/kick`, with a `reason` for the record. There is no undo: the connection is gone."""
    back, connection = way_back(request, PATH), _find(request)
    if connection is None:
        finish(request, back, _GONE, "bad")
    connection.close(CloseCode.KICKED, "kicked")
    await record(request, "kick", name_of(connection), id=connection.id, reason=request[FORM].get("reason", ""))
    finish(request, back, f"{name_of(connection)} has been disconnected.")


def name_of(connection: Connection) -> str:
    """What to call this connection in a sentence."""
    return connection.nickname or connection.email or connection.ip


def _find(request: web.Request) -> Connection | None:
    connection = request.app[keys.HUB].get(request.match_info["id"])
    return None if connection is None or connection.close_code is not None else connection


def _whom(connection: Connection, *, is_proxy: bool) -> list[dict[str, Any]]:
    """By what this player can be banned, the surest first and chosen.

    Without a token the e-mail address is claimed only, and the nickname is changed at will; behind a proxy that forwards no
    address everybody has the proxy's.
    """
    player = connection.player
    choices = []
    if player is not None:
        choices.append({"field": "email", "value": player.email, "hint": "of the token"})
    if not is_proxy:
        choices.append({"field": "ip", "value": connection.ip, "hint": "whoever comes from there"})
    if connection.nickname:
        choices.append({"field": "nickname", "value": connection.nickname, "hint": "and look-alikes"})
    if is_proxy:
        choices.append({"field": "ip", "value": connection.ip, "hint": "a proxy: everybody behind it"})
    return choices
