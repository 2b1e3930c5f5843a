"""`/api/v1/chat` and `/api/v1/announcements`: what was said, taken back; what an admin says."""

from typing import Annotated
from uuid import UUID

import msgspec
from aiohttp import web

from tilo_ws.protocol.chat_message import ChatMessage, utc_text
from tilo_ws.protocol.text import MAX_EMAIL_LENGTH
from tilo_ws.services.announcements import MAX_LENGTH
from tilo_ws.web import keys
from tilo_ws.web.api.requests import UtcText, answer, body, described, whole

MAX_PAGE = 1_000
_MISSING = "there is no such message"
LARGEST_SEQ = 2**63 - 1


class Announcement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/v1/announcements`: to everybody, to the player of a token, or to one connection."""

    message: Annotated[str, described(minLength=1, maxLength=MAX_LENGTH)]
    email: Annotated[str | None, described(maxLength=MAX_EMAIL_LENGTH)] = None
    connection: str | None = None


class ChatEntry(msgspec.Struct, frozen=True):
    """A chat message as game back ends see it. `email` is the player's, where a token proved it."""

    seq: int
    id: UUID
    nickname: str
    email: str | None
    message: str
    timestamp: UtcText


async def list_chat(request: web.Request) -> web.Response:
    """`GET /api/v1/chat?limit=&before=`: newest first, the deleted ones left out."""
    limit = whole(request, "limit", default=100, most=MAX_PAGE)
    before = whole(request, "before", default=LARGEST_SEQ, most=LARGEST_SEQ)
    return answer([_entry(message) for message in await request.app[keys.CHAT].page(before, limit)])


async def delete_chat(request: web.Request) -> web.Response:
    """`DELETE /api/v1/chat/{seq}`."""
    if not await request.app[keys.CHAT].delete(_seq(request)):
        raise web.HTTPNotFound(text=_MISSING)
    return web.Response(status=204)


async def announce(request: web.Request) -> web.Response:
    """`POST /api/v1/announcements`."""
    new = await body(request, Announcement)
    if not await request.app[keys.ANNOUNCEMENTS].announce(new.message, email=new.email, connection=new.connection):
        raise web.HTTPNotFound(text="nobody is connected who is meant")
    return web.Response(status=202)


def _entry(message: ChatMessage) -> ChatEntry:
    return ChatEntry(message.seq, message.id, message.nickname, message.email, message.message, utc_text(message.created_at))


def _seq(request: web.Request) -> int:
    raw = request.match_info["seq"]
    if not (raw.isascii() and raw.isdigit() and len(raw) < 19):
        raise web.HTTPNotFound(text=_MISSING)
    return int(raw)
