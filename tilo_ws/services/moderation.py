"""Moderation: who is banned or muted, in PostgreSQL and at once in force for everybody here."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID, uuid4

import msgspec

from tilo_ws.protocol.addresses import parse_ip, parse_network
from tilo_ws.protocol.bans import Ban, BanKind, Bans
from tilo_ws.protocol.codes import CloseCode, CommandError, ErrorCode
from tilo_ws.protocol.text import clean, email_address
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.hub import Hub
from tilo_ws.services.notices import Tell, Topic
from tilo_ws.storage.database import Database

logger = logging.getLogger(__name__)

MAX_REASON_LENGTH = 500
MAX_NICKNAME_LENGTH = 1_000
"""Code points."""

_STEP = 200
"""Connections that are looked at before others get their turn: look-alikes of ten thousand names take 70 ms."""


class Moderation:
    """The bans and mutes that hold now, in memory; `tell` has other servers `load` them after a change."""

    def __init__(self, database: Database, hub: Hub, tell: Tell, clock: Callable[[], float] = time.time) -> None:
        self._hub = hub
        self._tell = tell
        self._clock = clock
        self._bans = Bans()
        self._current = database.query("current_bans")
        self._store = database.query("store_ban")
        self._lift = database.query("lift_ban")
        self._past = database.query("past_bans")
        # While they are read none may be added or lifted.
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Reads them from PostgreSQL and puts in force those that another server has stored."""
        async with self._changing:
            current = from_rows(await self._current())
            is_news = any(ban.kind is BanKind.BAN and self._bans.get(ban.id) is None for ban in current)
            self._bans.replace(current)
        if is_news:
            await self._enforce()

    def all(self) -> list[Ban]:
        """Those that hold now, oldest first."""
        now = self._clock()
        return [ban for ban in self._bans if ban.is_active(now)]

    async def past(self, count: int) -> list[Ban]:
        """The last `count` whose time is over, the latest first; who is lifted is forgotten. Raises DatabaseAway."""
        return from_rows(await self._past(count=count))

    def get(self, id: UUID) -> Ban | None:
        """One that holds now."""
        ban = self._bans.get(id)
        return ban if ban is not None and ban.is_active(self._clock()) else None

    def about(self, emails: Iterable[str], nicknames: Iterable[str], ips: Iterable[str]) -> list[Ban]:
        """Those that hold now for one of these addresses, names or places."""
        now = self._clock()
        marks: list[tuple[str | None, str | None, str | None]] = [(email, None, None) for email in emails]
        marks += [(None, nickname, None) for nickname in nicknames]
        marks += [(None, None, ip) for ip in ips]
        return list({ban.id: ban for mark in marks for ban in self._bans.matches(*mark, now)}.values())

    async def add(self, ban: Ban, *, by: str) -> Ban:
        """Stores a ban or mute and puts it in force. Raises CommandError (`INVALID_FIELD`), DatabaseAway, StatementTimeout."""
        if len(ban.reason) > MAX_REASON_LENGTH or "\0" in ban.reason:
            raise CommandError(ErrorCode.INVALID_FIELD, f"reason: at most {MAX_REASON_LENGTH} characters, none of them NUL")
        if ban.expires_at is not None and ban.expires_at <= self._clock():
            raise CommandError(ErrorCode.INVALID_FIELD, "duration: must be above 0")
        ban = msgspec.structs.replace(_normal(ban), created_by=by, created_at=self._clock())
        async with self._changing:
            await self._store(**msgspec.structs.asdict(ban))
            self._bans.add(ban)
        self._tell(Topic.BANS, b"")
        fields = {"kind": ban.kind.value, "by": by, "ban": msgspec.to_builtins(ban)}
        logger.info("%(kind)s by %(by)s: %(ban)s", fields)
        if ban.kind is BanKind.BAN:
            await self._enforce()
        return ban

    async def lift(self, id: UUID, *, by: str) -> bool:
        """Takes one back. False when there is none. Raises DatabaseAway, StatementTimeout."""
        async with self._changing:
            rows = await self._lift(id=str(id))
            known = self._bans.remove(id)
        self._tell(Topic.BANS, b"")
        fields = {"by": by, "id": str(id), "ban": msgspec.to_builtins(known)}
        logger.info("lifted by %(by)s: %(id)s, %(ban)s", fields)
        return bool(rows) or known is not None

    def forget_expired(self) -> None:
        """Drops from memory those whose time is over."""
        for ban in self._bans.remove_expired(self._clock()):
            logger.info("%(kind)s has ended: %(id)s", {"kind": ban.kind.value, "id": str(ban.id)})

    def shuts_out(self, ip: str) -> bool:
        """Whether this address may not connect."""
        ban = self._bans.match(None, None, ip, self._clock())
        return ban is not None and ban.kind is BanKind.BAN

    def of(self, connection: Connection) -> Ban | None:
        """What holds for this player now, as far as it is known who that is."""
        return self._match(connection, connection.nickname)

    def match(self, email: str | None, nickname: str | None, ip: str) -> Ban | None:
        """What holds now for whoever has this address by a token, this name, this place."""
        return self._bans.match(email, nickname, ip, self._clock())

    def is_banned(self, connection: Connection) -> bool:
        """Whether this player may not stay."""
        ban = self.of(connection)
        return ban is not None and ban.kind is BanKind.BAN

    def may_be_heard(self, connection: Connection, nickname: str) -> bool:
        """Whether others hear what is said under this name. Raises CommandError (`MUTED`); closes who is banned."""
        ban = self._match(connection, nickname)
        if ban is None:
            return True
        if ban.kind is BanKind.BAN:
            connection.close(CloseCode.BANNED, "banned")
        if ban.kind is not BanKind.SHADOW_MUTE:
            raise CommandError(ErrorCode.MUTED, _explanation(ban, self._clock()))
        return False

    async def _enforce(self) -> None:
        for number, connection in enumerate(list(self._hub), 1):
            if self.is_banned(connection):
                connection.close(CloseCode.BANNED, "banned")
            if not number % _STEP:
                await asyncio.sleep(0)

    def _match(self, connection: Connection, nickname: str | None) -> Ban | None:
        # Without a token the address that somebody claims is somebody else's, perhaps.
        return self.match(None if connection.player is None else connection.player.email, nickname, connection.ip)


def from_rows(rows: list[Any]) -> list[Ban]:
    """Bans as the statements about them return them."""
    return [msgspec.convert(row._asdict(), Ban) for row in rows]


def _normal(ban: Ban) -> Ban:
    """With an id, and each value as PostgreSQL and others spell it. Raises CommandError."""
    Bans([ban])
    return msgspec.structs.replace(
        ban,
        id=uuid4(),
        email=None if ban.email is None else email_address(ban.email),
        nickname=None if ban.nickname is None else clean("nickname", ban.nickname, MAX_NICKNAME_LENGTH),
        ip=None if ban.ip is None else str(parse_ip(ban.ip)),
        network=None if ban.network is None else str(parse_network(ban.network)),
    )


def _explanation(ban: Ban, now: float) -> str:
    left = "" if ban.expires_at is None else f" for {max(1, round(ban.expires_at - now))} more seconds"
    return f"you are muted{left}" + (f": {ban.reason}" if ban.reason else "")
