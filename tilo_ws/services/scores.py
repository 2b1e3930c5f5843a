"""Scores: the best of old and new is kept, field by field, and acknowledged once PostgreSQL has it."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

import msgspec

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.commands import SubmitScore
from tilo_ws.protocol.plausibility import ScoreRules
from tilo_ws.protocol.text import clean, email_address
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.receipt import Receipt, Waiter, acknowledge_all, busy, refuse_all
from tilo_ws.services.leaderboard import Leaderboard
from tilo_ws.services.notices import Tell, Topic
from tilo_ws.services.player_score import PlayerScore
from tilo_ws.services.refused_scores import RefusedScores
from tilo_ws.services.score_update import ScoreUpdate, merged
from tilo_ws.services.text_rules import TextRules
from tilo_ws.storage.backlog import Backlog
from tilo_ws.storage.database import Database
from tilo_ws.storage.errors import DatabaseAway
from tilo_ws.storage.group_commit import GroupCommit

logger = logging.getLogger(__name__)

_BATCH_TIMEOUT = 10.0
"""Seconds that the back end waits for its scores to be stored."""


class NotStoredYet(DatabaseAway):
    """It is accepted and will be stored, but was not in time."""


class Scores:
    """Takes scores and stores them by group commit. `board` takes over the rows as the database has them then.

    `tell` has other servers `hear` of corrections. `refused` has scores that nobody can have played.
    """

    def __init__(
        self,
        database: Database,
        backlog: Backlog,
        *,
        max_nickname_length: int,
        rules: ScoreRules,
        text_rules: TextRules,
        board: Leaderboard,
        tell: Tell,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backlog = backlog
        self._max_nickname_length = max_nickname_length
        self._rules = rules
        self._text_rules = text_rules
        self._clock = clock
        self.refused = RefusedScores()
        self._board = board
        self._tell = tell
        self._store = database.query("store_scores")
        self.commit = GroupCommit[ScoreUpdate, Waiter](
            "scores", backlog, store=self._store_batch, merge=merged, stored=acknowledge_all, refused=_refuse
        )

    def submit(self, connection: Connection, command: SubmitScore) -> None:
        """Handles SubmitScore. Raises CommandError."""
        email = email_address(command.email)
        player = connection.player
        if player is not None and email != player.email:
            raise CommandError(ErrorCode.FORBIDDEN, "email: the token is another player's")
        nickname = player.nickname if player is not None else None
        renames = nickname is not None
        if nickname is None and command.nickname is not None:
            nickname = self._text_rules.nickname(clean("nickname", command.nickname, self._max_nickname_length))
        if objection := self._rules.objection(email, command.score, command.survival_time, self._clock()):
            fields = {"email": email, "ip": connection.ip, "reason": objection}
            logger.warning("implausible score of %(email)s (%(ip)s) refused: %(reason)s", fields)
            self.refused.add(
                email=email,
                nickname=nickname or connection.nickname,
                score=command.score,
                survival_time=command.survival_time,
                reason=objection,
                connection=connection.id,
                ip=connection.ip,
            )
            raise CommandError(ErrorCode.IMPLAUSIBLE_SCORE, objection)
        if self._backlog.full:
            raise busy()
        # Without a ref nobody waits: then one receipt for a row is enough, to count it and to hear of a refusal.
        receipt = None if command.ref is None and self.commit.gathers(email) else Receipt(connection, command.ref)
        connection.email = email
        self._rules.accept(email, command.score, self._clock())
        said = {"email": email, "ip": connection.ip, "score": command.score, "survival_time": command.survival_time}
        logger.debug("score of %(email)s (%(ip)s): %(score)d in %(survival_time)d s", said)
        self.commit.add(email, ScoreUpdate(email, nickname, command.score, command.survival_time, renames), receipt)

    async def take(self, results: Sequence[tuple[str, str | None, int, int]]) -> None:
        """Stores what the game's back end reports (address, nickname, score, survival time), and returns once it is stored.

        The back end is believed: its nicknames replace others. Raises CommandError, and then takes nothing; DatabaseAway when
        it is not stored in time: it will be, and may be sent again.
        """
        updates = []
        for number, (email, nickname, score, survival_time) in enumerate(results):
            try:
                name = None if nickname is None else self.nickname(nickname)
                updates.append(ScoreUpdate(email_address(email), name, score, survival_time, name is not None))
            except CommandError as error:
                raise CommandError(error.code, f"[{number}]: {error.message}") from None
        await self.put(updates)

    def nickname(self, raw: str) -> str:
        """A name as the back end or an admin may give it, reserved ones among them. Raises CommandError."""
        return clean("nickname", raw, self._max_nickname_length)

    def waiting(self, email: str) -> list[ScoreUpdate]:
        """What of this player is accepted and not stored yet, in the order in which it will be."""
        return [update for update in self.commit.rows() if update.email == email]

    async def put(self, updates: Sequence[ScoreUpdate]) -> None:
        """Accepts these at once, before anything is awaited, and returns once they are stored.

        Raises DatabaseAway, and then has taken nothing; NotStoredYet.
        """
        if self._backlog.full:
            raise DatabaseAway("too much waits to be stored already")
        batch = _Batch(len(updates))
        for update in updates:
            if update.corrects or update.removes:
                self._rules.correct(update.email, update.score, self._clock())
            self.commit.add(update.email, update, batch)
        try:
            await asyncio.wait_for(batch.stored, _BATCH_TIMEOUT)
        except TimeoutError:
            raise NotStoredYet("the scores are not stored yet; they will be") from None

    async def _store_batch(self, updates: list[ScoreUpdate]) -> None:
        kept = [update for update in updates if not update.removes]
        corrections = [(update.email, update.score) for update in updates if update.corrects or update.removes]
        async with self._board.storing:
            rows = await self._store(
                emails=[update.email for update in kept],
                nicknames=[update.nickname for update in kept],
                scores=[update.score for update in kept],
                survival_times=[update.survival_time for update in kept],
                renamed=[update.email for update in kept if update.renames],
                corrected=[update.email for update in kept if update.corrects],
                removed=[update.email for update in updates if update.removes],
            )
            self._board.update([PlayerScore(*row) for row in rows])
            if corrections:
                await self._board.correct()
        if corrections:
            self._tell(Topic.CORRECTIONS, msgspec.msgpack.encode(corrections))

    def hear(self, corrections: bytes) -> None:
        """What was corrected on another server cannot be sent again at once here either."""
        for email, score in msgspec.msgpack.decode(corrections, type=list[tuple[str, int]]):
            self._rules.correct(email, score, self._clock())


class _Batch:
    """Waits until so many rows are stored."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not count:
            self.stored.set_result(None)

    def acknowledge(self) -> None:
        self._left -= 1
        if not self._left and not self.stored.done():
            self.stored.set_result(None)

    def refuse(self, error: CommandError) -> None:
        if not self.stored.done():
            self.stored.set_exception(error)


def _refuse(update: ScoreUpdate, waiters: list[Waiter]) -> None:
    refuse_all(waiters)
