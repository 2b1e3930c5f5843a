"""The product on a page: builds every part once, joins them, and returns one aiohttp application."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

from tilo_ws import resources
from tilo_ws.administration import add_administration
from tilo_ws.background import Every
from tilo_ws.dashboard import add_dashboard
from tilo_ws.entrance import add_entrance, authentication_of
from tilo_ws.from_settings import limits, link_and_broker, text_rules
from tilo_ws.garbage import GarbagePauses
from tilo_ws.monitoring import add_monitoring
from tilo_ws.notice_table import notice_table
from tilo_ws.presence import add_presence
from tilo_ws.protocol import commands
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.plausibility import ScoreRules
from tilo_ws.realtime.broker import Takers
from tilo_ws.realtime.departure import begin_anew
from tilo_ws.realtime.fanout import Fanout
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.servers import leading
from tilo_ws.realtime.session import Handlers
from tilo_ws.running import Parts, running
from tilo_ws.services import heartbeat, hello_rate
from tilo_ws.services.all_refused_scores import AllRefusedScores
from tilo_ws.services.chat import Chat
from tilo_ws.services.chat_rates import ChatRates
from tilo_ws.services.events import Events
from tilo_ws.services.leaderboard import Leaderboard
from tilo_ws.services.moderation import Moderation
from tilo_ws.services.notices import CATCH_UP_INTERVAL
from tilo_ws.services.numbering import Numbering
from tilo_ws.services.recovery import Recovery
from tilo_ws.services.recurring_events import RecurringEvents
from tilo_ws.services.scores import Scores
from tilo_ws.services.shadow_chat import ShadowChat
from tilo_ws.services.shared_board import SharedBoard
from tilo_ws.services.slow_mode import SlowMode
from tilo_ws.services.standing import Standing
from tilo_ws.settings import Settings
from tilo_ws.storage.backlog import Backlog
from tilo_ws.storage.database import Database
from tilo_ws.storage.group_commit import GroupCommit
from tilo_ws.web import keys, middlewares
from tilo_ws.web.admin.guard import guard
from tilo_ws.web.client_address import ClientAddress
from tilo_ws.web.lifecycle import Lifecycle
from tilo_ws.web.routes import add_routes


def create_app(settings: Settings, worker: str = "") -> web.Application:
    """The whole server, not started; only the dashboard's password is made where there is none.

    `worker` is the number of one of several on one address. Call it on the event loop that will run it. Raises SettingError.
    """
    loop = asyncio.get_running_loop()
    app = web.Application(middlewares=[middlewares.in_time, middlewares.api, guard], client_max_size=middlewares.MAX_BODY_BYTES)
    aiohttp_jinja2.setup(app, enable_async=True, loader=jinja2.FileSystemLoader(resources.TEMPLATES), autoescape=True)
    address = ClientAddress(settings.trusted_proxies)
    hub = Hub()
    fanout = Fanout(hub.members, settings.flush_interval_ms / 1000, loop)
    link, broker = link_and_broker(settings)
    backlog = Backlog()
    database = Database(resources.QUERIES, backlog, pool_min=settings.pool_min, pool_max=settings.pool_max)
    shared_board = None if link is None else SharedBoard(link)
    leaderboard = Leaderboard(database, lambda members: Fanout(lambda: list(members), 0, loop).broadcast, shared_board)
    rules = text_rules(settings)
    scores = Scores(
        database,
        backlog,
        max_nickname_length=settings.max_nickname_length,
        rules=ScoreRules(settings.max_score, settings.max_score_per_second),
        text_rules=rules,
        board=leaderboard,
        tell=broker.tell,
    )
    moderation = Moderation(database, hub, broker.tell)
    shadow = ShadowChat(database, backlog, hub, broker.tell, retention=settings.chat_retention)
    chat = Chat(
        database,
        broker,
        backlog,
        max_message_length=settings.max_message_length,
        max_nickname_length=settings.max_nickname_length,
        rates=ChatRates(settings.chat_rate, settings.chat_burst, is_proxy=address.is_proxy),
        rules=rules,
        moderation=moderation,
        shadow=shadow,
        retention=settings.chat_retention,
    )
    takers = Takers(
        deliver=fanout.broadcast,
        answer=chat.answer,
        refuse=chat.refuse,
        retracted=chat.retracted,
        missed=chat.missed,
        notice=lambda topic, content: notices.hear(topic, content),
        send_away=lambda seq: begin_anew(fanout, hub.members(), seq, loop.time()),
        resync=lambda: notices.resync(),
    )
    broker.start(takers)
    slow_mode = SlowMode(database, rules, limits(settings), fanout.broadcast, broker.tell)
    standing = Standing(database, leaderboard)
    recovery = Recovery(database, broker, unstored=chat.commit.rows, limits=slow_mode.limits)
    events = Events(database, fanout.broadcast, broker.tell)
    recurring_events = RecurringEvents(database, events, broker.tell)
    authentication, authenticating = authentication_of(settings, hub=hub, link=link, is_banned=moderation.is_banned)
    handlers = Handlers(
        {
            commands.SendChat: authentication.for_players(chat.send),
            commands.SubmitScore: authentication.for_players(scores.submit),
            commands.GetEvents: events.get,
            commands.GetLeaderboard: standing.get,
            commands.Ping: heartbeat.pong,
            commands.Hello: hello_rate.limited(authentication.before(recovery.hello)),
            commands.Auth: authentication.auth,
        }
    )
    commits: list[GroupCommit[Any, Any]] = [scores.commit, chat.commit, shadow.commit]
    pauses = GarbagePauses()
    lifecycle = Lifecycle(hub, commits, drain_seconds=settings.drain_seconds)
    presence = add_presence(
        app,
        link=link,
        broker=broker,
        epoch=lambda: recovery.epoch,
        resync=lambda: notices.resync(),
        port=settings.port,
        hub=hub,
        fanout=fanout,
        database=database,
        commits=commits,
        chat=chat,
        refused_scores=scores.refused,
        pauses=pauses,
        lifecycle=lifecycle,
    )
    servers = presence.servers
    administration = add_administration(app, database, broker, presence, fanout, scores, moderation, shadow, commits)
    entrance = add_entrance(
        app,
        settings,
        link=link,
        address=address,
        hub=hub,
        handlers=handlers,
        lifecycle=lifecycle,
        shuts_out=moderation.shuts_out,
        greeting=lambda: presence.online.frame() + events.frame(),
        last_told=lambda: fanout.seq,
    )
    dashboard = add_dashboard(
        app,
        settings,
        database=database,
        history=broker.history,
        statistics=presence.statistics,
        address=address,
        servers=servers,
        link=link,
        tell=broker.tell,
    )
    numbering = Numbering(database, broker)
    parts = Parts(
        database=database,
        servers=servers,
        lease=presence.lease,
        numbering=numbering,
        broker=broker,
        chat=chat,
        events=events,
        recurring_events=recurring_events,
        leaderboard=leaderboard,
        recovery=recovery,
        standing=standing,
        moderation=moderation,
        shadow=shadow,
        admins=dashboard.admins,
        slow_mode=slow_mode,
        fanout=fanout,
        commits=commits,
        pauses=pauses,
        lifecycle=lifecycle,
        schedule=[
            Every(0.25, events.announce, "announcing events"),
            Every(0.25, leading(servers, recurring_events.start_due), "starting recurring events"),
            Every(CATCH_UP_INTERVAL, lambda: notices.catch_up(), "catching up with other servers"),
            Every(1.0, leaderboard.share, "sharing the leaderboard"),
            Every(1.0, leaderboard.announce, "announcing the leaderboard"),
            Every(1.0, lambda: hub.sweep(loop.time(), settings.connection_timeout), "closing silent connections"),
            Every(1.0, hub.relieve, "closing slow readers"),
            Every(1.0, database.probe, "probing the database"),
            Every(1.0, numbering.refill, "reserving numbers"),
            Every(settings.cleanup_interval, leading(servers, chat.clean_up), "cleaning up chat"),
            Every(settings.cleanup_interval, leading(servers, shadow.clean_up), "cleaning up shadow-muted chat"),
            Every(1.0, moderation.forget_expired, "ending bans"),
            Every(1.0, events.forget_expired, "forgetting events"),
            Every(settings.cleanup_interval, leading(servers, events.clean_up), "cleaning up events"),
            *authenticating,
            *entrance,
            *presence.schedule,
            *dashboard.schedule,
            *administration,
        ],
    )

    async def start_and_stop(app: web.Application) -> AsyncIterator[None]:
        async with running(parts, settings):
            yield

    async def shut_down(app: web.Application) -> None:
        await lifecycle.drain()
        dashboard.pages.close_all(CloseCode.SERVICE_RESTART)

    app[keys.DATABASE] = database
    app[keys.HUB] = hub
    app[keys.CHAT] = chat
    app[keys.HISTORY] = broker.history
    app[keys.SCORES] = scores
    app[keys.REFUSED_SCORES] = AllRefusedScores(scores.refused, servers)
    app[keys.MODERATION] = moderation
    app[keys.SHADOW_CHAT] = shadow
    app[keys.SLOW_MODE] = slow_mode
    app[keys.EVENTS] = events
    app[keys.RECURRING_EVENTS] = recurring_events
    app[keys.LEADERBOARD] = leaderboard
    notices = notice_table(app)
    add_monitoring(app, settings, parts, link, worker)
    add_routes(app)
    app.on_response_prepare.append(middlewares.add_security_headers)
    app.cleanup_ctx.append(start_and_stop)
    app.on_shutdown.append(shut_down)
    return app
