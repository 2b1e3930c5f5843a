"""Forgetting a player: nothing of an address is kept that this server has stored under it."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from tilo_ws.protocol.text import email_address
from tilo_ws.realtime.broker import Broker
from tilo_ws.services.moderation import Moderation
from tilo_ws.services.notices import Topic
from tilo_ws.services.score_update import removal
from tilo_ws.services.scores import Scores
from tilo_ws.services.shadow_chat import ShadowChat
from tilo_ws.storage.database import Database
from tilo_ws.storage.errors import DatabaseAway
from tilo_ws.storage.group_commit import GroupCommit

logger = logging.getLogger(__name__)

_WRITE_TIMEOUT = 5.0
"""Seconds that what the player has written may take to be stored."""

_LOOK_INTERVAL = 0.05

_FRESH = 10.0
"""Seconds after which another server's notice comes too late: by then there can be something new, which is not to go."""


class Forgetting:
    """`commits` hold what is not stored yet: rows with an `email`. Other servers `hear` who was forgotten."""

    def __init__(
        self,
        database: Database,
        broker: Broker,
        moderation: Moderation,
        scores: Scores,
        shadow: ShadowChat,
        commits: Sequence[GroupCommit[Any, Any]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._broker = broker
        self._moderation = moderation
        self._scores = scores
        self._shadow = shadow
        self._commits = commits
        self._clock = clock
        self._told: dict[str, float] = {}
        self._forget = database.query("forget_player")

    async def forget(self, email: str) -> None:
        """Raises CommandError, DatabaseAway, StatementTimeout; then it may be called again."""
        address = email_address(email)
        await self._forget_here(address)
        self._broker.tell(Topic.FORGOTTEN, msgspec.msgpack.encode((address, self._clock())))
        logger.info("forgot a player")

    def hear(self, content: bytes) -> None:
        """Who was forgotten on another server is forgotten here by `catch_up`."""
        address, at = msgspec.msgpack.decode(content, type=tuple[str, float])
        self._told[address] = at

    async def catch_up(self) -> None:
        """Forgets here too whom another server forgot: what waited here may have been stored since. Raises as `forget`.

        PostgreSQL is asked only when somebody was.
        """
        for address, at in list(self._told.items()):
            if self._clock() - at < _FRESH:
                await self._forget_here(address)
            else:
                await self._drop(address)
            del self._told[address]

    async def _forget_here(self, address: str) -> None:
        try:
            async with asyncio.timeout(_WRITE_TIMEOUT):
                while any(row.email == address for commit in self._commits for row in commit.rows()):
                    await asyncio.sleep(_LOOK_INTERVAL)
        except TimeoutError:
            raise DatabaseAway("what waits of this player cannot be stored now, so it cannot be forgotten") from None
        for row in await self._forget(email=address):
            self._broker.retract(row.seq, UUID(str(row.id)))
        await self._scores.put([removal(address)])
        await self._drop(address)

    async def _drop(self, address: str) -> None:
        """From memory."""
        self._scores.refused.forget(address)
        await self._moderation.load()
        await self._shadow.load()
