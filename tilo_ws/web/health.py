"""`/healthz` and `/readyz`: whether the process lives, and whether a balancer should send players here."""

from aiohttp import web

from tilo_ws.web import keys


async def healthz(request: web.Request) -> web.Response:
    """200 while the process lives."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """200 while players are served, with database or Redis away too; 503 when the server is ending. The last known state."""
    away = request.app[keys.DATABASE].away
    redis = request.app[keys.SERVERS].redis
    draining = request.app[keys.LIFECYCLE].draining
    status = "draining" if draining else "degraded" if away or redis == "away" else "ready"
    return web.json_response(
        {"status": status, "database": "away" if away else "ok", "redis": redis}, status=503 if draining else 200
    )
