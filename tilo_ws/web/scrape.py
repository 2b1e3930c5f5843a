"""`/metrics`: this server's, or with `--workers` those of all workers of the machine, whichever of them is asked."""

import os
import platform
import time
from collections.abc import Iterable, Iterator

import msgspec
from aiohttp import web
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from tilo_ws.realtime.servers import Servers
from tilo_ws.web.untrusted import has_bearer

_TOPIC = "metrics"


class Reading(msgspec.Struct, frozen=True):
    """The metrics of one worker: name, text and type of each, and its samples as name, labels and value."""

    worker: str
    started_at: float
    metrics: list[tuple[str, str, str, list[tuple[str, dict[str, str], float]]]]


class Scrape:
    """Answers Prometheus. `worker` is this one's number among several on one address, empty for a server that is alone.

    Each process is scraped by itself where it has an address of its own. Workers share one, so that the next scrape would come
    to another of them: whichever is asked asks the others.
    """

    def __init__(self, metrics: Collector, servers: Servers, *, worker: str, token: str) -> None:
        self._metrics = metrics
        self._servers = servers
        self._worker = worker
        self._token = token
        self._started_at = time.time()
        self._crew = f"{platform.node()}/{os.getppid()}"
        servers.answer(_TOPIC, str, self._read_for)

    async def serve(self, request: web.Request) -> web.Response:
        """`GET /metrics`, in the format that is asked for."""
        if self._token and not has_bearer(request, self._token):
            text = "send the header Authorization: Bearer <TILO_METRICS_TOKEN>\n"
            raise web.HTTPUnauthorized(text=text, headers={"WWW-Authenticate": "Bearer"})
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        readings = [self._read()]
        if self._worker:
            for others in await self._servers.ask(_TOPIC, self._crew, list[Reading]):
                readings += others
        return web.Response(body=encode(_Joined(_newest_of_each(readings))), headers={"Content-Type": content_type})

    def _read_for(self, crew: str) -> list[Reading]:
        return [self._read()] if self._worker and crew == self._crew else []

    def _read(self) -> Reading:
        label = {"worker": self._worker} if self._worker else {}
        metrics = [
            (
                one.name,
                one.documentation,
                one.type,
                [(sample.name, label | sample.labels, sample.value) for sample in one.samples],
            )
            for one in self._metrics.collect()
        ]
        return Reading(self._worker, self._started_at, metrics)


class _Joined(Collector):
    """A collector of all readings: each metric once, with the samples of all."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        joined: dict[str, Metric] = {}
        for reading in self._readings:
            for name, text, kind, samples in reading.metrics:
                metric = joined.setdefault(name, Metric(name, text, kind))
                metric.samples += [Sample(*sample) for sample in samples]
        yield from joined.values()


def _newest_of_each(readings: Iterable[Reading]) -> list[Reading]:
    """While workers are changed for new ones, there are two of a number: whose players leave is told no more."""
    newest: dict[str, Reading] = {}
    for reading in sorted(readings, key=lambda one: one.started_at):
        newest[reading.worker] = reading
    return [newest[worker] for worker in sorted(newest)]
