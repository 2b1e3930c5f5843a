"""Who is logged in to the dashboard: admin sessions, their cookie, and the tokens that keep other sites' forms out."""

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiohttp import web

from tilo_ws.protocol.codes import CloseCode
from tilo_ws.realtime.connection import Connection
from tilo_ws.services.admin_accounts import Account
from tilo_ws.web.client_address import ClientAddress

SESSION_COOKIE = "tilo_admin"
LOGIN_COOKIE = "tilo_login"

IDLE_SECONDS = 8 * 3600.0
"""A session ends when nothing was asked in it for so long; an open dashboard asks every second."""


class AdminSession:
    """One login, from its cookie to its end.

    It holds the sockets of its open pages; `totp_offer` is the secret of one-time codes that are not confirmed yet.
    """

    __slots__ = ("_feeds", "_is_over", "account", "csrf_token", "last_used", "notice", "totp_offer")

    def __init__(self, account: Account, now: float) -> None:
        self.account = account
        self.csrf_token = secrets.token_urlsafe(32)
        self.last_used = now
        self._feeds: set[Connection] = set()
        self._is_over = False
        self.notice: dict[str, Any] | None = None
        self.totp_offer: str | None = None

    @property
    def has_feeds(self) -> bool:
        """Whether a page is open."""
        return bool(self._feeds)

    def add_feed(self, feed: Connection) -> None:
        """Closes the socket when the session ends; at once where that was during its handshake."""
        self._feeds.add(feed)
        if self._is_over:
            self.end()

    def remove_feed(self, feed: Connection) -> None:
        """The page was left."""
        self._feeds.discard(feed)

    def end(self) -> None:
        """Closes the sockets, now and later."""
        self._is_over = True
        for feed in self._feeds:
            feed.close(CloseCode.ADMIN_SESSION_ENDED, "admin_session_ended")

    def take_notice(self) -> dict[str, Any] | None:
        """What the last action left to say, once."""
        notice, self.notice = self.notice, None
        return notice


class AdminSessions:
    """The sessions of this server, by the secret in the cookie. They end with the server, and when their account changes.

    `current_versions` says which versions accounts have now, or None when it cannot be known.
    """

    def __init__(
        self,
        address: ClientAddress,
        current_versions: Callable[[set[str]], Awaitable[Mapping[str, str] | None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._current_versions = current_versions
        self._clock = clock
        self._sessions: dict[str, AdminSession] = {}

    def start(self, request: web.Request, response: web.StreamResponse, account: Account) -> None:
        """Begins a session under a fresh secret and puts it into the response's cookie; the browser's last one ends."""
        self._end(self.cookie(request, SESSION_COOKIE))
        self.end_idle()
        secret = secrets.token_urlsafe(32)
        self._sessions[secret] = AdminSession(account, self._clock())
        self._delete_cookie(request, response, LOGIN_COOKIE)
        self.set_cookie(request, response, SESSION_COOKIE, secret)

    async def find(self, request: web.Request) -> AdminSession | None:
        """The session that the request's cookie names, while it lasts."""
        self.end_idle()
        secret = self.cookie(request, SESSION_COOKIE)
        session = self._sessions.get(secret)
        if session is not None:
            session.last_used = self._clock()
            await self._end_changed([session])
        return self._sessions.get(secret)

    async def check_open(self) -> None:
        """Ends the sessions of open pages whose account was changed elsewhere: call it once a second."""
        await self._end_changed([session for session in self._sessions.values() if session.has_feeds])

    async def _end_changed(self, sessions: Iterable[AdminSession]) -> None:
        """The built-in account is asked nobody about: it works while the database is away."""
        versions = {session.account.name: session.account.version for session in sessions if not session.account.is_built_in}
        current = await self._current_versions(set(versions)) if versions else None
        if current is not None:
            self._end_where(
                lambda session: (
                    session.account.name in versions and session.account.version != current.get(session.account.name)
                )
            )

    def end(self, request: web.Request, response: web.StreamResponse) -> None:
        """Logs out."""
        self._end(self.cookie(request, SESSION_COOKIE))
        self._delete_cookie(request, response, SESSION_COOKIE)

    def end_all(self, name: str, *, but: AdminSession | None = None) -> None:
        """Logs an account out everywhere, but for one session."""
        self._end_where(lambda session: session.account.name == name and session is not but)

    def end_idle(self) -> None:
        """Ends the sessions that were not used for long."""
        now = self._clock()
        self._end_where(lambda session: now - session.last_used > IDLE_SECONDS)

    def keep(self, session: AdminSession) -> None:
        """Counts an open dashboard as use."""
        session.last_used = self._clock()

    def _end_where(self, is_over: Callable[[AdminSession], bool]) -> None:
        for secret in [secret for secret, session in self._sessions.items() if is_over(session)]:
            self._end(secret)

    def _end(self, secret: str) -> None:
        session = self._sessions.pop(secret, None)
        if session is not None:
            session.end()

    def cookie(self, request: web.Request, name: str) -> str:
        """What a cookie that `set_cookie` has set brings back, or nothing."""
        return request.cookies.get(self._name(request, name), "")

    def set_cookie(self, request: web.Request, response: web.StreamResponse, name: str, value: str) -> None:
        """A cookie that no script reads and no other site sends; behind TLS one that no other host can have set."""
        secure = self._address.is_secure(request)
        path = "/" if secure else "/admin"  # the prefix __Host- wants it
        response.set_cookie(self._name(request, name), value, path=path, httponly=True, samesite="Strict", secure=secure)

    def _delete_cookie(self, request: web.Request, response: web.StreamResponse, name: str) -> None:
        secure = self._address.is_secure(request)
        path = "/" if secure else "/admin"
        response.del_cookie(self._name(request, name), path=path, httponly=True, samesite="Strict", secure=secure)

    def _name(self, request: web.Request, name: str) -> str:
        return f"__Host-{name}" if self._address.is_secure(request) else name


SESSION = web.RequestKey("session", AdminSession)
"""Whose request it is, as the guard has found out."""

FORM = web.RequestKey("form", dict[str, str])
"""The fields of a POST, as the guard has read and checked them."""
