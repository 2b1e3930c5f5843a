"""Forgetting a player: nothing of an address is kept that this server has stored under it."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from tilo_ws.protocol.text import email_address
from tilo_ws.realtime.broker import Broker
from tilo_ws.realtime.servers import Servers
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

_SETTLED = 15.0
"""Seconds after which all servers have followed what the log has of a forgotten player, and stored or dropped it."""


class Forgetting:
    """`commits` hold what is not stored yet: rows with an `email`. Other servers `hear` who was forgotten.

    What joins servers is rid of it a little later, by the one that leads.
    """

    def __init__(
        self,
        database: Database,
        broker: Broker,
        moderation: Moderation,
        scores: Scores,
        shadow: ShadowChat,
        commits: Sequence[GroupCommit[Any, Any]],
        servers: Servers,
    ) -> None:
        self._broker = broker
        self._moderation = moderation
        self._scores = scores
        self._shadow = shadow
        self._commits = commits
        self._servers = servers
        self._told: dict[str, float] = {}
        self._logged: dict[str, float] = {}
        self._forget = database.query("forget_player")

    async def forget(self, email: str) -> None:
        """Raises CommandError, DatabaseAway, StatementTimeout; then it may be called again."""
        address = email_address(email)
        await self._forget_here(address)
        self._logged[address] = now = self._servers.now()
        self._broker.tell(Topic.FORGOTTEN, msgspec.msgpack.encode((address, now)))
        logger.info("forgot a player")

    def hear(self, content: bytes) -> None:
        """Who was forgotten on another server is forgotten here by `catch_up`."""
        address, at = msgspec.msgpack.decode(content, type=tuple[str, float])
        self._told[address] = at
        self._logged[address] = self._servers.now()

    async def catch_up(self) -> None:
        """Forgets here too whom another server forgot: what waited here may have been stored since. Raises as `forget`.

        PostgreSQL is asked only when somebody was.
        """
        for address, at in list(self._told.items()):
            if self._servers.now() - at < _FRESH:
                await self._forget_here(address)
            else:
                await self._drop(address)
            del self._told[address]

    async def purge(self) -> None:
        """Removes from the log what it has of players who were forgotten a while ago. Raises RedisAway."""
        settled = self._older_than(_SETTLED)
        if settled and self._servers.leads:
            await self._broker.purge(settled)
        else:  # some other server did it; for who begins to lead meanwhile they are remembered as long again
            settled = self._older_than(2 * _SETTLED)
        for address in settled:
            del self._logged[address]

    def _older_than(self, seconds: float) -> list[str]:
        now = self._servers.now()
        return [address for address, at in self._logged.items() if now - at >= seconds]

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
