"""`/admin`: whether all is well."""

from typing import Any

import msgspec
from aiohttp import web

from tilo_ws.web import keys
from tilo_ws.web.admin.feed import Beat
from tilo_ws.web.admin.frame import render
from tilo_ws.web.figure_history import INTERVAL, SERIES
from tilo_ws.web.statistics import server_figures


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin`."""
    return await render(request, "overview.html", "overview")


async def without_slash(request: web.Request) -> web.StreamResponse:
    """`GET /admin/`."""
    raise web.HTTPSeeOther("/admin")


async def part(app: web.Application, beat: Beat) -> dict[str, Any]:
    """The server's figures, a few of all servers where there are several, and the history: all of it to a page that is new.

    A point of it is a number, which counts intervals, and a value for each name in `series`.
    """
    history = app[keys.FIGURE_HISTORY]
    servers = app[keys.SERVERS].all()
    fields = {
        "stats": msgspec.to_builtins(app[keys.STATISTICS].figures()),
        "servers": [{"id": state.id} | msgspec.to_builtins(server_figures(state)) for state in servers if len(servers) > 1],
        "own_id": app[keys.SERVERS].own.id,
    }
    if beat.chat_after is None:
        return fields | {"history": {"points": history.all(), "series": list(SERIES), "interval_s": INTERVAL}}
    return fields | {"history": {"points": history.newest()}}
