"""What every page's frames begin with: the top bar's figures."""

from typing import Any

from aiohttp import web

from tilo_ws import __version__
from tilo_ws.web import keys
from tilo_ws.web.admin.feed import Beat


def head(app: web.Application, beat: Beat) -> dict[str, Any]:
    """The server's time and version, who is online, and the state of what it needs."""
    return {
        "server_time": round(beat.now * 1000),
        "version": __version__,
        "online": app[keys.SERVERS].online,
        "database": "away" if app[keys.DATABASE].away else "ok",
        "redis": app[keys.SERVERS].redis,
        "loop_lag_ms": app[keys.STATISTICS].loop_lag_ms,
    }
