"""Runs the application on a port until a signal ends it."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.log import server_logger

from tilo_ws import background, process_limits
from tilo_ws.app import create_app
from tilo_ws.garbage import Freezer
from tilo_ws.service_manager import READY, STOPPING, ServiceManager
from tilo_ws.settings import Settings
from tilo_ws.sockets import CannotListen, shown
from tilo_ws.tracing import begin_tracing
from tilo_ws.web import keys
from tilo_ws.web.unreadable import UnreadableRequests

logger = logging.getLogger(__name__)

BACKLOG = 4096
"""Connections that the kernel holds until they are accepted: a restart brings everybody back at once."""

_HANDLERS_TIMEOUT = 1.0
"""Seconds at the end for requests and close handshakes that are under way."""

_REQUEST_ON_ITS_WAY = 0.1
"""Seconds from a connection to its request, at most, for it to be served by a worker that leaves."""


class Place(NamedTuple):
    """Where a worker serves: on sockets that are kept open for it, until it is told to end or another has its place."""

    worker: str
    """Its number."""
    sockets: Sequence[socket.socket]
    ready: Callable[[], None]
    """Called when it can serve."""
    told_to_listen: asyncio.Event
    lost: asyncio.Event
    """Set when somebody else has the sockets, or nobody keeps them any more."""


async def serve(settings: Settings, place: Place | None = None) -> int:
    """Serves until SIGINT or SIGTERM; returns the exit status. Raises what keeps the server from starting."""
    manager = ServiceManager(os.environ)
    async with background.running(*manager.schedule):
        return await _serve(settings, place, manager)


async def _serve(settings: Settings, place: Place | None, manager: ServiceManager) -> int:
    told_to_end = end_on_signals(lambda: os._exit(1))
    process_limits.raise_open_files()
    _warn_of_too_few_files(settings)
    tracing = begin_tracing(os.environ)
    app = create_app(settings, "" if place is None else place.worker)
    app[keys.DATABASE].span = tracing.span
    lifecycle = app[keys.LIFECYCLE]
    server_logger.addFilter(UnreadableRequests())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_HANDLERS_TIMEOUT)
    listeners: list[asyncio.Server] = []
    ends = [told_to_end] if place is None else [told_to_end, place.lost]
    try:
        if await before(ends, runner.setup()):
            Freezer().start()
            if place is not None:
                place.ready()
                await before(ends, place.told_to_listen.wait())
            listeners = await _listen(app, runner, settings, place)
            manager.tell(READY)
            await before(ends, lifecycle.failed.wait())
            manager.tell(STOPPING)
            logger.info("ending")
            if place is not None and place.lost.is_set():
                await _leave(listeners, runner)
            await lifecycle.drain()
    finally:
        _close(listeners)
        await runner.cleanup()
        tracing.end()
    if lifecycle.failed.is_set():
        logger.critical("failed: %(reason)s", {"reason": lifecycle.reason})
    if lifecycle.lost_writes:
        logger.critical("%(writes)d writes were not stored", {"writes": lifecycle.lost_writes})
    logger.info("ended")
    return 1 if lifecycle.failed.is_set() or lifecycle.lost_writes else 0


def end_on_signals(at_once: Callable[[], None]) -> asyncio.Event:
    """An event that the first SIGINT or SIGTERM sets; a second one ends the process at once."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if event.is_set():
            at_once()
        event.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    return event


async def before(ends: Sequence[asyncio.Event], work: Coroutine[Any, Any, object]) -> bool:
    """Runs `work` to its end, or cancels it when one of the events comes first. True when it ended by itself."""
    waiting = [asyncio.ensure_future(end.wait()) for end in ends]
    working = asyncio.ensure_future(work)
    await asyncio.wait([*waiting, working], return_when=asyncio.FIRST_COMPLETED)
    for one in waiting:
        one.cancel()
    if working.done():
        working.result()
        return True
    working.cancel()
    await asyncio.wait([working])
    return False


def _warn_of_too_few_files(settings: Settings) -> None:
    possible = process_limits.possible_connections()
    if settings.max_connections > possible:
        logger.warning(
            "TILO_MAX_CONNECTIONS=%(wanted)d, but the limit of open files (ulimit -n) leaves room for %(possible)d connections",
            {"wanted": settings.max_connections, "possible": possible},
        )


def _close(listeners: Sequence[asyncio.Server]) -> None:
    for listener in listeners:
        listener.close()


async def _leave(listeners: Sequence[asyncio.Server], runner: web.AppRunner) -> None:
    """Takes nobody and nothing new, so that it all comes to the successor."""
    _close(listeners)
    await asyncio.sleep(_REQUEST_ON_ITS_WAY)
    assert runner.server is not None
    runner.server.pre_shutdown()  # connections that wait for another request
    await asyncio.sleep(_REQUEST_ON_ITS_WAY)


async def _listen(app: web.Application, runner: web.AppRunner, settings: Settings, place: Place | None) -> list[asyncio.Server]:
    assert runner.server is not None
    make_protocol = app[keys.HANDSHAKES].noting(runner.server)
    loop = asyncio.get_running_loop()
    if place is not None:
        return [await loop.create_server(make_protocol, sock=one, backlog=BACKLOG) for one in place.sockets]
    try:
        listener = await loop.create_server(make_protocol, settings.host, settings.port, backlog=BACKLOG)
    except OSError as error:
        raise CannotListen(settings.host, settings.port, error) from None
    log_address(*listener.sockets[0].getsockname()[:2])
    return [listener]


def log_address(host: str, port: int) -> None:
    """Says where players and admins find the server."""
    logger.info("listening on %(url)s, WebSocket at /ws, dashboard at /admin", {"url": shown(host, port)})
