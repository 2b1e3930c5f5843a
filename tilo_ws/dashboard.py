"""The dashboard's parts, joined: accounts, sessions, open pages and what they show of the past."""

import asyncio
from typing import NamedTuple

import aiohttp_jinja2
from aiohttp import web

from tilo_ws.background import Every
from tilo_ws.from_settings import kept_admin_password
from tilo_ws.protocol.history import History
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.realtime.servers import Servers, leading
from tilo_ws.realtime.shared_store import SharedStore
from tilo_ws.services.admin_accounts import AdminAccounts
from tilo_ws.services.admins import Admins
from tilo_ws.services.audit_log import AuditLog
from tilo_ws.services.chat_search import ChatSearch
from tilo_ws.services.notices import Tell
from tilo_ws.services.player_records import PlayerRecords
from tilo_ws.settings import Settings
from tilo_ws.shown_settings import shown_settings
from tilo_ws.storage.database import Database
from tilo_ws.web import keys
from tilo_ws.web.admin.access import AdminSessions
from tilo_ws.web.admin.feed import Feed
from tilo_ws.web.admin.head import head
from tilo_ws.web.admin.links import player_path
from tilo_ws.web.admin.routes import may, navigation, part_of
from tilo_ws.web.admin.second_steps import SecondSteps
from tilo_ws.web.client_address import ClientAddress
from tilo_ws.web.figure_history import FigureHistory
from tilo_ws.web.statistics import Statistics


class Dashboard(NamedTuple):
    """What has to be started, run and closed of it. `pages` are the sockets of its open pages."""

    admins: Admins
    sessions: AdminSessions
    pages: Hub
    schedule: list[Every]


def add_dashboard(
    app: web.Application,
    settings: Settings,
    *,
    database: Database,
    history: History,
    statistics: Statistics,
    address: ClientAddress,
    servers: Servers,
    link: RedisLink | None,
    tell: Tell,
) -> Dashboard:
    """Adds it to an application whose templates are set up. Raises SettingError."""
    loop = asyncio.get_running_loop()
    shared = None if link is None else SharedStore(link)
    pages = Hub()
    accounts = AdminAccounts(database)
    password, password_place = kept_admin_password(settings)
    admins = Admins(database, accounts, password, shared)
    sessions = AdminSessions(address, admins.current_versions, shared, tell)
    feed = Feed(app, pages, sessions, address, history=history, head=head, part_of=part_of)
    figure_history = FigureHistory(statistics)
    audit_log = AuditLog(database, retention=settings.audit_retention)
    app[keys.ADMINS] = admins
    app[keys.ADMIN_ACCOUNTS] = accounts
    app[keys.ADMIN_SESSIONS] = sessions
    app[keys.SECOND_STEPS] = SecondSteps(shared)
    app[keys.FEED] = feed
    app[keys.FIGURE_HISTORY] = figure_history
    app[keys.AUDIT_LOG] = audit_log
    app[keys.CHAT_SEARCH] = ChatSearch(database)
    app[keys.PLAYER_RECORDS] = PlayerRecords(database)
    app[keys.SETTINGS] = shown_settings(settings)
    app[keys.PASSWORD_PLACE] = password_place
    aiohttp_jinja2.get_env(app).globals.update(navigation=navigation, may=may, player_path=player_path)
    return Dashboard(
        admins,
        sessions,
        pages,
        [
            Every(1.0, lambda: pages.sweep(loop.time(), settings.connection_timeout), "closing silent dashboards"),
            Every(1.0, figure_history.sample, "sampling statistics"),
            Every(1.0, feed.publish, "feeding dashboards"),
            Every(1.0, sessions.check_open, "looking at admins' accounts"),
            Every(settings.cleanup_interval, leading(servers, audit_log.clean_up), "cleaning up the audit log"),
        ],
    )
