"""Chat: what a player says goes to everybody at once and into PostgreSQL soon after; then it is acknowledged."""

import asyncio
import logging
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import msgspec

from tilo_ws.protocol.chat_message import ChatDraft, ChatMessage
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.commands import SendChat
from tilo_ws.protocol.known_ids import MEMORY_IDS, MEMORY_SECONDS
from tilo_ws.protocol.origins import Origins
from tilo_ws.protocol.text import clean
from tilo_ws.realtime.broker import Broker
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.receipt import Receipt, Waiter, acknowledge_all, busy, refuse_all
from tilo_ws.realtime.session import rate_limited
from tilo_ws.services.chat_rates import ChatRates
from tilo_ws.services.deletion import Deletion
from tilo_ws.services.moderation import Moderation
from tilo_ws.services.notices import Topic
from tilo_ws.services.shadow_chat import ShadowChat
from tilo_ws.services.text_rules import TextRules
from tilo_ws.storage.backlog import Backlog
from tilo_ws.storage.database import Database
from tilo_ws.storage.errors import BadData, DatabaseAway, StatementTimeout
from tilo_ws.storage.group_commit import GroupCommit

logger = logging.getLogger(__name__)

CLEAN_UP_ROWS = 10_000
"""Messages that one statement removes: well within its time limit, also after a long pause of the server."""

_MISSED_TIMEOUT = 3.0
"""Seconds that everything said waits for PostgreSQL where the log that joins servers has a gap."""

_DELETION_TIMEOUT = 5.0
"""Seconds that a deletion waits to be stored together with its message."""


