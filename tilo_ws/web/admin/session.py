"""One login to the dashboard: who it is, and what its pages have open."""

import math
import secrets
from typing import Any

import msgspec

from tilo_ws.protocol.codes import CloseCode
from tilo_ws.realtime.connection import Connection
from tilo_ws.services.admin_accounts import Account


class _Record(msgspec.Struct, frozen=True, array_like=True):
    """What servers share of a session."""

    account: Account
    csrf_token: str
    notice: dict[str, Any] | None
    totp_offer: str | None


class AdminSession:
    """One login, from its cookie to its end.

    It holds the sockets of its open pages; `totp_offer` is the secret of one-time codes that are not confirmed yet. Other
    servers have known it as `shared` since `shared_at`.
    """

    __slots__ = (
        "_feeds",
        "_is_over",
        "account",
        "csrf_token",
        "id",
        "last_used",
        "notice",
        "shared",
        "shared_at",
        "totp_offer",
    )

    def __init__(self, id: str, account: Account, now: float) -> None:
        self.id = id
        self.account = account
        self.csrf_token = secrets.token_urlsafe(32)
        self.last_used = now
        self._feeds: set[Connection] = set()
        self._is_over = False
        self.notice: dict[str, Any] | None = None
        self.totp_offer: str | None = None
        self.shared = b""
        self.shared_at = -math.inf

    @classmethod
    def of_record(cls, id: str, record: bytes, now: float) -> "AdminSession":
        """One that began on another server."""
        kept = msgspec.msgpack.decode(record, type=_Record)
        session = cls(id, kept.account, now)
        session.take_over(record)
        return session

    def record(self) -> bytes:
        """What other servers need to go on with it."""
        return msgspec.msgpack.encode(_Record(self.account, self.csrf_token, self.notice, self.totp_offer))

    def take_over(self, record: bytes) -> None:
        """Goes on as another server has left it."""
        kept = msgspec.msgpack.decode(record, type=_Record)
        self.csrf_token, self.notice, self.totp_offer = kept.csrf_token, kept.notice, kept.totp_offer
        self.shared = record

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
