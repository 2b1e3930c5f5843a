"""A player's own standing: the entry that an answer to `get_leaderboard` has beside the best players."""

import asyncio
import logging
from typing import Any

import msgspec

from tilo_ws.protocol import pushes
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.commands import GetLeaderboard
from tilo_ws.protocol.pushes import LeaderboardEntry
from tilo_ws.realtime.connection import Connection
from tilo_ws.services.leaderboard import Leaderboard
from tilo_ws.storage.database import Database
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout

logger = logging.getLogger(__name__)

_QUERIES_AT_ONCE = 2
"""Statements under way: each counts the players who are better, which may be all of them."""


class Standing:
    """Answers `get_leaderboard`: at once, or later where PostgreSQL has to count who is better."""

    def __init__(self, database: Database, board: Leaderboard) -> None:
        self._board = board
        self._standing = database.query("player_standing")
        self._turns = asyncio.Semaphore(_QUERIES_AT_ONCE)
        self._asking: dict[Connection, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """Gives up the answers that wait for PostgreSQL."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    def get(self, connection: Connection, command: GetLeaderboard) -> None:
        """Handles GetLeaderboard. Raises CommandError."""
        if connection in self._asking:
            raise CommandError(ErrorCode.BUSY, "the answer to the last get_leaderboard is under way", retry_after=1.0)
        if command.watch is not None:
            self._board.watch(connection, command.limit if command.watch else 0)
        player = connection.player
        if player is None:
            self._answer(connection, command, msgspec.UNSET)
        elif (own := self._board.entry_of(player.email)) or self._board.has_everybody:
            self._answer(connection, command, own)
        else:
            task = asyncio.create_task(self._answer_from_database(connection, command, player.email))
            self._asking[connection] = task

    async def _answer_from_database(self, connection: Connection, command: GetLeaderboard, email: str) -> None:
        own: LeaderboardEntry | msgspec.UnsetType | None = msgspec.UNSET
        try:
            async with self._turns:
                rows = await self._standing(email=email)
            own = self._board.entry_of(email) or next((self._entry(email, row) for row in rows), None)
        except (DatabaseAway, StatementTimeout):
            pass  # the log has it already: the best are told, who asks is not
        except Exception:
            logger.exception("the standing of connection %(connection)s cannot be told", {"connection": connection.id})
        finally:
            del self._asking[connection]
        self._answer(connection, command, own)

    def _entry(self, email: str, row: Any) -> LeaderboardEntry:
        return LeaderboardEntry(row.rank, self._board.name_of(email, row.nickname), row.score, row.survival_time)

    def _answer(
        self, connection: Connection, command: GetLeaderboard, own: LeaderboardEntry | msgspec.UnsetType | None
    ) -> None:
        connection.reply(pushes.leaderboard(self._board.best(command.limit), command.ref, own))
