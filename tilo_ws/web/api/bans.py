"""`/api/v1/bans`: who is banned or muted."""

import time
from typing import Annotated
from uuid import UUID

import msgspec
from aiohttp import web

from tilo_ws.protocol.bans import Ban, BanKind
from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.protocol.text import MAX_EMAIL_LENGTH
from tilo_ws.services.moderation import MAX_NICKNAME_LENGTH, MAX_REASON_LENGTH
from tilo_ws.web import keys
from tilo_ws.web.api.requests import UtcText, answer, body, described, id_in_path, positive

_BY = "api"
"""Who bans, in the database."""

_MISSING = "there is no such ban"
_NO_ID = UUID(int=0)

_LONGEST = 100 * 366 * 86_400.0
"""Seconds: what is longer is for good."""


class NewBan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/v1/bans`: whoever matches one of the first four. `duration` in seconds; without it for good."""

    kind: BanKind
    email: Annotated[str | None, described(maxLength=MAX_EMAIL_LENGTH)] = None
    nickname: Annotated[str | None, described(maxLength=MAX_NICKNAME_LENGTH)] = None
    ip: str | None = None
    network: str | None = None
    duration: Annotated[float | None, described(exclusiveMinimum=0)] = None
    reason: Annotated[str, described(maxLength=MAX_REASON_LENGTH)] = ""


class BanState(msgspec.Struct, frozen=True):
    """A ban or mute that holds. `expires_at` is null for one that is for good."""

    id: UUID
    kind: BanKind
    email: str | None
    nickname: str | None
    ip: str | None
    network: str | None
    expires_at: UtcText | None
    reason: str
    created_by: str
    created_at: UtcText


async def list_bans(request: web.Request) -> web.Response:
    """`GET /api/v1/bans`: those that hold now, oldest first."""
    return answer([_state(ban) for ban in request.app[keys.MODERATION].all()])


async def create_ban(request: web.Request) -> web.Response:
    """`POST /api/v1/bans`."""
    new = await body(request, NewBan)
    ends = None if new.duration is None or new.duration > _LONGEST else time.time() + positive(new.duration)
    ban = Ban(
        id=_NO_ID,
        kind=new.kind,
        email=new.email,
        nickname=new.nickname,
        ip=new.ip,
        network=new.network,
        expires_at=ends,
        reason=new.reason,
    )
    return answer(_state(await request.app[keys.MODERATION].add(ban, by=_BY)), status=201)


async def lift_ban(request: web.Request) -> web.Response:
    """`DELETE /api/v1/bans/{id}`."""
    if not await request.app[keys.MODERATION].lift(id_in_path(request, _MISSING), by=_BY):
        raise web.HTTPNotFound(text=_MISSING)
    return web.Response(status=204)


def _state(ban: Ban) -> BanState:
    ends = None if ban.expires_at is None else utc_text(ban.expires_at)
    times = {"created_at": utc_text(ban.created_at), "expires_at": ends}
    return BanState(**msgspec.structs.asdict(ban) | times)
