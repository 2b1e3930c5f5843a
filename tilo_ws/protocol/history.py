"""The newest chat messages, in memory."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from itertools import islice
from operator import attrgetter

from tilo_ws.protocol.chat_message import ChatMessage


class History:
    """The last `capacity` messages in the order of their numbers."""

    def __init__(self, capacity: int = 1_000) -> None:
        self.capacity = capacity
        self._messages: deque[ChatMessage] = deque(maxlen=capacity)

    def append(self, message: ChatMessage) -> None:
        """Adds the newest message; the oldest gives way."""
        self._messages.append(message)

    def extend(self, messages: Iterable[ChatMessage]) -> None:
        """Adds messages, oldest first."""
        self._messages.extend(messages)

    def remove_through(self, seq: int) -> None:
        """Forgets the messages up to this number."""
        while self._messages and self._messages[0].seq <= seq:
            self._messages.popleft()

    def newest(self, count: int) -> list[ChatMessage]:
        """The last `count` messages, oldest first."""
        return list(islice(self._messages, max(0, len(self._messages) - count), None))

    def since(self, seq: int) -> list[ChatMessage]:
        """The messages with a higher number, oldest first."""
        first = bisect_right(self._messages, seq, key=attrgetter("seq"))
        return list(islice(self._messages, first, None))
