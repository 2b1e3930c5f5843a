"""`/api/v1/stats`: the server's figures."""

import msgspec
from aiohttp import web

from tilo_ws.web import keys
from tilo_ws.web.api.requests import answer
from tilo_ws.web.statistics import Figures, ServerFigures, server_figures


class Stats(Figures, frozen=True):
    """The figures of the server that answers, and a few of all that are joined with it, this one among them."""

    servers: list[ServerFigures]


async def stats(request: web.Request) -> web.Response:
    """`GET /api/v1/stats`."""
    figures = msgspec.structs.asdict(request.app[keys.STATISTICS].figures())
    return answer(Stats(**figures, servers=[server_figures(state) for state in request.app[keys.SERVERS].all()]))
