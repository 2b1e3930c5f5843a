"""This server among those that are joined with it: its figures, the others, and who is online on all of them."""

import os
import platform
import secrets
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from aiohttp import web

from tilo_ws.background import Every
from tilo_ws.garbage import GarbagePauses
from tilo_ws.realtime.broker import Broker
from tilo_ws.realtime.fanout import Fanout
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.realtime.servers import LoneServer, Servers, ServerState, leading
from tilo_ws.realtime.servers_redis import RedisServers
from tilo_ws.services.chat import Chat
from tilo_ws.services.connections import Connections
from tilo_ws.services.online import Online
from tilo_ws.services.refused_scores import RefusedScores
from tilo_ws.storage.database import Database
from tilo_ws.storage.group_commit import GroupCommit
from tilo_ws.storage.lease import Lease
from tilo_ws.web import keys
from tilo_ws.web.lifecycle import Lifecycle
from tilo_ws.web.own_state import OwnState
from tilo_ws.web.statistics import LAG_INTERVAL, Statistics


class Presence(NamedTuple):
    """What others need of it, and what has to be run."""

    servers: Servers
    lease: Lease
    statistics: Statistics
    connections: Connections
    online: Online
    schedule: list[Every]


def add_presence(
    app: web.Application,
    *,
    link: RedisLink | None,
    broker: Broker,
    epoch: Callable[[], UUID],
    resync: Callable[[], None],
    port: int,
    hub: Hub,
    fanout: Fanout,
    database: Database,
    commits: Sequence[GroupCommit[Any, Any]],
    chat: Chat,
    refused_scores: RefusedScores,
    pauses: GarbagePauses,
    lifecycle: Lifecycle,
) -> Presence:
    """Adds it to an application; without a link this server is alone. `resync` has read again what others may have changed."""
    address = f"{platform.node()}:{port}"
    statistics = Statistics(
        hub,
        fanout,
        database,
        commits,
        refused_scores,
        online=lambda: servers.online,
        take_worst_pause=pauses.take_worst,
    )
    own = OwnState(
        id=secrets.token_hex(8) if link is None else link.server_id,
        epoch=epoch,
        name=f"{address}/{os.getpid()}",
        hub=hub,
        statistics=statistics,
        lifecycle=lifecycle,
        stored_below=lambda: chat.stored_below,
    )
    servers = _servers(link, broker, own, lambda: len(hub), resync)
    connections = Connections(hub, servers)
    online = Online(lambda: servers.online, fanout.broadcast)
    app[keys.LIFECYCLE] = lifecycle
    app[keys.SERVERS] = servers
    app[keys.STATISTICS] = statistics
    app[keys.CONNECTIONS] = connections
    return Presence(
        servers,
        Lease(database, address, servers.shared_claim),
        statistics,
        connections,
        online,
        [
            Every(LAG_INTERVAL, statistics.measure_lag, "measuring the event loop's lag"),
            Every(1.0, servers.beat, "telling other servers of this one"),
            Every(1.0, broker.look_after, "looking after the log"),
            Every(1.0, leading(servers, lambda: broker.trim(servers.stored_below)), "trimming the log"),
            Every(2.0, lambda: resync() if servers.redis == "away" else None, "reading what nobody can tell now"),
            Every(1.0, online.announce, "announcing the online count"),
            Every(60.0, statistics.log_sizes, "logging sizes"),
        ],
    )


def _servers(
    link: RedisLink | None, broker: Broker, own: OwnState, count: Callable[[], int], resync: Callable[[], None]
) -> Servers:
    if link is None:
        return LoneServer(own, count)

    async def adopt(dead: ServerState) -> None:
        await broker.adopt(dead.id, dead.stored_below)

    return RedisServers(link, own.id, own, count, adopt=adopt, gone=resync)
