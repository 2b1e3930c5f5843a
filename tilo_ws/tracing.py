"""Traces for OpenTelemetry: requests, statements, commands to Redis. It is imported only where a collector is named.

What is sent where and how is said by OpenTelemetry's own variables.
"""

import contextlib
import threading
from collections.abc import Callable, MutableMapping
from typing import NamedTuple

from tilo_ws import __version__
from tilo_ws.settings import SettingError

_COLLECTOR = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

_UNTRACED = "^/(ws|admin/feed|healthz|readyz|metrics)?$"
"""WebSockets, whose spans would last as long as players stay, the page that shares their address, and what probes ask for."""

_END_TIMEOUT = 0.4
"""Seconds for what is not sent yet when the server ends. A collector that is away shall not delay a restart."""


class Tracing(NamedTuple):
    """`span` makes a span of this name that lasts as long as its block. `end` sends what is left."""

    span: Callable[[str], contextlib.AbstractContextManager[object]] = contextlib.nullcontext
    end: Callable[[], None] = lambda: None


def begin_tracing(environment: MutableMapping[str, str]) -> Tracing:
    """Traces Redis and the applications that are made from now on; nothing where no collector is named.

    Raises SettingError where one is and OpenTelemetry is not installed.
    """
    collector = next((name for name in _COLLECTOR if environment.get(name)), None)
    if collector is None:
        return Tracing()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.aiohttp_server import AioHttpServerInstrumentor
        from opentelemetry.instrumentation.redis import RedisInstrumentor
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import SpanKind
    except ImportError as error:
        raise SettingError(f'{collector} is set, which needs pip install "tilo-ws[tracing]": {error}') from None
    environment.setdefault("OTEL_PYTHON_AIOHTTP_SERVER_EXCLUDED_URLS", _UNTRACED)
    own = Resource.create({"service.name": "tilo-ws", "service.version": __version__})
    provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    AioHttpServerInstrumentor().instrument(tracer_provider=provider)
    RedisInstrumentor().instrument(tracer_provider=provider)
    tracer = provider.get_tracer("tilo_ws", __version__)
    kind, attributes = SpanKind.CLIENT, {"db.system.name": "postgresql"}

    def end() -> None:
        ending = threading.Thread(target=provider.shutdown, daemon=True)
        ending.start()
        ending.join(_END_TIMEOUT)

    return Tracing(lambda name: tracer.start_as_current_span(name, kind=kind, attributes=attributes), end)
