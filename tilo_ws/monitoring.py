"""What Prometheus sees of the server: its metrics, and the answer at `/metrics`."""

from aiohttp import web

from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.running import Parts
from tilo_ws.settings import Settings
from tilo_ws.web import keys
from tilo_ws.web.metrics import Metrics
from tilo_ws.web.scrape import Scrape


def add_monitoring(app: web.Application, settings: Settings, parts: Parts, link: RedisLink | None, worker: str) -> None:
    """Adds it to an application that has all its parts. `worker` is the number of one of several, else empty."""
    metrics = Metrics(
        hub=app[keys.HUB],
        players=app[keys.PLAYERS],
        fanout=parts.fanout,
        recovery=parts.recovery,
        refused_scores=app[keys.SCORES].refused,
        commits=parts.commits,
        database=parts.database,
        link=link,
        servers=parts.servers,
        statistics=app[keys.STATISTICS],
        pauses=parts.pauses.seconds,
        lifecycle=parts.lifecycle,
    )
    app[keys.SCRAPE] = Scrape(metrics, parts.servers, worker=worker, token=settings.metrics_token or "")
