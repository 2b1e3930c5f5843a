"""`/`: the WebSocket for clients that ask for none by path, else the demo game, or a line that says what runs here."""

import aiohttp_jinja2
from aiohttp import web

from tilo_ws import __version__
from tilo_ws.web import keys
from tilo_ws.web.websocket import is_upgrade


async def root(request: web.Request) -> web.StreamResponse:
    """Serves `/`."""
    if is_upgrade(request):
        return await request.app[keys.PLAYERS].serve(request)
    if not request.app[keys.SHOWS_DEMO]:
        return web.Response(text=f"tilo_ws {__version__}: the real-time server of tilo.life; the WebSocket is at /ws\n")
    return await aiohttp_jinja2.render_template_async("demo.html", request, {"version": __version__})
