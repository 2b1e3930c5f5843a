"""Recovery: who comes back is given the chat that it missed, from memory where that reaches, else from PostgreSQL."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from uuid import UUID

import msgspec

from tilo_ws.protocol import pushes
from tilo_ws.protocol.chat_message import ChatMessage
from tilo_ws.protocol.codes import CloseCode, CommandError, ErrorCode
from tilo_ws.protocol.commands import Hello
from tilo_ws.protocol.pushes import Limits, PlayerNames, Recovered, Ref
from tilo_ws.realtime.broker import Broker
from tilo_ws.realtime.connection import Connection
from tilo_ws.storage.database import Database
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout

logger = logging.getLogger(__name__)

MAX_MESSAGES = 1_000
MAX_BYTES = 256 * 1024
"""What one answer holds, in messages and in bytes of their JSON: then the newest that fit."""

_QUERIES_AT_ONCE = 2
"""Statements for recoveries under way, so that a crowd with long gaps leaves connections to those who write."""


class Recovery:
    """Answers `hello`. `unstored` gives the messages that wait to be stored, oldest first; `limits` what holds now.

    `whole` and `partial` count those who came back, by whether they got all that they had missed.
    """

    def __init__(
        self,
        database: Database,
        broker: Broker,
        *,
        unstored: Callable[[], Iterable[ChatMessage]],
        limits: Callable[[], Limits],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._broker = broker
        self._unstored = unstored
        self._limits = limits
        self._clock = clock
        self._identity = database.query("server_identity")
        self._between = database.query("chat_between")
        self._turns = asyncio.Semaphore(_QUERIES_AT_ONCE)
        self._asking: dict[Connection, asyncio.Task[None]] = {}
        self.whole = 0
        self.partial = 0
        self.epoch: UUID

    async def load(self) -> None:
        """Reads the identity of the database's numbering."""
        [identity] = await self._identity()
        self.epoch = identity.epoch

    async def close(self) -> None:
        """Gives up the answers that wait for PostgreSQL."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    def hello(self, connection: Connection, command: Hello) -> None:
        """Handles Hello: answers at once from memory, or later when PostgreSQL has to be asked. Raises CommandError."""
        after, joined, history = command.after, connection.joined_seq, self._broker.history
        other_epoch = command.epoch is not None and command.epoch.lower() != str(self.epoch)
        if after is None or other_epoch or after > self._broker.highest_seq:
            newest = history.between(0, joined)[-command.history :] if command.history else []
            self._answer(connection, command.ref, newest)
        elif after >= history.complete_after or joined <= after:
            missed = history.between(after, joined)
            self._answer(connection, command.ref, missed, after=after, complete=after >= history.removed_through)
        elif connection in self._asking:
            raise CommandError(ErrorCode.BUSY, "the answer to the last hello is under way", retry_after=1.0)
        else:
            self._asking[connection] = asyncio.create_task(self._answer_from_database(connection, command.ref, after))

    async def _answer_from_database(self, connection: Connection, ref: Ref, after: int) -> None:
        try:
            messages, complete = await self._recover(after, connection.joined_seq)
            self._answer(connection, ref, messages, after=after, complete=complete)
        except Exception:
            logger.exception("recovery of connection %(connection)s failed", {"connection": connection.id})
            connection.close(CloseCode.INTERNAL_ERROR)
        finally:
            del self._asking[connection]

    async def _recover(self, after: int, joined: int) -> tuple[list[msgspec.Raw], bool]:
        """What was said after a number, up to another, and whether that is all of it."""
        history = self._broker.history
        in_memory_after = history.complete_after
        in_memory = history.between(in_memory_after, joined)
        through = min(in_memory_after, joined)
        # Those first: what is stored meanwhile is among them already.
        unstored = {message.seq: message for message in self._unstored() if after < message.seq <= through}
        stored: dict[int, ChatMessage] = {}
        complete = True
        try:
            async with self._turns:
                rows = await self._between(after=after, through=through, limit=MAX_MESSAGES + 1)
            stored = {row.seq: ChatMessage(*row) for row in rows}
        except (DatabaseAway, StatementTimeout):
            complete = False  # the log has it already
        older = stored | unstored
        shown = [pushes.chat_json(older[seq]) for seq in sorted(older) if older[seq].deleted_at is None]
        # Clean-up may have gone on while PostgreSQL was asked.
        return shown + in_memory, complete and after >= history.removed_through

    def _answer(
        self,
        connection: Connection,
        ref: Ref,
        messages: list[msgspec.Raw],
        *,
        after: int | None = None,
        complete: bool = False,
    ) -> None:
        newest = _newest_that_fit(messages)
        complete = complete and len(newest) == len(messages)
        if after is not None:
            self.whole += complete
            self.partial += not complete
        chat = Recovered(
            seq=connection.joined_seq,
            messages=newest,
            complete=complete,
            deleted=[] if after is None else self._broker.history.deleted_through(after),
        )
        now_ms = round(self._clock() * 1000)
        player = connection.player
        names = None if player is None else PlayerNames(player.email, player.nickname)
        frame = pushes.welcome(chat, epoch=self.epoch, server_time_ms=now_ms, player=names, limits=self._limits(), ref=ref)
        connection.reply(frame)


def _newest_that_fit(messages: list[msgspec.Raw]) -> list[msgspec.Raw]:
    bytes_left = MAX_BYTES
    first = len(messages)
    while first > 0 and len(messages) - first < MAX_MESSAGES:
        bytes_left -= len(memoryview(messages[first - 1]))
        if bytes_left < 0:
            break
        first -= 1
    return messages[first:]
