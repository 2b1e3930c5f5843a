"""The order in which the parts start, and, reversed, in which they stop."""

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from tilo_ws import background, resources
from tilo_ws.background import Every
from tilo_ws.garbage import GarbagePauses
from tilo_ws.realtime.broker import Broker
from tilo_ws.realtime.fanout import Fanout
from tilo_ws.realtime.redis_link import RedisAway
from tilo_ws.realtime.servers import Servers
from tilo_ws.services.admins import Admins
from tilo_ws.services.chat import Chat
from tilo_ws.services.events import Events
from tilo_ws.services.leaderboard import Leaderboard
from tilo_ws.services.moderation import Moderation
from tilo_ws.services.numbering import Numbering
from tilo_ws.services.recovery import Recovery
from tilo_ws.services.recurring_events import RecurringEvents
from tilo_ws.services.shadow_chat import ShadowChat
from tilo_ws.services.slow_mode import SlowMode
from tilo_ws.services.standing import Standing
from tilo_ws.settings import Settings
from tilo_ws.storage.database import Database
from tilo_ws.storage.embedded import EmbeddedPostgres
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.storage.group_commit import GroupCommit
from tilo_ws.storage.lease import RENEW_INTERVAL, Lease, LeaseTaken
from tilo_ws.storage.migrations import migrate, read_migrations
from tilo_ws.web.lifecycle import Lifecycle

logger = logging.getLogger(__name__)

# Seconds at the end of the server. With the 5 s of the drain and the 2 s of background.STOP_TIMEOUT it ends within the 15 s
# that PM2 gives it, also when PostgreSQL says nothing any more.
LAST_FLUSH_TIMEOUT = 3.0
RELEASE_TIMEOUT = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parts:
    """What has to be started. `schedule` is run in the background as long as the server runs."""

    database: Database
    servers: Servers
    lease: Lease
    numbering: Numbering
    broker: Broker
    chat: Chat
    events: Events
    recurring_events: RecurringEvents
    leaderboard: Leaderboard
    recovery: Recovery
    standing: Standing
    moderation: Moderation
    shadow: ShadowChat
    admins: Admins
    slow_mode: SlowMode
    fanout: Fanout
    commits: Sequence[GroupCommit[Any, Any]]
    pauses: GarbagePauses
    lifecycle: Lifecycle
    schedule: Sequence[Every]


@contextlib.asynccontextmanager
async def running(parts: Parts, settings: Settings) -> AsyncIterator[None]:
    """The parts run while the block lasts.

    Raises EmbeddedError, DatabaseAway, StatementTimeout, AccessDenied, SchemaError, RedisAway, PrefixTaken, LeaseTaken.
    """
    async with contextlib.AsyncExitStack() as stack:
        schedule = list(parts.schedule)
        dsn = settings.database_url
        if dsn is None:
            embedded = EmbeddedPostgres(settings.data_dir)
            # On the main thread: its end is tied to the thread that started it.
            dsn = embedded.start()
            stack.callback(embedded.stop)
            schedule.append(Every(1.0, embedded.keep_running, "keeping PostgreSQL running"))
        stack.push_async_callback(parts.database.close)
        await parts.database.open(dsn)
        await migrate(parts.database, read_migrations(resources.MIGRATIONS))
        await parts.recovery.load()
        stack.push_async_callback(_leave, parts)
        await parts.servers.join()
        await parts.lease.take()
        await parts.numbering.refill()
        stack.push_async_callback(parts.broker.close)
        await parts.broker.open(parts.recovery.epoch)
        await parts.chat.load()
        await parts.events.load()
        await parts.recurring_events.load()
        await parts.leaderboard.load()
        await parts.moderation.load()
        await parts.shadow.load()
        await parts.admins.load()
        await parts.slow_mode.load()
        stack.push_async_callback(parts.recovery.close)
        stack.push_async_callback(parts.standing.close)
        parts.fanout.seq = parts.numbering.last_seq
        parts.pauses.start()
        stack.callback(parts.pauses.stop)
        await stack.enter_async_context(_storing(parts.commits, parts.lifecycle))
        schedule.append(Every(RENEW_INTERVAL, lambda: _keep(parts.lease, parts.lifecycle), "keeping the lease"))
        # An outage of the database or of Redis is in the log when one of these hits it.
        await stack.enter_async_context(background.running(*schedule, told=(DatabaseAway, RedisAway)))
        yield


@contextlib.asynccontextmanager
async def _storing(commits: Sequence[GroupCommit[Any, Any]], lifecycle: Lifecycle) -> AsyncIterator[None]:
    """Stores while the block runs, and after it what is left; what cannot be stored is counted as lost."""
    tasks = [asyncio.create_task(commit.run()) for commit in commits]
    try:
        yield
    finally:
        for commit in commits:
            commit.close()
        _, late = await asyncio.wait(tasks, timeout=LAST_FLUSH_TIMEOUT)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        lifecycle.lost_writes = sum(commit.pending for commit in commits)


async def _keep(lease: Lease, lifecycle: Lifecycle) -> None:
    try:
        await lease.renew()
    except LeaseTaken as error:
        lifecycle.fail(str(error))


async def _leave(parts: Parts) -> None:
    """Without a database the lease expires by itself, or is taken from the process that is gone."""
    if await parts.servers.leave(unstored=parts.chat.commit.pending > 0):
        with contextlib.suppress(DatabaseAway, StatementTimeout, TimeoutError):
            await asyncio.wait_for(parts.lease.release(), RELEASE_TIMEOUT)
