"""Corrections: what an admin changes about a player's result, in one order with what the player sends."""

import functools

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.commands import MAX_SCORE, MAX_SURVIVAL_TIME
from tilo_ws.protocol.text import email_address
from tilo_ws.services.score_update import ScoreUpdate, merged, removal
from tilo_ws.services.scores import Scores
from tilo_ws.storage.database import Database


class UnknownPlayer(Exception):
    """Nobody has a result under this address."""


class Corrections:
    """Each joins the scores' group commit: what was accepted before it is stored before it, or gives way to it.

    All return the player's result as it was, and raise UnknownPlayer, CommandError (`INVALID_FIELD`), DatabaseAway,
    StatementTimeout; NotStoredYet when it will still be done.
    """

    def __init__(self, database: Database, scores: Scores) -> None:
        self._scores = scores
        self._result_of = database.query("player_result")

    async def correct(self, email: str, score: int, survival_time: int) -> ScoreUpdate:
        """Sets exactly this score and survival time, also lower ones."""
        _check("score", score, MAX_SCORE)
        _check("survival_time", survival_time, MAX_SURVIVAL_TIME)
        address = email_address(email)
        return await self._change(ScoreUpdate(address, None, score, survival_time, corrects=True))

    async def rename(self, email: str, nickname: str | None) -> ScoreUpdate:
        """Gives the player this nickname, or none."""
        name = None if nickname is None else self._scores.nickname(nickname)
        return await self._change(ScoreUpdate(email_address(email), name, 0, 0, renames=True))

    async def reset(self, email: str) -> ScoreUpdate:
        """Takes the player off the leaderboard until the next score."""
        return await self._change(removal(email_address(email)))

    async def _change(self, update: ScoreUpdate) -> ScoreUpdate:
        waiting = self._scores.waiting(update.email)
        rows = [
            ScoreUpdate(row.email, row.nickname, row.score, row.survival_time)
            for row in await self._result_of(email=update.email)
        ]
        # Nothing is awaited from here until the change has joined the group commit.
        known = rows + waiting + self._scores.waiting(update.email)
        if not known or known[-1].removes:
            raise UnknownPlayer
        await self._scores.put([update])
        return functools.reduce(merged, known)


def _check(field: str, number: int, most: int) -> None:
    if not 0 <= number <= most:
        raise CommandError(ErrorCode.INVALID_FIELD, f"{field}: must be a whole number from 0 to {most}")
