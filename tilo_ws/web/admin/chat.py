"""`/admin/chat`: what is being said, and what was said as far back as it is kept."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aiohttp import web

from tilo_ws.protocol.chat_message import ChatMessage, utc_text
from tilo_ws.protocol.codes import CommandError
from tilo_ws.services.announcements import MAX_LENGTH
from tilo_ws.services.chat_search import TIME_LIMIT, Criteria
from tilo_ws.services.slow_mode import MAX_SECONDS
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.chat_query import PATH, page_path, position_text, read_criteria
from tilo_ws.web.admin.feed import Beat
from tilo_ws.web.admin.frame import render

MAX_SHOWN = 40
"""Messages of a frame, that is of a second: more can nobody read."""

PAGE = 50

_HIGHEST_SEQ = 2**63 - 1

_SHADOW_SECONDS = 5.0
"""Shadow-muted messages have no number of their own, so for so long each frame has them; the page knows them by id."""


class _Shown(NamedTuple):
    rows: list[dict[str, Any]]
    older: str | None
    fault: str | None = None


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/chat`: live; with criteria the newest that were found, and from then on live as well."""
    shown = await _shown(request)
    return await render(
        request,
        "chat.html",
        "chat",
        query=request.query,
        back=request.path_qs if len(request.path_qs) < 4_000 else PATH,
        found=None if shown is None else shown.rows,
        older=None if shown is None else shown.older,
        fault=None if shown is None else shown.fault,
        page_length=PAGE,
        announcement_length=MAX_LENGTH,
        slow_mode_most=MAX_SECONDS,
    )


async def part(app: web.Application, beat: Beat) -> dict[str, Any]:
    """What is new, a sample of it where it is much: `chat_total` says of how many. Oldest first."""
    try:
        criteria = read_criteria(beat.query)
    except CommandError:
        return _frame(app, [], 0)
    is_first = beat.chat_after is None
    said = app[keys.HISTORY].kept(beat.chat_after or 0)
    fitting = [message for message in said if message.seq <= beat.chat_through and criteria.fits(message)]
    shown = fitting[-PAGE:] if is_first else _sample(fitting)
    shadow = [
        message
        for message in app[keys.SHADOW_CHAT].newest
        if (is_first or message.created_at > beat.now - _SHADOW_SECONDS) and criteria.fits(message)
    ]
    rows = [_fields(app, message) for message in shown]
    rows += [_fields(app, message, is_shadow=True) for message in shadow[-(PAGE if is_first else MAX_SHOWN) :]]
    rows.sort(key=lambda row: str(row["position"]))
    if is_first:
        rows = rows[-PAGE:]
    return _frame(app, rows, sum(not row["shadow"] for row in rows) if is_first else len(fitting))


async def _shown(request: web.Request) -> _Shown | None:
    """What a search has found; None where nothing is asked for: the page is live."""
    try:
        criteria = read_criteria(request.query)
        if criteria == Criteria():
            return None
        found = await request.app[keys.CHAT_SEARCH].find(criteria, PAGE)
    except CommandError as error:
        return _Shown([], None, error.message)
    except StatementTimeout:
        narrower = "Ask for a shorter time, or for a word that is said more often."
        return _Shown([], None, f"Given up after {TIME_LIMIT:g} seconds, so that players do not feel it. {narrower}")
    except DatabaseAway:
        return _Shown([], None, "The database is away, so nothing can be searched now. Try again in a moment.")
    rows = [_fields(request.app, message, is_shadow=message.id in found.shadow) for message in found.messages]
    older = page_path(request.query, before=position_text(found.messages[-1])) if found.has_more else None
    return _Shown(rows, older)


def _frame(app: web.Application, rows: list[dict[str, Any]], total: int) -> dict[str, Any]:
    return {
        "chat": rows,
        "chat_total": total,
        # Also of those that no frame had yet: the newest message is not counted as said once it is deleted.
        "chat_deleted": app[keys.HISTORY].deleted_through(_HIGHEST_SEQ),
        "slow_mode": app[keys.SLOW_MODE].seconds,
    }


def _sample(messages: list[ChatMessage]) -> list[ChatMessage]:
    """At most `MAX_SHOWN`, evenly taken, the last one among them."""
    count = len(messages)
    if count <= MAX_SHOWN:
        return messages
    return [messages[(number + 1) * count // MAX_SHOWN - 1] for number in range(MAX_SHOWN)]


def _fields(app: web.Application, message: ChatMessage, *, is_shadow: bool = False) -> dict[str, Any]:
    """A message as the page shows it.

    Its author is the token's address, or else what is known: name and network address, but for a proxy's, which is everybody's.
    """
    ip = app[keys.CHAT].origins.find(message.id)
    own_ip = None if ip is None or app[keys.CLIENT_ADDRESS].is_proxy(ip) else ip
    known = {"email": message.email} if message.email else {"nickname": message.nickname, "ip": own_ip}
    who = {name: value for name, value in known.items() if value}
    return {
        "seq": message.seq,
        "id": str(message.id),
        "position": position_text(message),
        "nickname": message.nickname,
        "email": message.email,
        "ip": ip,
        "message": message.message,
        "timestamp": utc_text(message.created_at),
        "deleted": message.deleted_at is not None,
        "shadow": is_shadow,
        "mute": _path("/admin/bans", {"kind": "mute"} | who | {"back": PATH}),
        "only": _path(PATH, {"player": message.email or message.nickname}),
    }


def _path(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}"
