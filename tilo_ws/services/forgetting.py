"""Forgetting a player: nothing of an address is kept that this server has stored under it."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tilo_ws.protocol.text import email_address
from tilo_ws.realtime.broker import Broker
from tilo_ws.services.moderation import Moderation
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


class Forgetting:
    """`commits` hold what is not stored yet: rows with an `email`."""

    def __init__(
        self,
        database: Database,
        broker: Broker,
        moderation: Moderation,
        scores: Scores,
        shadow: ShadowChat,
        commits: Sequence[GroupCommit[Any, Any]],
    ) -> None:
        self._broker = broker
        self._moderation = moderation
        self._scores = scores
        self._shadow = shadow
        self._commits = commits
        self._forget = database.query("forget_player")

    async def forget(self, email: str) -> None:
        """Raises CommandError, DatabaseAway, StatementTimeout; then it may be called again."""
        address = email_address(email)
        try:
            async with asyncio.timeout(_WRITE_TIMEOUT):
                while any(row.email == address for commit in self._commits for row in commit.rows()):
                    await asyncio.sleep(_LOOK_INTERVAL)
        except TimeoutError:
            raise DatabaseAway("what waits of this player cannot be stored now, so it cannot be forgotten") from None
        for row in await self._forget(email=address):
            self._broker.retract(row.seq, UUID(str(row.id)))
        await self._scores.put([removal(address)])
        self._moderation.forget(address)
        self._scores.refused.forget(address)
        await self._shadow.load()
        logger.info("forgot a player")
