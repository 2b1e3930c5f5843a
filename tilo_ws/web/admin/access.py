"""Who is logged in to the dashboard: admin sessions, their cookie, and the tokens that keep other sites' forms out."""

import secrets
import time
from collections.abc import Callable

from aiohttp import web

from tilo_ws.web.client_address import ClientAddress

SESSION_COOKIE = "tilo_admin"
LOGIN_COOKIE = "tilo_login"

IDLE_SECONDS = 8 * 3600.0
"""A session ends when nothing was asked in it for so long; an open dashboard asks every second."""


class AdminSession:
    """One login, from its cookie to its end."""

    __slots__ = ("csrf_token", "ended", "last_used", "notice", "username")

    def __init__(self, username: str, now: float) -> None:
        self.username = username
        self.csrf_token = secrets.token_urlsafe(32)
        self.last_used = now
        self.ended = False
        self.notice: dict[str, str] | None = None

    def take_notice(self) -> dict[str, str] | None:
        """What the last action left to say, once."""
        notice, self.notice = self.notice, None
        return notice


class AdminSessions:
    """The sessions of this server, by the secret in the cookie. They end with the server."""

    def __init__(self, address: ClientAddress, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._clock = clock
        self._sessions: dict[str, AdminSession] = {}

    def start(self, request: web.Request, response: web.StreamResponse, username: str) -> None:
        """Begins a session under a fresh secret and puts it into the response's cookie."""
        self.end_idle()
        secret = secrets.token_urlsafe(32)
        self._sessions[secret] = AdminSession(username, self._clock())
        self._delete_cookie(request, response, LOGIN_COOKIE)
        self.set_cookie(request, response, SESSION_COOKIE, secret)

    def find(self, request: web.Request) -> AdminSession | None:
        """The session that the request's cookie names, while it lasts."""
        self.end_idle()
        session = self._sessions.get(self.cookie(request, SESSION_COOKIE))
        if session is not None:
            session.last_used = self._clock()
        return session

    def end(self, request: web.Request, response: web.StreamResponse) -> None:
        """Logs out."""
        self._end(self.cookie(request, SESSION_COOKIE))
        self._delete_cookie(request, response, SESSION_COOKIE)

    def end_idle(self) -> None:
        """Ends the sessions that were not used for long."""
        now = self._clock()
        for secret in [key for key, session in self._sessions.items() if now - session.last_used > IDLE_SECONDS]:
            self._end(secret)

    def keep(self, session: AdminSession) -> bool:
        """Counts an open dashboard as use. False: the session has ended."""
        if not session.ended:
            session.last_used = self._clock()
        return not session.ended

    def _end(self, secret: str) -> None:
        session = self._sessions.pop(secret, None)
        if session is not None:
            session.ended = True

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
