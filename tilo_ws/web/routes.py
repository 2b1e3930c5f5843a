"""Every path of the server, in one table."""

from aiohttp import web

from tilo_ws import resources
from tilo_ws.web import demo, health, keys
from tilo_ws.web.admin.links import EMAIL
from tilo_ws.web.admin.routes import ROUTES
from tilo_ws.web.api import bans, chat, connections, events, openapi, players, server


async def _players(request: web.Request) -> web.StreamResponse:
    return await request.app[keys.PLAYERS].serve(request)


async def _metrics(request: web.Request) -> web.StreamResponse:
    return await request.app[keys.SCRAPE].serve(request)


def add_routes(app: web.Application) -> None:
    """Adds them."""
    app.add_routes(
        [
            web.get("/", demo.root),
            web.get("/ws", _players),
            web.get("/healthz", health.healthz),
            web.get("/readyz", health.readyz),
            web.get("/metrics", _metrics),
            *((web.get if route.method == "GET" else web.post)(route.pattern, route.handler) for route in ROUTES),
            web.get("/api/v1/stats", server.stats),
            web.get("/api/v1/connections", connections.list_connections),
            web.delete("/api/v1/connections/{id}", connections.kick),
            web.get("/api/v1/events", events.list_events),
            web.post("/api/v1/events", events.create_event),
            web.patch("/api/v1/events/{id}", events.change_event),
            web.delete("/api/v1/events/{id}", events.end_event),
            web.post("/api/v1/announcements", chat.announce),
            web.get("/api/v1/chat", chat.list_chat),
            web.delete("/api/v1/chat/{seq}", chat.delete_chat),
            web.post("/api/v1/scores", players.store_scores),
            web.get("/api/v1/scores/refused", players.refused_scores),
            web.get("/api/v1/leaderboard", players.leaderboard),
            web.delete(f"/api/v1/players/{EMAIL}", players.forget_player),
            web.get("/api/v1/bans", bans.list_bans),
            web.post("/api/v1/bans", bans.create_ban),
            web.delete("/api/v1/bans/{id}", bans.lift_ban),
            web.get("/api/v1/openapi.json", openapi.openapi),
            web.static("/static", resources.STATIC),
        ]
    )
