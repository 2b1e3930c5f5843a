"""Scores: the best of old and new is kept, field by field, and acknowledged once PostgreSQL has it."""

import logging
from collections.abc import Callable, Sequence

import msgspec

from tilo_ws.protocol import pushes
from tilo_ws.protocol.commands import SubmitScore
from tilo_ws.protocol.text import clean, email_address
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.receipt import Receipt, acknowledge_all, busy, refuse_all, refused_by_database
from tilo_ws.services.leaderboard import PlayerScore
from tilo_ws.storage.database import Database
from tilo_ws.storage.group_commit import Backlog, GroupCommit

logger = logging.getLogger(__name__)


class ScoreUpdate(msgspec.Struct, frozen=True):
    """A player's result on its way into the database, with the connection that hears of a refusal."""

    email: str
    nickname: str | None
    score: int
    survival_time: int
    connection: Connection


class Scores:
    """Takes scores and stores them by group commit. `improved` is told the rows that the database changed."""

    def __init__(
        self,
        database: Database,
        backlog: Backlog,
        *,
        max_nickname_length: int,
        improved: Callable[[Sequence[PlayerScore]], None],
    ) -> None:
        self._backlog = backlog
        self._max_nickname_length = max_nickname_length
        self._improved = improved
        self._store = database.query("store_scores")
        self.commit = GroupCommit[ScoreUpdate, Receipt](
            "scores", backlog, store=self._store_batch, merge=_best, stored=acknowledge_all, refused=_refuse
        )

    def submit(self, connection: Connection, command: SubmitScore) -> None:
        """Handles SubmitScore. Raises CommandError."""
        email = email_address(command.email)
        nickname = None
        if command.nickname is not None:
            nickname = clean("nickname", command.nickname, self._max_nickname_length)
        if self._backlog.full:
            raise busy()
        receipt = None if command.ref is None else Receipt(connection, command.ref)
        connection.email = email
        logger.debug("score of %s (%s): %d in %d s", email, connection.ip, command.score, command.survival_time)
        update = ScoreUpdate(email, nickname, command.score, command.survival_time, connection)
        self.commit.add(email, update, receipt)

    async def _store_batch(self, updates: list[ScoreUpdate]) -> None:
        rows = await self._store(
            emails=[update.email for update in updates],
            nicknames=[update.nickname for update in updates],
            scores=[update.score for update in updates],
            survival_times=[update.survival_time for update in updates],
        )
        self._improved([PlayerScore(*row) for row in rows])


def _best(old: ScoreUpdate, new: ScoreUpdate) -> ScoreUpdate:
    return ScoreUpdate(
        old.email,
        old.nickname if old.nickname is not None else new.nickname,
        max(old.score, new.score),
        max(old.survival_time, new.survival_time),
        new.connection,
    )


def _refuse(update: ScoreUpdate, receipts: list[Receipt]) -> None:
    if receipts:
        refuse_all(receipts)
    else:
        update.connection.write(pushes.error(refused_by_database(), None))
