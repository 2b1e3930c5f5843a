"""The parts of the server as request handlers find them in the application."""

from aiohttp import web

from tilo_ws.protocol.history import History
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.servers import Servers
from tilo_ws.services.admin_accounts import AdminAccounts
from tilo_ws.services.admins import Admins
from tilo_ws.services.all_refused_scores import AllRefusedScores
from tilo_ws.services.announcements import Announcements
from tilo_ws.services.audit_log import AuditLog
from tilo_ws.services.chat import Chat
from tilo_ws.services.chat_search import ChatSearch
from tilo_ws.services.connections import Connections
from tilo_ws.services.corrections import Corrections
from tilo_ws.services.events import Events
from tilo_ws.services.forgetting import Forgetting
from tilo_ws.services.leaderboard import Leaderboard
from tilo_ws.services.moderation import Moderation
from tilo_ws.services.player_records import PlayerRecords
from tilo_ws.services.recurring_events import RecurringEvents
from tilo_ws.services.removed_chat import RemovedChat
from tilo_ws.services.scores import Scores
from tilo_ws.services.shadow_chat import ShadowChat
from tilo_ws.services.slow_mode import SlowMode
from tilo_ws.storage.database import Database
from tilo_ws.web.admin.access import AdminSessions
from tilo_ws.web.admin.feed import Feed
from tilo_ws.web.admin.second_steps import SecondSteps
from tilo_ws.web.client_address import ClientAddress
from tilo_ws.web.figure_history import FigureHistory
from tilo_ws.web.handshakes import Handshakes
from tilo_ws.web.lifecycle import Lifecycle
from tilo_ws.web.scrape import Scrape
from tilo_ws.web.shown_setting import ShownSetting
from tilo_ws.web.statistics import Statistics
from tilo_ws.web.websocket import Players

SHOWS_DEMO = web.AppKey("shows_demo", bool)
API_KEY = web.AppKey("api_key", str)
"""The key that game back ends show; empty: the API is off."""
PASSWORD_PLACE = web.AppKey("password_place", str)
"""Where the dashboard's password of a fresh server is kept; empty when the operator has set one."""
CLIENT_ADDRESS = web.AppKey("client_address", ClientAddress)
LIFECYCLE = web.AppKey("lifecycle", Lifecycle)
DATABASE = web.AppKey("database", Database)
HANDSHAKES = web.AppKey("handshakes", Handshakes)
HUB = web.AppKey("hub", Hub)
CONNECTIONS = web.AppKey("connections", Connections)
SERVERS = web.AppKey[Servers]("servers")
PLAYERS = web.AppKey("players", Players)
CHAT = web.AppKey("chat", Chat)
HISTORY = web.AppKey("history", History)
"""The newest chat."""
SCORES = web.AppKey("scores", Scores)
REFUSED_SCORES = web.AppKey("refused_scores", AllRefusedScores)
ANNOUNCEMENTS = web.AppKey("announcements", Announcements)
CORRECTIONS = web.AppKey("corrections", Corrections)
PLAYER_RECORDS = web.AppKey("player_records", PlayerRecords)
FORGETTING = web.AppKey("forgetting", Forgetting)
MODERATION = web.AppKey("moderation", Moderation)
REMOVED_CHAT = web.AppKey("removed_chat", RemovedChat)
SHADOW_CHAT = web.AppKey("shadow_chat", ShadowChat)
CHAT_SEARCH = web.AppKey("chat_search", ChatSearch)
SLOW_MODE = web.AppKey("slow_mode", SlowMode)
EVENTS = web.AppKey("events", Events)
RECURRING_EVENTS = web.AppKey("recurring_events", RecurringEvents)
LEADERBOARD = web.AppKey("leaderboard", Leaderboard)
SCRAPE = web.AppKey("scrape", Scrape)
STATISTICS = web.AppKey("statistics", Statistics)
FIGURE_HISTORY = web.AppKey("figure_history", FigureHistory)
SETTINGS = web.AppKey("settings", list[ShownSetting])
AUDIT_LOG = web.AppKey("audit_log", AuditLog)
ADMINS = web.AppKey("admins", Admins)
ADMIN_ACCOUNTS = web.AppKey("admin_accounts", AdminAccounts)
SECOND_STEPS = web.AppKey("second_steps", SecondSteps)
ADMIN_SESSIONS = web.AppKey("admin_sessions", AdminSessions)
FEED = web.AppKey("feed", Feed)
