"""`/api/v1/stats`: the server's figures."""

from aiohttp import web

from tilo_ws.web import keys
from tilo_ws.web.api.requests import answer


async def stats(request: web.Request) -> web.Response:
    """`GET /api/v1/stats`."""
    return answer(request.app[keys.STATISTICS].figures())
