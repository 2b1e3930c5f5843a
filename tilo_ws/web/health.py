"""`/healthz` and `/readyz`: whether the process lives, and whether a balancer should send players here."""

from typing import Any, NamedTuple

from aiohttp import web

from tilo_ws.storage.group_commit import GroupCommit
from tilo_ws.web import keys


class Part(NamedTuple):
    """What the server stands on: its last known state, and where that is not as it should be, the reason."""

    name: str
    state: str
    reason: str


async def healthz(request: web.Request) -> web.Response:
    """200 while the process lives."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """200 while players are served, with database or Redis away too; 503 when the server is ending."""
    parts = _parts(request.app)
    draining = request.app[keys.LIFECYCLE].draining
    degraded = any(part.state in ("away", "failing") for part in parts)
    return web.json_response(
        {
            "status": "draining" if draining else "degraded" if degraded else "ready",
            **{part.name: part.state for part in parts},
            "reasons": {part.name: part.reason for part in parts if part.reason},
        },
        status=503 if draining else 200,
    )


def _parts(app: web.Application) -> list[Part]:
    database, servers = app[keys.DATABASE], app[keys.SERVERS]
    parts = [
        Part("database", "away" if database.away else "ok", database.reason),
        Part("redis", servers.redis, servers.redis_reason),
    ]
    commits: dict[str, GroupCommit[Any, Any]] = {"chat": app[keys.CHAT].commit, "scores": app[keys.SCORES].commit}
    for name, commit in commits.items():
        parts.append(Part(name, "failing" if commit.failing else "ok", commit.reason))
    return parts
