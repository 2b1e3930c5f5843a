"""`/admin/players/{email}`: one player, with all that is known of them."""

import asyncio
import time
from typing import Any

from aiohttp import web

from tilo_ws.protocol.bans import Ban
from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.text import email_address
from tilo_ws.services.connection_state import ConnectionState
from tilo_ws.services.player_records import NEWEST
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.bans import ban_fields
from tilo_ws.web.admin.frame import render
from tilo_ws.web.admin.links import player_path, query
from tilo_ws.web.admin.players import PATH, score_fields
from tilo_ws.web.admin.refused_scores import refused_fields
from tilo_ws.web.admin.requests import finish

_MAX_REFUSED = 10


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/players/{email}`; with `before` the chat below that number."""
    email = address_of(request)
    sessions = await request.app[keys.CONNECTIONS].of_player(email)
    refused = [one for one in (await request.app[keys.REFUSED_SCORES].newest()).newest if one.email == email]
    fields: dict[str, Any] = {
        "email": email,
        "path": player_path(email),
        "servers": len(request.app[keys.SERVERS].all()),
        "sessions": [_session_fields(connection) for connection in sessions],
        "refused": [refused_fields(one) for one in refused[:_MAX_REFUSED]],
        "refused_total": len(refused),
        "is_away": False,
    }
    try:
        fields |= await _recorded(request, email, sessions)
    except (DatabaseAway, StatementTimeout):
        fields["is_away"] = True
    nickname = (fields.get("score") or {}).get("nickname") or next((one.nickname for one in sessions if one.nickname), None)
    fields["nickname"] = nickname
    fields["shown_as"] = request.app[keys.LEADERBOARD].name_of(email, (fields.get("score") or {}).get("nickname"))
    fields["ban_forms"] = {
        kind: "/admin/bans" + query(kind=kind, email=email, back=player_path(email)) for kind in ("mute", "shadow_mute", "ban")
    }
    return await render(request, "player.html", "players", **fields)


def address_of(request: web.Request) -> str:
    """The player of the path, in the one spelling. Leads to the list for what is no address."""
    try:
        return email_address(request.match_info["email"])
    except CommandError as error:
        finish(request, PATH, f"There is no such player. {error.message}", "bad")


async def _recorded(request: web.Request, email: str, sessions: list[ConnectionState]) -> dict[str, Any]:
    """What PostgreSQL has of the player. Raises DatabaseAway, StatementTimeout."""
    records = request.app[keys.PLAYER_RECORDS]
    before, now = _before(request), time.time()
    score, (messages, has_more) = await asyncio.gather(records.score(email), records.chat(email, before))
    nickname = score.result.nickname if score else None
    bans = await records.bans(email, [ban.id for ban in _in_force(request.app, email, nickname, sessions)])
    return {
        "score": {"rank": score.rank} | score_fields(score.result) if score else None,
        "chat": [
            {"seq": row.seq, "message": row.message, "said_at": utc_text(row.created_at), "as": row.nickname}
            for row in messages
        ],
        "chat_is_newest": before == NEWEST,
        "older_chat": player_path(email) + query(before=messages[-1].seq) + "#chat" if has_more else None,
        "bans": [ban_fields(ban, now) | {"is_active": ban.is_active(now)} for ban in bans],
    }


def _in_force(app: web.Application, email: str, nickname: str | None, sessions: list[ConnectionState]) -> list[Ban]:
    """Each ban that holds for the address, for the nickname, or for where the player is connected from."""
    names = {name for name in (nickname, *(one.nickname for one in sessions)) if name}
    return app[keys.MODERATION].about([email], names, {one.ip for one in sessions})


def _session_fields(connection: ConnectionState) -> dict[str, Any]:
    return {
        "id": connection.id,
        "server": connection.server,
        "ip": connection.ip,
        "user_agent": connection.user_agent,
        "connected_at": utc_text(connection.connected_at),
        "nickname": connection.nickname,
        "is_proven": connection.has_token,
    }


def _before(request: web.Request) -> int:
    raw = request.query.get("before", "")
    return int(raw) if raw.isascii() and raw.isdigit() and 0 < len(raw) <= 18 else NEWEST
