"""Player records: what PostgreSQL has of players, for admins to look up."""

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from tilo_ws.protocol.bans import Ban
from tilo_ws.services.moderation import from_rows
from tilo_ws.services.player_score import PlayerScore
from tilo_ws.storage.database import Database

PLAYERS_ON_A_PAGE = 50
MESSAGES_ON_A_PAGE = 50
_MAX_BANS = 100

NEWEST = 2**63 - 1
"""The `before` of the first page of chat."""


class RankedScore(NamedTuple):
    """A player's result with its rank on the leaderboard of all."""

    rank: int
    result: PlayerScore


class PlayerRecords:
    """All raise DatabaseAway, StatementTimeout."""

    def __init__(self, database: Database) -> None:
        self._find = database.query("find_players")
        self._player = database.query("player")
        self._chat = database.query("chat_of_player")
        self._bans = database.query("bans_of_player")

    async def find(self, words: str, after: tuple[int, str] | None = None) -> tuple[list[PlayerScore], bool]:
        """Players with this in their address or nickname, the best first, and whether there are more.

        `after` is score and address of the last one on the page before.
        """
        score, email = (None, None) if after is None else after
        rows = await self._find(
            words=unicodedata.normalize("NFC", words), after_score=score, after_email=email, limit=PLAYERS_ON_A_PAGE + 1
        )
        return [PlayerScore(*row) for row in rows[:PLAYERS_ON_A_PAGE]], len(rows) > PLAYERS_ON_A_PAGE

    async def score(self, email: str) -> RankedScore | None:
        """The result of this address; None where nobody has one."""
        for row in await self._player(email=email):
            return RankedScore(row.rank, PlayerScore(row.email, row.nickname, row.score, row.survival_time, row.updated_at))
        return None

    async def chat(self, email: str, before: int = NEWEST) -> tuple[list[Any], bool]:
        """What a player said, newest first, below the number `before`; and whether there is more. Deleted is left out."""
        rows = await self._chat(email=email, before=before, limit=MESSAGES_ON_A_PAGE + 1)
        return rows[:MESSAGES_ON_A_PAGE], len(rows) > MESSAGES_ON_A_PAGE

    async def bans(self, email: str, in_force: Sequence[UUID]) -> list[Ban]:
        """Bans and mutes of the address, past ones too, and those `in_force` for another reason; the newest 100."""
        return from_rows(await self._bans(email=email, ids=[str(id) for id in in_force], limit=_MAX_BANS))
