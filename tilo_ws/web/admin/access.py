"""Who is logged in to the dashboard: admin sessions, their cookie, and the tokens that keep other sites' forms out."""

import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiohttp import web

from tilo_ws.realtime.redis_link import RedisAway
from tilo_ws.realtime.shared_store import SharedStore
from tilo_ws.services.admin_accounts import Account
from tilo_ws.services.notices import Tell, Topic
from tilo_ws.web.admin.session import AdminSession
from tilo_ws.web.client_address import ClientAddress
from tilo_ws.web.untrusted import digest

SESSION_COOKIE = "tilo_admin"
LOGIN_COOKIE = "tilo_login"

IDLE_SECONDS = 8 * 3600.0
"""A session ends when nothing was asked in it for so long; an open dashboard asks every second."""

_SHARING_SECONDS = 600.0
"""Other servers know a session that is in use without a change anew after so long."""


class AdminSessions:
    """The sessions by the secret in the cookie. They end when their account changes, and here with the server.

    `current_versions` says which versions accounts have now, or None when it cannot be known. With `shared` a session holds on
    every server; while that is away the sessions that are known here go on. `tell` has other servers `hear` which account was
    logged out everywhere.
    """

    def __init__(
        self,
        address: ClientAddress,
        current_versions: Callable[[set[str]], Awaitable[Mapping[str, str] | None]],
        shared: SharedStore | None,
        tell: Tell,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._current_versions = current_versions
        self._shared = shared
        self._tell = tell
        self._clock = clock
        self._sessions: dict[str, AdminSession] = {}
        # By digest, until the other servers can know.
        self._ended: set[str] = set()
        self._logged_out: set[str] = set()

    async def start(self, request: web.Request, response: web.StreamResponse, account: Account) -> None:
        """Begins a session under a fresh secret and puts it into the response's cookie; the browser's last one ends."""
        if last := self.cookie(request, SESSION_COOKIE):
            self._end(digest(last))
        self.end_idle()
        secret = secrets.token_urlsafe(32)
        session = self._sessions[digest(secret)] = AdminSession(digest(secret), account, self._clock())
        await self.save(session)
        await self._tell_ends()
        self._delete_cookie(request, response, LOGIN_COOKIE)
        self.set_cookie(request, response, SESSION_COOKIE, secret)

    async def find(self, request: web.Request) -> AdminSession | None:
        """The session that the request's cookie names, while it lasts."""
        self.end_idle()
        secret = self.cookie(request, SESSION_COOKIE)
        if not secret:
            return None
        name = digest(secret)
        is_known = name in self._sessions
        await self._refresh(name)
        session = self._sessions.get(name)
        if session is not None:
            session.last_used = self._clock()
            await self._end_changed([session], built_in=not is_known)
        return self._sessions.get(name)

    async def save(self, session: AdminSession) -> None:
        """Lets the other servers know what has become of a session: call it after each request."""
        if self._shared is None or session.id not in self._sessions:
            return
        record, now = session.record(), self._clock()
        if record == session.shared and now - session.shared_at < _SHARING_SECONDS:
            return
        with contextlib.suppress(RedisAway):
            await self._shared.put(_shared_name(session.id), record, IDLE_SECONDS + _SHARING_SECONDS)
            session.shared, session.shared_at = record, now

    async def check_open(self) -> None:
        """Ends the sessions of open pages that ended elsewhere, or whose account was changed: call it once a second."""
        await self._tell_ends()
        await self._end_logged_out()
        for name in [name for name, session in self._sessions.items() if session.has_feeds]:
            await self._refresh(name)
        await self._end_changed(session for session in self._sessions.values() if session.has_feeds)

    async def reload(self) -> None:
        """Ends all sessions whose account was changed."""
        await self._end_changed(self._sessions.values(), built_in=True)

    def hear(self, content: bytes) -> None:
        """An account was logged out everywhere on another server: so it is here at the next `check_open`."""
        self._logged_out.add(content.decode())

    async def end(self, request: web.Request, response: web.StreamResponse) -> None:
        """Logs out."""
        self._end(digest(self.cookie(request, SESSION_COOKIE)))
        self._delete_cookie(request, response, SESSION_COOKIE)
        await self._tell_ends()

    async def end_all(self, name: str) -> None:
        """Logs an account out everywhere, after its version was changed."""
        self._end_where(lambda session: session.account.name == name)
        self._tell(Topic.ADMIN_SESSIONS, name.encode())
        await self._tell_ends()

    def end_idle(self) -> None:
        """Ends the sessions that were not used here for long."""
        now = self._clock()
        for name in [name for name, session in self._sessions.items() if now - session.last_used > IDLE_SECONDS]:
            self._pop(name)

    def keep(self, session: AdminSession) -> None:
        """Counts an open dashboard as use."""
        session.last_used = self._clock()

    async def _refresh(self, name: str) -> None:
        """Takes over what other servers have done with a session."""
        if self._shared is None:
            return
        try:
            kept, ended = await self._shared.get(_shared_name(name), _ended_name(name))
        except RedisAway:
            return
        session = self._sessions.get(name)
        if ended is not None:
            self._pop(name)
        elif session is not None:
            if kept is None:
                session.shared = b""  # Redis has come back empty
            elif kept != session.shared:
                session.take_over(kept)
            await self.save(session)
        elif kept is not None and name not in self._ended:
            self._sessions[name] = AdminSession.of_record(name, kept, self._clock())

    async def _end_changed(self, sessions: Iterable[AdminSession], *, built_in: bool = False) -> None:
        """The built-in account is asked about only where there is a reason: PostgreSQL can be away, or asleep."""
        versions = {
            session.account.name: session.account.version for session in sessions if built_in or not session.account.is_built_in
        }
        current = await self._current_versions(set(versions)) if versions else None
        if current is not None:
            self._end_where(
                lambda session: (
                    session.account.name in versions and session.account.version != current.get(session.account.name)
                )
            )

    async def _end_logged_out(self) -> None:
        """Where nobody knows the versions, all sessions of the account end."""
        names, self._logged_out = self._logged_out, set()
        current = await self._current_versions(names) or {} if names else {}
        self._end_where(
            lambda session: session.account.name in names and session.account.version != current.get(session.account.name)
        )

    def _end_where(self, is_over: Callable[[AdminSession], bool]) -> None:
        for name in [name for name, session in self._sessions.items() if is_over(session)]:
            self._end(name)

    def _end(self, name: str) -> None:
        self._pop(name)
        if self._shared is not None:
            self._ended.add(name)

    def _pop(self, name: str) -> None:
        session = self._sessions.pop(name, None)
        if session is not None:
            session.end()

    async def _tell_ends(self) -> None:
        if self._shared is None:
            return
        with contextlib.suppress(RedisAway):
            for name in list(self._ended):
                await self._shared.put(_ended_name(name), b"", IDLE_SECONDS + 2 * _SHARING_SECONDS)
                self._ended.discard(name)

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


def _shared_name(name: str) -> str:
    return f"admin_session:{name}"


def _ended_name(name: str) -> str:
    return f"admin_session_ended:{name}"


SESSION = web.RequestKey("session", AdminSession)
"""Whose request it is, as the guard has found out."""

FORM = web.RequestKey("form", dict[str, str])
"""The fields of a POST, as the guard has read and checked them."""
