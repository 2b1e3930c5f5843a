"""What admins do to all players or to one: announcements, corrections of scores, forgetting."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tilo_ws.background import Every
from tilo_ws.presence import Presence
from tilo_ws.realtime.broker import Broker
from tilo_ws.realtime.fanout import Fanout
from tilo_ws.services.announcements import Announcements
from tilo_ws.services.corrections import Corrections
from tilo_ws.services.forgetting import Forgetting
from tilo_ws.services.moderation import Moderation
from tilo_ws.services.notices import CATCH_UP_INTERVAL
from tilo_ws.services.removed_chat import RemovedChat
from tilo_ws.services.scores import Scores
from tilo_ws.services.shadow_chat import ShadowChat
from tilo_ws.storage.database import Database
from tilo_ws.storage.group_commit import GroupCommit
from tilo_ws.web import keys


def add_administration(
    app: web.Application,
    database: Database,
    broker: Broker,
    presence: Presence,
    fanout: Fanout,
    scores: Scores,
    moderation: Moderation,
    shadow: ShadowChat,
    commits: Sequence[GroupCommit[Any, Any]],
) -> list[Every]:
    """Adds it to an application. Returns what has to be run."""
    forgetting = Forgetting(database, broker, moderation, scores, shadow, commits, presence.servers)
    app[keys.ANNOUNCEMENTS] = Announcements(presence.connections, fanout.broadcast, broker.tell, presence.servers)
    app[keys.CORRECTIONS] = Corrections(database, scores)
    app[keys.FORGETTING] = forgetting
    app[keys.REMOVED_CHAT] = RemovedChat(database, broker.history, fanout.broadcast)
    return [
        Every(CATCH_UP_INTERVAL, forgetting.catch_up, "forgetting players with other servers"),
        Every(1.0, forgetting.purge, "removing forgotten players from the log"),
    ]
