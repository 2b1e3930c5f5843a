"""What shadow-muted players say: they alone see it, and it is stored and acknowledged as if everybody did."""

import time
from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from tilo_ws.protocol import pushes
from tilo_ws.protocol.chat_message import ChatMessage
from tilo_ws.protocol.frames import text_frame
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.receipt import Receipt, Waiter, acknowledge_all, refuse_all
from tilo_ws.services.notices import Tell, Topic
from tilo_ws.storage.backlog import Backlog
from tilo_ws.storage.database import Database
from tilo_ws.storage.group_commit import GroupCommit

NEWEST = 100
"""Messages that are kept in memory, for admins who watch the chat."""


class ShadowChat:
    """Keeps messages apart for `retention` seconds; 0 is for good. `newest` are the last ones, oldest first.

    `tell` has other servers `hear` a message: the player's connections there see it too.
    """

    def __init__(
        self,
        database: Database,
        backlog: Backlog,
        hub: Hub,
        tell: Tell,
        *,
        retention: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._hub = hub
        self._tell = tell
        self._retention = retention
        self._clock = clock
        self._store = database.query("store_shadow_messages")
        self._oldest = database.query("oldest_shadow_message")
        self._remove_old = database.query("remove_old_shadow_messages")
        self._newest = database.query("newest_shadow_messages")
        self._oldest_at: float | None = None
        self.newest: deque[ChatMessage] = deque(maxlen=NEWEST)
        self.commit = GroupCommit[ChatMessage, Waiter](
            "shadow-muted chat", backlog, store=self._store_batch, merge=_first, stored=acknowledge_all, refused=_refuse
        )

    async def load(self) -> None:
        """Reads the newest messages, and finds out when clean-up is due."""
        stored = [ChatMessage(*row) for row in await self._newest(limit=NEWEST)]
        known = {message.id for message in stored}
        unstored = (message for message in self.commit.rows() if message.id not in known)
        self.newest = deque([*reversed(stored), *unstored], maxlen=NEWEST)
        [row] = await self._oldest()
        self._oldest_at = row.created_at

    def show(self, message: ChatMessage, receipt: Receipt) -> None:
        """Shows a message to its player's connections alone and lets the receipt wait for the row."""
        self._show(message, self._own(receipt.connection))
        self._tell(Topic.SHADOW_CHAT, msgspec.msgpack.encode(message))
        receipt.seq, receipt.id = message.seq, message.id
        self.commit.add(message.id, message, receipt)

    def hear(self, content: bytes) -> None:
        """Shows a message that came in on another server, which stores it."""
        message = msgspec.msgpack.decode(content, type=ChatMessage)
        self._show(message, () if message.email is None else self._hub.of_player(message.email))
        if self._oldest_at is None:
            self._oldest_at = message.created_at

    async def clean_up(self) -> None:
        """Removes messages past their retention. PostgreSQL is asked only when the oldest is due."""
        if not self._retention or self._oldest_at is None or self._oldest_at + self._retention > self._clock():
            return
        await self._remove_old(before=self._clock() - self._retention)
        self._tell(Topic.REMOVED_SHADOW_CHAT, b"")
        await self.load()

    def _show(self, message: ChatMessage, listeners: Iterable[Connection]) -> None:
        frame = text_frame(bytes(pushes.chat_json(message)))
        for connection in list(listeners):
            connection.write(frame)
        if all(message.id != known.id for known in self.newest):
            self.newest.append(message)

    def _own(self, connection: Connection) -> Iterable[Connection]:
        return [connection] if connection.player is None else self._hub.of_player(connection.player.email)

    async def _store_batch(self, messages: list[ChatMessage]) -> None:
        await self._store(
            ids=[str(message.id) for message in messages],
            seqs=[message.seq for message in messages],
            nicknames=[message.nickname for message in messages],
            emails=[message.email for message in messages],
            messages=[message.message for message in messages],
            created_ats=[message.created_at for message in messages],
        )
        if self._oldest_at is None:
            self._oldest_at = min(message.created_at for message in messages)


def _first(first: ChatMessage, second: ChatMessage) -> ChatMessage:
    return first


def _refuse(message: ChatMessage, waiters: list[Waiter]) -> None:
    refuse_all(waiters)
