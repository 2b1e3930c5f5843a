"""Runs the server by several workers, with what they share, until a signal ends it."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from urllib.parse import quote
from uuid import UUID, uuid4

from tilo_ws import background
from tilo_ws.background import Every
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.realtime.servers_redis import CLAIM
from tilo_ws.server import BACKLOG, before, end_on_signals, log_address
from tilo_ws.service_manager import READY, STOPPING, ServiceManager
from tilo_ws.settings import Settings
from tilo_ws.sockets import bind_shared
from tilo_ws.storage.embedded import EmbeddedPostgres, EmbeddedValkey
from tilo_ws.workers import Workers

logger = logging.getLogger(__name__)

_END_LIMIT = 9.5
"""Seconds that a worker has to end, beside those of the drain: more than all its own limits together."""


async def supervise(settings: Settings, count: int) -> int:
    """Serves by `count` processes until SIGINT or SIGTERM; returns the exit status. SIGHUP changes them one by one.

    Raises what keeps the server from starting; what keeps a worker, that worker has told.
    """
    manager = ServiceManager(os.environ)
    told_to_change = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, told_to_change.set)
    workers: Workers | None = None

    def end_at_once() -> None:
        if workers is not None:
            workers.end()
        os._exit(1)

    told_to_end = end_on_signals(end_at_once)
    with contextlib.ExitStack() as stack:
        sockets = bind_shared(settings.host, settings.port, count)
        shared, schedule = await _start_shared(settings, stack)
        workers = Workers(sockets, [sys.executable, "-m", "tilo_ws.worker", *shared, str(count)], backlog=BACKLOG)
        async with background.running(*schedule, *manager.schedule):
            try:
                failed = await before([told_to_end], _serve(workers, sockets[0][0], told_to_change, manager))
            finally:
                manager.tell(STOPPING)
                logger.info("ending %(workers)d workers", {"workers": count})
                workers.end()
                in_order = await workers.ended(settings.drain_seconds + _END_LIMIT)
    logger.info("all workers have ended")
    return 1 if failed or not in_order else 0


async def _serve(workers: Workers, listening: socket.socket, told_to_change: asyncio.Event, manager: ServiceManager) -> None:
    """Returns only where a worker could not start."""
    if await workers.start():
        log_address(*listening.getsockname()[:2])
        manager.tell(READY)
        await workers.keep(told_to_change)


async def _start_shared(settings: Settings, stack: contextlib.ExitStack) -> tuple[list[str], list[Every]]:
    """Starts the databases that the settings do not name. Returns the words that tell workers, and what keeps them running."""
    words, schedule = [], []
    if settings.database_url is None:
        postgres = EmbeddedPostgres(settings.data_dir)
        words += ["--database", postgres.start()]
        stack.callback(postgres.stop)
        schedule.append(Every(1.0, postgres.keep_running, "keeping PostgreSQL running"))
    if settings.redis_url is None:
        valkey = EmbeddedValkey(settings.data_dir)
        url = f"unix://{quote(str(valkey.start()))}"
        words += ["--redis", url]
        stack.callback(valkey.stop)
        schedule.append(Every(1.0, valkey.keep_running, "keeping Valkey running"))
        await _claim_lease(RedisLink(url, settings.redis_prefix), _kept_claim(settings.data_dir / "valkey" / "claim"))
    return words, schedule


def _kept_claim(file: Path) -> str:
    try:
        claim = str(UUID(file.read_text()))
    except (FileNotFoundError, ValueError):
        claim = str(uuid4())
        file.write_text(claim)
    return claim


async def _claim_lease(link: RedisLink, claim: str) -> None:
    """Has the workers hold the lease under the claim of those before them, who may have been killed with it.

    This Valkey has the data directory to itself: nobody else is joined under that claim. Raises RedisAway.
    """
    try:
        await link.command("SET", link.key(CLAIM), claim)
    finally:
        await link.close()
