"""OpenTelemetry: what a collector is told by a server of its own process."""

import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.command import PROJECT, run
from tests.conftest import API_KEY
from tests.eventually import eventually
from tests.redis_server import RedisServer
from tests.web.conversation import CHAT, ask
from tests.web.joined import valkey
from tilo_ws.settings import SettingError
from tilo_ws.tracing import begin_tracing

__all__ = ["valkey"]


class Collector:
    """Takes what is exported to it. `spans` have all of a trace, `services` who sent them."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.services: set[str] = set()

    async def take(self, request: web.Request) -> web.Response:
        exported = ExportTraceServiceRequest.FromString(await request.read())
        for group in exported.resource_spans:
            self.services |= {one.value.string_value for one in group.resource.attributes if one.key == "service.name"}
            self.spans += [span for scope in group.scope_spans for span in scope.spans]
        return web.Response()

    @property
    def names(self) -> set[str]:
        """Those of all spans."""
        return {span.name for span in self.spans}

    def find(self, name: str) -> Any:
        """The first span of this name."""
        assert name in self.names
        return next(span for span in self.spans if span.name == name)


@pytest.fixture
async def collector() -> Collector:
    return Collector()


@pytest.fixture
async def collector_url(collector: Collector) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def test_requests_statements_and_commands_to_redis_are_traced(
    collector: Collector, collector_url: str, server_directory: Path, dsn: str, valkey: RedisServer
) -> None:
    settings = {"DATABASE_URL": dsn, "REDIS_URL": valkey.url, "TILO_API_KEY": API_KEY}
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector_url, "OTEL_BSP_SCHEDULE_DELAY": "50"}
    async with run(server_directory, **settings, **variables) as server:
        async with aiohttp.ClientSession(await server.listening()) as session:
            event = {"type": "double_score", "value": "2", "duration": 60}
            caller = {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01", "Authorization": f"Bearer {API_KEY}"}
            async with session.post("/api/v1/events", json=event, headers=caller) as response:
                assert response.status == 201
            async with session.ws_connect("/ws") as player:
                assert (await ask(player, **CHAT))["type"] == "ack"
        await eventually(lambda: collector.names >= {"POST /api/v1/events", "store_event", "store_chat"})
        assert await server.end() == 0
    assert "Traceback" not in server.log

    request, statement = collector.find("POST /api/v1/events"), collector.find("store_event")
    assert request.trace_id.hex() == "ab" * 16, "the caller's trace goes on"
    assert (statement.trace_id, statement.parent_span_id) == (request.trace_id, request.span_id)
    commit = collector.find("store_chat")
    assert commit.parent_span_id == b"", "it stores for many"
    assert 0 < commit.start_time_unix_nano < commit.end_time_unix_nano
    assert collector.names & {"EVAL", "EVALSHA"}, "chat is numbered by a script in Redis"
    assert not collector.names & {"GET /ws", "GET /"}
    assert collector.services == {"tilo-ws"}


async def test_a_collector_that_says_nothing_keeps_nobody_and_not_the_end(server_directory: Path, dsn: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "3600",
            "OTEL_BSP_SCHEDULE_DELAY": "1",
        }
        async with run(server_directory, DATABASE_URL=dsn, **variables) as server:
            async with aiohttp.ClientSession(await server.listening()) as session, session.ws_connect("/ws") as player:
                assert (await ask(player, **CHAT))["type"] == "ack"
            assert await server.end() == 0


async def test_the_collector_is_told_the_name_that_the_environment_gives(
    collector: Collector, collector_url: str, server_directory: Path, dsn: str
) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector_url}v1/traces",
        "OTEL_SERVICE_NAME": "arena",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }
    async with run(server_directory, DATABASE_URL=dsn, **variables) as server:
        await server.listening()
        await eventually(lambda: collector.services)
        assert await server.end() == 0
    assert collector.services == {"arena"}


def test_without_a_collector_nothing_of_it_is_imported() -> None:
    """Apart from what redis-py imports by itself where it is installed."""
    program = (
        "import sys, tilo_ws.server; from tilo_ws.tracing import begin_tracing;"
        "begin_tracing({}).span('store_chat').__enter__();"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.exporter', 'opentelemetry.instrumentation'))])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True, cwd=PROJECT) == "[]\n"


def test_a_collector_without_the_packages_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingError, match=r'^OTEL_EXPORTER_OTLP_ENDPOINT is set, .* pip install "tilo-ws\[tracing\]"'):
        begin_tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})
