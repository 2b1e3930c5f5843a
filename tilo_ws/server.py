"""Runs the application on a port until a signal ends it."""

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine
from typing import Any

from aiohttp import web
from aiohttp.log import server_logger

from tilo_ws import process_limits
from tilo_ws.app import create_app
from tilo_ws.garbage import Freezer
from tilo_ws.settings import Settings
from tilo_ws.web import keys
from tilo_ws.web.unreadable import UnreadableRequests

logger = logging.getLogger(__name__)

_BACKLOG = 4096
"""Connections that the kernel holds until they are accepted: a restart brings everybody back at once."""

_HANDLERS_TIMEOUT = 1.0
"""Seconds at the end for requests and close handshakes that are under way."""


class CannotListen(Exception):
    """The address is taken or not ours."""


async def serve(settings: Settings) -> int:
    """Serves until SIGINT or SIGTERM; returns the exit status. Raises what keeps the server from starting."""
    told_to_end = _end_on_signals()
    process_limits.raise_open_files()
    _warn_of_too_few_files(settings)
    app = create_app(settings)
    lifecycle = app[keys.LIFECYCLE]
    server_logger.addFilter(UnreadableRequests())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_HANDLERS_TIMEOUT)
    listener: asyncio.Server | None = None
    try:
        if await _before(told_to_end, runner.setup()):
            Freezer().start()
            listener = await _listen(app, runner, settings)
            await _before(told_to_end, lifecycle.failed.wait())
            logger.info("ending")
            await lifecycle.drain()
    finally:
        if listener is not None:
            listener.close()
        await runner.cleanup()
    if lifecycle.failed.is_set():
        logger.critical("%s", lifecycle.reason)
    if lifecycle.lost_writes:
        logger.critical("%d writes were not stored", lifecycle.lost_writes)
    logger.info("ended")
    return 1 if lifecycle.failed.is_set() or lifecycle.lost_writes else 0


def _warn_of_too_few_files(settings: Settings) -> None:
    possible = process_limits.possible_connections()
    if settings.max_connections > possible:
        logger.warning(
            "TILO_MAX_CONNECTIONS=%d, but the limit of open files (ulimit -n) leaves room for %d connections",
            settings.max_connections,
            possible,
        )


def _end_on_signals() -> asyncio.Event:
    """An event that the first SIGINT or SIGTERM sets; a second one ends the process at once."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if event.is_set():
            os._exit(1)
        event.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    return event


async def _before(event: asyncio.Event, work: Coroutine[Any, Any, object]) -> bool:
    """Runs `work` to its end, or cancels it when the event comes first. True when it ended by itself."""
    waiting = asyncio.ensure_future(event.wait())
    working = asyncio.ensure_future(work)
    await asyncio.wait([waiting, working], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if working.done():
        working.result()
        return True
    working.cancel()
    await asyncio.wait([working])
    return False


async def _listen(app: web.Application, runner: web.AppRunner, settings: Settings) -> asyncio.Server:
    assert runner.server is not None
    make_protocol = app[keys.HANDSHAKES].noting(runner.server)
    try:
        listener = await asyncio.get_running_loop().create_server(make_protocol, settings.host, settings.port, backlog=_BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise CannotListen(f"cannot listen on {settings.host}:{settings.port}: {reason}") from None
    host, port = listener.sockets[0].getsockname()[:2]
    shown = "localhost" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    logger.info("listening on http://%s:%d, WebSocket at /ws, dashboard at /admin", shown, port)
    return listener
