"""What was removed from the chat: another server's admin has taken it back, or its clean-up has come to it."""

from collections.abc import Callable

from tilo_ws.protocol import pushes
from tilo_ws.protocol.history import History
from tilo_ws.storage.database import Database


class RemovedChat:
    """`broadcast` takes what everybody here hears."""

    def __init__(self, database: Database, history: History, broadcast: Callable[[bytes], None]) -> None:
        self._history = history
        self._broadcast = broadcast
        self._identity = database.query("server_identity")
        self._deleted = database.query("deleted_chat")

    async def load(self) -> None:
        """Forgets it here too, and tells everybody what was taken back. Raises DatabaseAway, StatementTimeout."""
        [identity] = await self._identity()
        self._history.remove_through(identity.removed_seq)
        kept = self._history.kept(0)
        if not kept:
            return
        for row in await self._deleted(least=kept[0].seq):
            message = self._history.find(row.seq)
            if message is not None and message.deleted_at is None:
                self._history.delete(row.seq, row.deleted_at)
                self._broadcast(pushes.chat_deleted(row.seq, message.id))
