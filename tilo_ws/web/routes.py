"""Every path of the server, in one table."""

from aiohttp import web

from tilo_ws import resources
from tilo_ws.web import api, demo, health, keys
from tilo_ws.web.admin import actions, pages


async def _players(request: web.Request) -> web.StreamResponse:
    return await request.app[keys.PLAYERS].serve(request)


async def _feed(request: web.Request) -> web.StreamResponse:
    return await request.app[keys.FEED].serve(request)


def add_routes(app: web.Application) -> None:
    """Adds them."""
    app.add_routes(
        [
            web.get("/", demo.root),
            web.get("/ws", _players),
            web.get("/healthz", health.healthz),
            web.get("/readyz", health.readyz),
            web.get("/admin", pages.dashboard),
            web.get("/admin/", pages.without_slash),
            web.get("/admin/login", pages.login_page),
            web.post("/admin/login", actions.log_in),
            web.post("/admin/logout", actions.log_out),
            web.get("/admin/feed", _feed),
            web.post("/admin/events", actions.start_event),
            web.post("/admin/events/{id}/end", actions.end_event),
            web.get("/api/v1/stats", api.stats),
            web.get("/api/v1/leaderboard", api.leaderboard),
            web.get("/api/v1/events", api.list_events),
            web.post("/api/v1/events", api.create_event),
            web.patch("/api/v1/events/{id}", api.change_event),
            web.delete("/api/v1/events/{id}", api.end_event),
            web.delete("/api/v1/chat/{seq}", api.delete_chat),
            web.static("/static", resources.STATIC),
        ]
    )
