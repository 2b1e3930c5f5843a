"""`/api/v1/chat` and `/api/v1/announcements`: what was said, taken back; what an admin says."""

import msgspec
from aiohttp import web

from tilo_ws.protocol.chat_message import ChatMessage, utc_text
from tilo_ws.web import keys
from tilo_ws.web.api.requests import answer, body, whole

MAX_PAGE = 1_000
_MISSING = "there is no such message"
_LARGEST_SEQ = 2**63 - 1


class Announcement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/v1/announcements`: to everybody, to the player of a token, or to one connection."""

    message: str
    email: str | None = None
    connection: str | None = None


async def list_chat(request: web.Request) -> web.Response:
    """`GET /api/v1/chat?limit=&before=`: newest first, the deleted ones left out."""
    limit = whole(request, "limit", default=100, most=MAX_PAGE)
    before = whole(request, "before", default=_LARGEST_SEQ, most=_LARGEST_SEQ)
    return answer([_fields(message) for message in await request.app[keys.CHAT].page(before, limit)])


async def delete_chat(request: web.Request) -> web.Response:
    """`DELETE /api/v1/chat/{seq}`."""
    if not await request.app[keys.CHAT].delete(_seq(request)):
        raise web.HTTPNotFound(text=_MISSING)
    return web.Response(status=204)


async def announce(request: web.Request) -> web.Response:
    """`POST /api/v1/announcements`."""
    new = await body(request, Announcement)
    if not request.app[keys.ANNOUNCEMENTS].announce(new.message, email=new.email, connection=new.connection):
        raise web.HTTPNotFound(text="nobody is connected who is meant")
    return web.Response(status=202)


def _fields(message: ChatMessage) -> dict[str, object]:
    return {
        "seq": message.seq,
        "id": message.id,
        "nickname": message.nickname,
        "email": message.email,
        "message": message.message,
        "timestamp": utc_text(message.created_at),
    }


def _seq(request: web.Request) -> int:
    raw = request.match_info["seq"]
    if not (raw.isascii() and raw.isdigit() and len(raw) < 19):
        raise web.HTTPNotFound(text=_MISSING)
    return int(raw)
