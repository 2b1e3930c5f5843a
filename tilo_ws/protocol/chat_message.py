"""A chat message on its way: the draft that a player sent, and the message once it has its number."""

from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

import msgspec


class ChatDraft(msgspec.Struct, frozen=True):
    """A message without a number. `email` is None for who has not shown one; `created_at` is in seconds since 1970."""

    id: UUID
    nickname: str
    email: str | None
    message: str
    created_at: float

    def numbered(self, seq: int) -> "ChatMessage":
        """The message that everybody hears."""
        return ChatMessage(seq, self.id, self.nickname, self.email, self.message, self.created_at)


class ChatMessage(msgspec.Struct, frozen=True):
    """A message as it is delivered, kept in memory and stored. Times are in seconds since 1970."""

    seq: int
    id: UUID
    nickname: str
    email: str | None
    message: str
    created_at: float
    deleted_at: float | None = None

    def deleted(self, now: float) -> "ChatMessage":
        """The message as it stays after an admin has removed it: number and id, so that sent again it is known."""
        return msgspec.structs.replace(self, message="", deleted_at=now)


def utc_text(seconds: float) -> str:
    """`YYYY-MM-DDTHH:MM:SS` in UTC, without a suffix, of seconds since 1970."""
    return _utc_text(int(seconds))


@lru_cache(maxsize=256)  # messages come by the hundred in a second
def _utc_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
