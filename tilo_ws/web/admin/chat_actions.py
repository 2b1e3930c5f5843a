"""What is done on `/admin/chat`: a message taken back, an announcement, slow mode."""

from aiohttp import web

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.text import clean
from tilo_ws.realtime.redis_link import RedisAway
from tilo_ws.services.announcements import MAX_LENGTH
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM
from tilo_ws.web.admin.chat_query import PATH
from tilo_ws.web.admin.requests import finish, record, way_back

_AWAY = "the database is away. Try again in a moment."


async def delete(request: web.Request) -> web.StreamResponse:
    """`POST /admin/chat/{seq}/delete`, with `back`: the page to return to."""
    back = way_back(request, PATH)
    raw = request.match_info["seq"]
    is_number = raw.isascii() and raw.isdigit() and len(raw) < 19
    try:
        is_gone = is_number and await request.app[keys.CHAT].delete(int(raw))
    except DatabaseAway as error:
        await record(request, "delete_chat", raw, failed=str(error))
        finish(request, back, f"The database is away: {error}. Try again in a moment.", "bad")
    except StatementTimeout:
        finish(request, back, "Not deleted: the database is too slow. Try again in a moment.", "bad")
    if not is_gone:
        finish(request, back, "There is no such message any more.", "bad")
    await record(request, "delete_chat", raw)
    finish(request, back, "Deleted. It is gone from all players\N{RIGHT SINGLE QUOTATION MARK} screens.")


async def announce(request: web.Request) -> web.StreamResponse:
    """`POST /admin/chat/announcements` with `message`."""
    try:
        message = clean("message", request[FORM].get("message", ""), MAX_LENGTH)
        await request.app[keys.ANNOUNCEMENTS].announce(message)
    except CommandError as error:
        finish(request, PATH, f"Not announced. {error.message}", "bad")
    except RedisAway:
        finish(request, PATH, "Not announced: other servers cannot be reached now. Try again in a moment.", "bad")
    listeners = request.app[keys.SERVERS].online
    await record(request, "announce", message=message, connections=listeners)
    finish(request, PATH, f"Announced to {listeners:,} player{'' if listeners == 1 else 's'}.")


async def slow_mode(request: web.Request) -> web.StreamResponse:
    """`POST /admin/chat/slow-mode` with `seconds`; 0 is off."""
    before = request.app[keys.SLOW_MODE].seconds
    try:
        seconds = _seconds(request[FORM].get("seconds", ""))
        await request.app[keys.SLOW_MODE].set(seconds)
    except CommandError as error:
        finish(request, PATH, f"Not changed. {error.message}", "bad")
    except (DatabaseAway, StatementTimeout):
        finish(request, PATH, f"Not changed: {_AWAY}", "bad")
    await record(request, "slow_mode", seconds=seconds, before=before)
    finish(request, PATH, f"Slow mode: one message every {seconds:g} s." if seconds else "Slow mode is off.")


def _seconds(raw: str) -> float:
    try:
        return float(raw)
    except ValueError:
        raise CommandError(ErrorCode.INVALID_FIELD, "seconds: must be a number, 0 for off") from None
