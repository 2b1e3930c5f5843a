"""`/admin/audit`: who did what in the dashboard, searched and paged."""

import contextlib
import datetime
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.services.audit_log import Entry, Search
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.frame import render
from tilo_ws.web.untrusted import storable

PAGE = 50

_MAX_WORDS = 200
_TIME_FORMS = {10: datetime.timedelta(days=1), 16: datetime.timedelta(minutes=1), 19: datetime.timedelta(seconds=1)}
"""The lengths of a day, a minute, a second, and how long each lasts."""


class FaultySearch(Exception):
    """A field cannot be read; the text says which, and what it may be."""


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/audit?text=&admin=&action=&target=&from=&to=&before=`."""
    entries: list[Entry] = []
    actions: list[str] = []
    fault, status = "", 200
    try:
        search = read_search(request)
        before = _before(request)
        entries = await request.app[keys.AUDIT_LOG].page(search, before=before, limit=PAGE + 1)
        actions = await request.app[keys.AUDIT_LOG].actions()
    except FaultySearch as error:
        fault, status = str(error), 400
    except DatabaseAway:
        fault, status = "The database is away: the log can be read when it is back.", 503
    except StatementTimeout:
        fault, status = "The search took too long: narrow it by action, from or to.", 503
    filters = {name: value for name, value in request.query.items() if name != "before" and value}
    return await render(
        request,
        "audit.html",
        "audit",
        status,
        entries=[(entry, utc_text(entry.created_at)) for entry in entries[:PAGE]],
        actions=sorted({*actions, *filter(None, [filters.get("action")])}),
        fault=fault,
        filters=filters,
        is_first="before" not in request.query,
        newest=_path("/admin/audit", filters),
        older=_path("/admin/audit", filters | {"before": entries[PAGE - 1].id}) if len(entries) > PAGE else None,
        csv=_path("/admin/audit.csv", filters),
    )


def read_search(request: web.Request) -> Search:
    """What the address asks for. Raises FaultySearch."""
    words = {name: _words(request.query.get(name, "")) for name in ("text", "admin", "action", "target")}
    since, until = _time(request, "from"), _time(request, "to")
    return Search(**words, since=since and since[0], until=until and until[1])


def _words(text: str) -> str:
    return storable(text).strip()[:_MAX_WORDS]


def _time(request: web.Request, name: str) -> tuple[float, float] | None:
    """When the day, minute or second that is named begins and ends, in UTC."""
    raw = request.query.get(name, "").strip()
    if not raw:
        return None
    with contextlib.suppress(ValueError, KeyError, OverflowError):
        lasts = _TIME_FORMS[len(raw)]
        begins = datetime.datetime.fromisoformat(raw).replace(tzinfo=datetime.UTC)
        return begins.timestamp(), (begins + lasts).timestamp()
    raise FaultySearch(f"{name}: must be a day or a time in UTC, such as 2026-03-01 or 2026-03-01T18:30")


def _before(request: web.Request) -> str | None:
    raw = request.query.get("before")
    if raw is None:
        return None
    with contextlib.suppress(ValueError):
        return str(UUID(raw))
    raise FaultySearch("before: must be the id of an entry")


def _path(path: str, fields: dict[str, str]) -> str:
    return f"{path}?{urlencode(fields, errors='replace')}" if fields else path