class Chat:
    """The rules of the chat. Lengths are in code points, retention in seconds; 0 is no limit."""

    def __init__(
        self,
        database: Database,
        broker: Broker,
        backlog: Backlog,
        *,
        max_message_length: int,
        max_nickname_length: int,
        rates: ChatRates,
        rules: TextRules,
        moderation: Moderation,
        shadow: ShadowChat,
        retention: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._broker = broker
        self._backlog = backlog
        self._max_message_length = max_message_length
        self._max_nickname_length = max_nickname_length
        self._rates = rates
        self._rules = rules
        self._moderation = moderation
        self._shadow = shadow
        self._retention = retention
        self._clock = clock
        self._store = database.query("store_chat")
        self._identity = database.query("server_identity")
        self._newest = database.query("newest_chat")
        self._missed = database.query("missed_chat", time_limit=_MISSED_TIMEOUT)
        self._recent_ids = database.query("recent_chat_ids")
        self._oldest = database.query("oldest_chat")
        self._remove_old = database.query("remove_old_chat")
        self._page = database.query("chat_page")
        self._delete = database.query("delete_chat")
        self._oldest_at: float | None = None
        self.origins = Origins()
        self.commit = GroupCommit[ChatMessage, Waiter](
            "chat", backlog, store=self._store_batch, merge=_merged, stored=acknowledge_all, refused=_refuse
        )

    async def load(self) -> None:
        """Reads what the last server stored: the newest messages, the latest ids, and when clean-up is due."""
        [identity] = await self._identity()
        newest = await self._newest(limit=self._broker.history.capacity)
        await self._broker.load((ChatMessage(*row) for row in reversed(newest)), identity.removed_seq)
        ids = await self._recent_ids(seconds=MEMORY_SECONDS, limit=MEMORY_IDS)
        now = self._clock()
        self._broker.remember((row.id, row.seq, now - row.created_at) for row in reversed(ids))
        await self._look_for_oldest()

    def send(self, connection: Connection, command: SendChat) -> None:
        """Handles SendChat. Raises CommandError."""
        player = connection.player
        nickname = player.nickname if player is not None else None
        if nickname is None:
            nickname = self._rules.nickname(clean("nickname", command.nickname, self._max_nickname_length))
        heard = self._moderation.may_be_heard(connection, nickname)
        said = clean("message", command.message, self._max_message_length, too_long=ErrorCode.MESSAGE_TOO_LONG)
        is_known = command.id is not None and self._broker.knows(command.id)
        message = said if is_known else self._rules.message(connection.player_key, said)
        if self._backlog.full or not self._broker.ready:
            raise busy()
        if retry_after := self._rates.take(connection):
            raise rate_limited(retry_after)
        receipt = Receipt(connection, command.ref)
        connection.nickname = nickname
        # The address that a client claims for its scores proves nothing: without a token a message has no author's address.
        email = player.email if player is not None else None
        draft = ChatDraft(command.id or uuid4(), nickname, email, message, self._clock())
        self.origins.add(draft.id, connection.ip)
        if heard or is_known:
            self._broker.publish(draft, receipt, self._rates.shared(connection) + self._rules.shared(connection))
        else:
            self._shadow.show(draft.numbered(self._broker.last_seq), receipt)
        if not is_known:
            self._rules.said(connection.player_key, message)

    def answer(self, message: ChatMessage, receipt: Receipt | None) -> None:
        """Takes the broker's answer and lets the receipt wait for the row.

        A repeated message is stored "again" under its first number, which changes nothing where its row is there already.
        """
        if receipt is not None:
            receipt.seq, receipt.id = message.seq, message.id
        ip = None if receipt is None else receipt.connection.ip
        fields = {"ip": ip, "seq": message.seq, "nickname": message.nickname, "text": message.message}
        logger.debug("chat %(seq)d from %(nickname)s (%(ip)s): %(text)r", fields)
        self.commit.add(message.id, message, receipt)

    def refuse(self, draft: ChatDraft, receipt: Receipt, error: CommandError) -> None:
        """Takes the broker's refusal: the same may be said again at once."""
        self._rules.unsaid(receipt.connection.player_key, draft.message)
        receipt.refuse(error)

    def retracted(self, seq: int, id: UUID) -> None:
        """Takes the word that a message was taken back: one that is not stored yet is changed before it is."""
        unstored = self._unstored(seq)
        if unstored is not None:
            self.commit.add(id, unstored.deleted(self._clock()))

    async def missed(self, after: int, through: int) -> list[ChatMessage] | None:
        """See broker.Missed."""
        try:
            rows = await self._missed(after=after, through=through, limit=self._broker.history.capacity)
        except (DatabaseAway, StatementTimeout):
            return None
        return [ChatMessage(*row) for row in reversed(rows)]

    @property
    def stored_below(self) -> int:
        """No message with a lower number waits here to be stored."""
        return min((message.seq for message in self.commit.rows()), default=self._broker.last_seq + 1)

    async def delete(self, seq: int) -> bool:
        """Takes a message back from everybody and empties its row. False when there is none with this number.

        One that is not stored yet is changed before it is. Raises DatabaseAway, StatementTimeout; then it may be called again.
        """
        message = self._unstored(seq)
        if message is None:
            rows = await self._delete(seq=seq)
            if rows:
                self._broker.retract(seq, rows[0].id)
                return True
            # What another server is about to store.
            message = self._broker.history.find(seq)
        if message is None:
            return False
        self._broker.retract(seq, message.id)
        deletion = Deletion()
        self.commit.add(message.id, message.deleted(self._clock()), deletion)
        try:
            await asyncio.wait_for(deletion.stored, _DELETION_TIMEOUT)
        except TimeoutError:
            raise DatabaseAway("the message is gone for all players, and in the database once it is back") from None
        return True

    async def page(self, before: int, limit: int) -> list[ChatMessage]:
        """The newest messages with a number below `before`, newest first. Raises DatabaseAway, StatementTimeout."""
        waiting = {message.seq: message for message in self.commit.rows() if message.seq < before}
        stored = {row.seq: ChatMessage(*row) for row in await self._page(before=before, limit=limit)}
        messages = stored | waiting
        newest = (messages[seq] for seq in sorted(messages, reverse=True))
        return [message for message in newest if message.deleted_at is None][:limit]

    async def clean_up(self) -> None:
        """Removes messages past their retention. PostgreSQL is asked only when the oldest is due."""
        if self._oldest_at is None and self._broker.history.newest(1):
            await self._look_for_oldest()  # another server has stored it, or is about to
        if not self._retention or self._oldest_at is None or self._oldest_at + self._retention > self._clock():
            return
        removed = 0
        while removed % CLEAN_UP_ROWS == 0:
            [row] = await self._remove_old(before=self._clock() - self._retention, limit=CLEAN_UP_ROWS)
            if not row.removed:
                break
            removed += row.removed
            self._broker.history.remove_through(row.last)
            self._broker.tell(Topic.REMOVED_CHAT, b"")
        if removed:
            logger.info("clean-up: removed %(removed)d chat messages", {"removed": removed})
        await self._look_for_oldest()

    def _unstored(self, seq: int) -> ChatMessage | None:
        return next((message for message in self.commit.rows() if message.seq == seq), None)

    async def _store_batch(self, messages: list[ChatMessage]) -> None:
        # As one text: psycopg2 takes ten times as long to write a list as msgspec.
        rows = msgspec.json.encode(messages).decode()
        try:
            await self._store(messages=rows)
        except BadData:
            # Where another server stores a message at the same time, PostgreSQL can meet the number before it looks for the id.
            await self._store(messages=rows)
        if self._oldest_at is None:
            self._oldest_at = min(message.created_at for message in messages)

    async def _look_for_oldest(self) -> None:
        # A batch that is stored while PostgreSQL is asked sets it too.
        self._oldest_at = None
        [row] = await self._oldest()
        if row.created_at is not None:
            self._oldest_at = row.created_at


def _merged(first: ChatMessage, second: ChatMessage) -> ChatMessage:
    """One id under two numbers: the higher stays, the one last shown. What is deleted stays so."""
    later = max(first, second, key=lambda message: message.seq)
    deleted_at = first.deleted_at if second.deleted_at is None else second.deleted_at
    return later if deleted_at is None else later.deleted(deleted_at)


def _refuse(message: ChatMessage, waiters: list[Waiter]) -> None:
    refuse_all(waiters)
