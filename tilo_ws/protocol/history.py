"""The newest chat messages, in memory."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import msgspec

from tilo_ws.protocol import pushes
from tilo_ws.protocol.chat_message import ChatMessage

CAPACITY = 1_000


class _Kept(NamedTuple):
    message: ChatMessage
    json: msgspec.Raw


def _seq(kept: _Kept) -> int:
    return kept.message.seq


class History:
    """The last `capacity` messages in the order of their numbers, with the JSON that everybody heard.

    A deleted message keeps its place without its text. `removed_through` is the highest number that clean-up has removed for
    good; every message above `complete_after` is here.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.removed_through = 0
        self.complete_after = 0
        self._kept: deque[_Kept] = deque()

    def load(self, messages: Iterable[ChatMessage], removed_through: int) -> None:
        """Takes over the newest messages that are stored, oldest first."""
        self._kept.extend(_Kept(message, pushes.chat_json(message)) for message in messages)
        self.removed_through = removed_through
        full = len(self._kept) >= self.capacity
        self.complete_after = max(removed_through, self._kept[0].message.seq - 1 if full else 0)

    def append(self, message: ChatMessage, json: msgspec.Raw) -> None:
        """Adds the newest message; the oldest gives way."""
        if len(self._kept) == self.capacity:
            self.complete_after = max(self.complete_after, self._kept.popleft().message.seq)
        self._kept.append(_Kept(message, json))

    def find(self, seq: int) -> ChatMessage | None:
        """The message with this number, also a deleted one."""
        position = self._after(seq - 1)
        if position < len(self._kept) and self._kept[position].message.seq == seq:
            return self._kept[position].message
        return None

    def delete(self, seq: int, now: float) -> None:
        """Empties a message. Does nothing for one that is not here."""
        message = self.find(seq)
        if message is not None:
            self._kept[self._after(seq - 1)] = _Kept(message.deleted(now), msgspec.Raw())

    def remove_through(self, seq: int) -> None:
        """Forgets the messages up to this number, which clean-up has removed."""
        while self._kept and self._kept[0].message.seq <= seq:
            self._kept.popleft()
        self.removed_through = max(self.removed_through, seq)
        self.complete_after = max(self.complete_after, seq)

    def newest(self, count: int) -> list[ChatMessage]:
        """The last `count` messages, oldest first."""
        shown = (kept.message for kept in reversed(self._kept) if kept.message.deleted_at is None)
        return list(islice(shown, count))[::-1]

    def since(self, seq: int) -> list[ChatMessage]:
        """The messages with a higher number, oldest first."""
        return [kept.message for kept in self._shown(seq)]

    def kept(self, after: int) -> list[ChatMessage]:
        """The messages with a higher number, oldest first, the deleted ones among them."""
        return [kept.message for kept in islice(self._kept, self._after(after), None)]

    def between(self, after: int, through: int) -> list[msgspec.Raw]:
        """The JSON of the messages with `after` < number <= `through`, oldest first."""
        return [kept.json for kept in self._shown(after) if kept.message.seq <= through]

    def deleted_through(self, seq: int) -> list[int]:
        """The numbers of deleted messages up to this one."""
        here = islice(self._kept, self._after(seq))
        return [kept.message.seq for kept in here if kept.message.deleted_at is not None]

    def _shown(self, after: int) -> Iterator[_Kept]:
        return (kept for kept in islice(self._kept, self._after(after), None) if kept.message.deleted_at is None)

    def _after(self, seq: int) -> int:
        """The position of the first message with a higher number."""
        return bisect_right(self._kept, seq, key=_seq)
