"""`/admin/settings`: how this server is set, to be read only."""

from aiohttp import web

from tilo_ws.web import keys
from tilo_ws.web.admin.frame import render


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/settings`."""
    return await render(request, "settings.html", "settings", settings=request.app[keys.SETTINGS])
