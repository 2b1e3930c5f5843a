"""What this server does about each notice of another one, and when it has missed some."""

from aiohttp import web

from tilo_ws.services.notices import Notices, Topic
from tilo_ws.web import keys


def notice_table(app: web.Application) -> Notices:
    """A line for each topic. What comes without content is read from PostgreSQL, which has it already."""
    return Notices(
        heard={
            Topic.ADMIN_SESSIONS: app[keys.ADMIN_SESSIONS].hear,
            Topic.ANNOUNCEMENT: app[keys.ANNOUNCEMENTS].hear,
            Topic.CORRECTIONS: app[keys.SCORES].hear,
            Topic.FORGOTTEN: app[keys.FORGETTING].hear,
            Topic.SHADOW_CHAT: app[keys.SHADOW_CHAT].hear,
        },
        reloads={
            Topic.ADMIN_SESSIONS: app[keys.ADMIN_SESSIONS].reload,
            Topic.BANS: app[keys.MODERATION].load,
            Topic.CORRECTIONS: app[keys.LEADERBOARD].reload,
            Topic.EVENTS: app[keys.EVENTS].load,
            Topic.REMOVED_CHAT: app[keys.REMOVED_CHAT].load,
            Topic.REMOVED_SHADOW_CHAT: app[keys.SHADOW_CHAT].load,
            Topic.RECURRING_EVENTS: app[keys.RECURRING_EVENTS].load,
            Topic.SHADOW_CHAT: app[keys.SHADOW_CHAT].load,
            Topic.SLOW_MODE: app[keys.SLOW_MODE].load,
        },
    )
