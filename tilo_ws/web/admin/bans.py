"""`/admin/bans`: who is banned or muted, since when and for how long, and the form for one more."""

import math
import time
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from tilo_ws.protocol.bans import Ban, BanKind
from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM, SESSION
from tilo_ws.web.admin.feed import Beat
from tilo_ws.web.admin.frame import render
from tilo_ws.web.admin.listing import page_of, words_of
from tilo_ws.web.admin.requests import Undo, finish, record, way_back

PATH = "/admin/bans"

DURATIONS = {600: "10 minutes", 3_600: "1 hour", 86_400: "1 day", 604_800: "1 week"}
"""Seconds, as the forms offer them."""

_WHOM = ("nickname", "email", "ip", "network")
_FIELDS = ("kind", *_WHOM, "duration", "reason", "back")
_LONGEST = 100 * 366 * 86_400
"""Seconds: what is longer is for good."""
_MAX_PAST = 50
_MAX_GIVEN = 1_000
"""Characters of a field that come back: an address has to fit into a request's head."""
_DONE = {BanKind.BAN: "banned", BanKind.MUTE: "muted", BanKind.SHADOW_MUTE: "shadow-muted"}


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/bans`; `kind`, `email`, `nickname`, `ip`, `network`, `duration`, `reason` and `back` fill in the form."""
    try:
        past = [ban_fields(ban, time.time()) for ban in await request.app[keys.MODERATION].past(_MAX_PAST)]
    except (DatabaseAway, StatementTimeout):
        past = None
    given = {name: request.query[name] for name in _FIELDS if name in request.query}
    return await render(request, "bans.html", "bans", past=past, given=given, durations=DURATIONS)


async def part(app: web.Application, beat: Beat) -> dict[str, Any]:
    """A page of those that hold now and fit the search `q`, the newest first."""
    bans = app[keys.MODERATION].all()
    words = words_of(beat.query)
    found = [ban for ban in reversed(bans) if _fits(ban, words)] if words else bans[::-1]
    shown, place = page_of(found, beat.query)
    return {"bans": [ban_fields(ban, beat.now) for ban in shown], "bans_total": len(bans), "place": place}


def ban_fields(ban: Ban, now: float) -> dict[str, Any]:
    """A ban or mute as the dashboard shows it."""
    return {
        "id": str(ban.id),
        "kind": ban.kind,
        "nickname": ban.nickname,
        "email": ban.email,
        "ip": ban.ip,
        "network": ban.network,
        "whom": whom(ban),
        "reason": ban.reason,
        "created_by": ban.created_by,
        "created_at": utc_text(ban.created_at),
        "age": math.floor(now - ban.created_at),
        "expires_at": None if ban.expires_at is None else utc_text(ban.expires_at),
        "left": None if ban.expires_at is None else math.ceil(ban.expires_at - now),
    }


async def create(request: web.Request) -> web.StreamResponse:
    """`POST /admin/bans` with `kind`, one of `email`, `nickname`, `ip`, `network` at least, `duration` in seconds, `reason`."""
    form = request[FORM]
    try:
        ban = await request.app[keys.MODERATION].add(_read(form), by=request[SESSION].account.name)
    except CommandError as error:
        _refuse(form, request, error.message)
    except (DatabaseAway, StatementTimeout):
        _refuse(form, request, "The database is away: try again in a moment.")
    ends = "for good" if ban.expires_at is None else utc_text(ban.expires_at)
    await record(request, ban.kind, whom(ban), id=str(ban.id), ends=ends, reason=ban.reason)
    text = f"{whom(ban)} is {_DONE[ban.kind]} {_for_so_long(form.get('duration', ''))}."
    finish(request, way_back(request, PATH), text, undo=(f"{PATH}/{ban.id}/lift", {}))


async def lift(request: web.Request) -> web.StreamResponse:
    """`POST /admin/bans/{id}/lift`; undone by putting it back for the time that was left."""
    moderation, back = request.app[keys.MODERATION], way_back(request, PATH)
    ban = _find(request)
    try:
        if ban is None or not await moderation.lift(ban.id, by=request[SESSION].account.name):
            finish(request, back, "This was over already.", "bad")
    except (DatabaseAway, StatementTimeout):
        finish(request, back, "Not lifted: the database is away. Try again in a moment.", "bad")
    await record(request, "lift_ban", whom(ban), id=str(ban.id), kind=ban.kind)
    finish(request, back, f"{whom(ban)} is no longer {_DONE[ban.kind]}.", undo=_putting_back(ban, time.time()))


def whom(ban: Ban) -> str:
    """Who is meant, in words."""
    return ", ".join(filter(None, (ban.nickname, ban.email, ban.ip, ban.network)))


def _putting_back(ban: Ban, now: float) -> Undo:
    given = {name: getattr(ban, name) for name in _WHOM} | {"kind": ban.kind.value, "reason": ban.reason}
    if ban.expires_at is not None:
        given["duration"] = str(max(1, math.ceil(ban.expires_at - now)))
    return PATH, {name: value for name, value in given.items() if value}


def _find(request: web.Request) -> Ban | None:
    try:
        return request.app[keys.MODERATION].get(UUID(request.match_info["id"]))
    except ValueError:
        return None


def _fits(ban: Ban, words: str) -> bool:
    return words in f"{whom(ban)}\n{ban.reason}\n{ban.created_by}\n{ban.kind}".casefold()


def _read(form: Mapping[str, str]) -> Ban:
    """The ban that a form describes. Raises CommandError."""
    try:
        kind = BanKind(form.get("kind", ""))
    except ValueError:
        raise CommandError(ErrorCode.INVALID_FIELD, f"kind: must be one of {', '.join(BanKind)}") from None
    seconds = _seconds(form.get("duration", ""))
    who: dict[str, Any] = {name: form.get(name, "").strip() or None for name in _WHOM}
    return Ban(
        id=UUID(int=0),
        kind=kind,
        expires_at=None if seconds is None else time.time() + seconds,
        reason=form.get("reason", "").strip(),
        **who,
    )


def _seconds(raw: str) -> int | None:
    if not raw:
        return None
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 12 and int(raw)):
        raise CommandError(ErrorCode.INVALID_FIELD, "duration: must be a whole number of seconds above 0, or empty for ever")
    return int(raw) if int(raw) <= _LONGEST else None


def _for_so_long(raw: str) -> str:
    seconds = _seconds(raw)
    if seconds is None:
        return "for ever"
    return f"for {DURATIONS.get(seconds) or f'{seconds:,} seconds'}"


def _refuse(form: Mapping[str, str], request: web.Request, reason: str) -> NoReturn:
    """Shows the form again as it was filled in."""
    given = {"duration": ""} | {name: form[name][:_MAX_GIVEN] for name in _FIELDS if name in form}
    finish(request, f"{PATH}?{urlencode(given)}", f"Nothing was done. {reason}", "bad")
