"""`/admin`: whether all is well."""

from typing import Any

import msgspec
from aiohttp import web

from tilo_ws.web import keys
from tilo_ws.web.admin.feed import Beat
from tilo_ws.web.admin.frame import render


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin`."""
    return await render(request, "overview.html", "overview")


async def without_slash(request: web.Request) -> web.StreamResponse:
    """`GET /admin/`."""
    raise web.HTTPSeeOther("/admin")


def part(app: web.Application, beat: Beat) -> dict[str, Any]:
    """The server's figures."""
    return {"stats": msgspec.to_builtins(app[keys.STATISTICS].figures())}
