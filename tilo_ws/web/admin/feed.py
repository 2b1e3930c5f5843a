"""`/admin/feed`: the WebSocket that keeps an open page of the dashboard live, a frame a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from aiohttp import web

from tilo_ws.protocol.history import History
from tilo_ws.protocol.pushes import frame
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.replies import Replies
from tilo_ws.services.roles import Role
from tilo_ws.web.admin.access import SESSION, AdminSessions
from tilo_ws.web.admin.session import AdminSession
from tilo_ws.web.client_address import ClientAddress
from tilo_ws.web.closings import Closings
from tilo_ws.web.untrusted import is_same_origin
from tilo_ws.web.websocket import converse, open_connection

_HIGHEST_SEQ = 2**63 - 1

_MAX_FRAME_BYTES = 1024
"""The dashboard only listens on this socket."""


class Beat(NamedTuple):
    """What a frame is about: the page's query, and the chat with `chat_after` < number <= `chat_through`.

    A page's first frame has no `chat_after`: it shows the newest.
    """

    now: float
    query: Mapping[str, str]
    chat_after: int | None
    chat_through: int


Head = Callable[[web.Application, Beat], dict[str, Any]]
"""What all frames begin with."""

Part = Callable[[web.Application, Beat], Awaitable[dict[str, Any]]]
"""What a section's frames have beside the head, small enough to be made and sent every second."""


class _Page(NamedTuple):
    session: AdminSession
    part: Part
    query: Mapping[str, str]
    query_string: str


class _OnlyPings:
    """A listener that answers pings and ignores the rest."""

    def receive(self, text: str, now: float) -> None:
        """Ignored."""

    def refuse_binary(self, now: float) -> None:
        """Ignored."""

    def takes_control_frame(self, now: float) -> bool:
        """Always."""
        return True


class Feed:
    """Serves open pages. Pages that ask for the same get the same bytes, made once."""

    def __init__(
        self,
        app: web.Application,
        pages: Hub,
        sessions: AdminSessions,
        address: ClientAddress,
        *,
        history: History,
        head: Head,
        part_of: Callable[[str, Role], Part],
    ) -> None:
        self._app = app
        self._pages = pages
        self._sessions = sessions
        self._address = address
        self._history = history
        self._head = head
        self._part_of = part_of
        self._shown_seq = 0
        self._open: dict[str, _Page] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answers `GET /admin/feed?section=…`."""
        session = request[SESSION]
        if not is_same_origin(request):
            raise web.HTTPForbidden(text="this socket is for the dashboard's own page\n")
        try:
            part = self._part_of(request.query.get("section", ""), session.account.role)
        except KeyError:
            raise web.HTTPForbidden(text="there is no such section, or it is not for you\n") from None
        page = _Page(session, part, request.query, request.query_string)
        ip = self._address.ip(request)
        socket, connection = await open_connection(request, ip, _MAX_FRAME_BYTES, Replies(), Closings())
        self._pages.enter(connection)
        self._open[connection.id] = page
        session.add_feed(connection)
        try:
            connection.write(frame(await self.snapshot(part, self._first_beat(page.query))))
            await converse(socket, connection, _OnlyPings())
        finally:
            session.remove_feed(connection)
            del self._open[connection.id]
            self._pages.leave(connection)
        return socket

    async def publish(self) -> None:
        """Sends every open page a frame: call it once a second."""
        after, newest = self._shown_seq, self._history.newest(1)
        self._shown_seq = max(after, newest[0].seq if newest else 0)
        frames: dict[tuple[Part, str], bytes] = {}
        for connection in list(self._pages):
            page = self._open.get(connection.id)
            if page is None:
                continue  # it was left while others had their turn
            self._sessions.keep(page.session)
            same = (page.part, page.query_string)
            if same not in frames:
                await asyncio.sleep(0)  # each part takes some milliseconds at most, all of them together may not
                beat = Beat(time.time(), page.query, after, self._shown_seq)
                frames[same] = frame(await self.snapshot(page.part, beat))
            connection.write(frames[same])

    async def first_snapshot(self, section: str, role: Role, query: Mapping[str, str]) -> dict[str, Any]:
        """What a page shows before its socket is open, what was just said among it. Raises KeyError where `part_of` does."""
        return await self.snapshot(self._part_of(section, role), Beat(time.time(), query, None, _HIGHEST_SEQ))

    async def snapshot(self, part: Part, beat: Beat) -> dict[str, Any]:
        """The head that all pages have, and what this part adds."""
        return {"type": "snapshot"} | self._head(self._app, beat) | await part(self._app, beat)

    def _first_beat(self, query: Mapping[str, str]) -> Beat:
        return Beat(time.time(), query, None, self._shown_seq)
