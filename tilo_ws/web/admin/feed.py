"""`/admin/feed`: the WebSocket that keeps an open dashboard live, a snapshot a second."""

import time
from typing import Any

import msgspec
from aiohttp import web

from tilo_ws.protocol.chat_message import ChatMessage, utc_text
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.history import History
from tilo_ws.protocol.pushes import frame
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.fanout import Fanout
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.replies import Replies
from tilo_ws.services.events import Events, event_fields
from tilo_ws.storage.database import Database
from tilo_ws.web.admin.access import AdminSession, AdminSessions
from tilo_ws.web.client_address import ClientAddress
from tilo_ws.web.statistics import Figures, Statistics
from tilo_ws.web.websocket import converse, open_connection

MAX_CONNECTIONS_SHOWN = 200
MAX_CHAT_SHOWN = 50
_MAX_FRAME_BYTES = 1024
"""The dashboard only listens on this socket."""


class Snapshot(msgspec.Struct, frozen=True, tag_field="type", tag="snapshot"):
    """One frame of the feed. `chat` is what is new since the last, at most 50; `chat_skipped` of them were left out."""

    server_time: int
    version: str
    uptime_s: float
    online: int
    database: str
    redis: str
    stats: Figures
    connections: list[dict[str, Any]]
    connections_total: int
    events: list[dict[str, Any]]
    chat: list[dict[str, Any]]
    chat_skipped: int


class Feed:
    """Serves open dashboards: an audience of its own, written to as the players' is."""

    def __init__(
        self,
        admins: Hub,
        fanout: Fanout,
        sessions: AdminSessions,
        address: ClientAddress,
        *,
        players: Hub,
        history: History,
        events: Events,
        database: Database,
        statistics: Statistics,
    ) -> None:
        self._admins = admins
        self._fanout = fanout
        self._sessions = sessions
        self._address = address
        self._players = players
        self._history = history
        self._events = events
        self._database = database
        self._statistics = statistics
        self._shown_seq = 0
        self._open: dict[str, AdminSession] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answers `GET /admin/feed`."""
        session = self._sessions.find(request)
        if session is None:
            raise web.HTTPUnauthorized(text="log in at /admin/login\n")
        if not _is_same_origin(request):
            raise web.HTTPForbidden(text="this socket is for the dashboard's own page\n")
        socket, connection = await open_connection(request, self._address.ip(request), _MAX_FRAME_BYTES, Replies())
        self._admins.enter(connection)
        self._open[connection.id] = session
        try:
            connection.write(frame(self.first_snapshot()))
            await converse(socket, connection, lambda text, now: None, lambda now: None, lambda now: True)
        finally:
            del self._open[connection.id]
            self._admins.leave(connection)
        return socket

    def publish(self) -> None:
        """Sends a snapshot to every open dashboard, and away those whose login has ended: call it once a second."""
        for connection in self._admins:
            if not self._sessions.keep(self._open[connection.id]):
                connection.close(CloseCode.ADMIN_SESSION_ENDED, "admin_session_ended")
        new = self._history.since(self._shown_seq)
        if new:
            self._shown_seq = new[-1].seq
        if len(self._admins):
            shown = new[-MAX_CHAT_SHOWN:]
            self._fanout.broadcast(frame(self._snapshot(shown, len(new) - len(shown))))

    def first_snapshot(self) -> Snapshot:
        """What a dashboard shows first: the newest chat up to where the feed goes on."""
        shown = [message for message in self._history.newest(self._history.capacity) if message.seq <= self._shown_seq]
        return self._snapshot(shown[-MAX_CHAT_SHOWN:], 0)

    def _snapshot(self, chat: list[ChatMessage], skipped: int) -> Snapshot:
        now = time.time()
        figures = self._statistics.figures()
        return Snapshot(
            server_time=round(now * 1000),
            version=figures.version,
            uptime_s=figures.uptime_s,
            online=len(self._players),
            database="away" if self._database.away else "ok",
            redis="off",
            stats=figures,
            connections=[connection_fields(connection) for connection in self._players.newest(MAX_CONNECTIONS_SHOWN)],
            connections_total=len(self._players),
            events=[event_fields(event, now) for event in self._events.all()],
            chat=[_chat_fields(message) for message in chat],
            chat_skipped=skipped,
        )


def connection_fields(connection: Connection) -> dict[str, Any]:
    """A connection as the dashboard shows it."""
    return {
        "id": connection.id,
        "ip": connection.ip,
        "nickname": connection.nickname,
        "email": connection.email,
        "connected_at": utc_text(connection.connected_at),
        "messages_in": connection.messages_in,
        "messages_out": connection.messages_out,
        "buffered_bytes": connection.buffered_bytes,
        "user_agent": connection.user_agent,
    }


def _chat_fields(message: ChatMessage) -> dict[str, Any]:
    return {
        "seq": message.seq,
        "id": str(message.id),
        "nickname": message.nickname,
        "message": message.message,
        "timestamp": utc_text(message.created_at),
    }


def _is_same_origin(request: web.Request) -> bool:
    """A page of another site can open a socket here, but it cannot lie about where it comes from."""
    _, _, host = request.headers.get("Origin", "").partition("://")
    return bool(host) and host == request.host
