"""Gives each chat message its number and hands it to every server: here to this one, the only one."""

import time
from collections.abc import Callable, Iterable
from typing import Protocol
from uuid import UUID

from tilo_ws.protocol import pushes
from tilo_ws.protocol.chat_message import ChatDraft, ChatMessage
from tilo_ws.protocol.history import History
from tilo_ws.protocol.known_ids import KnownIds
from tilo_ws.realtime.receipt import Receipt

Deliver = Callable[[bytes], None]
"""Takes a frame for everybody who is connected here."""

Answer = Callable[[ChatMessage, Receipt], None]
"""Takes the message with its number: for an id that is known, the number under which it was shown first."""


class Broker(Protocol):
    """Joins servers: one numbering, one memory of ids, one order of delivery.

    `publish` numbers, knows ids again and keeps, in one atomic step, and answers later; delivery happens only through
    `deliver`, in the order of the numbers.
    """

    history: History

    def start(self, *, deliver: Deliver, answer: Answer) -> None:
        """Names who takes frames and outcomes, before anything is published."""

    def publish(self, draft: ChatDraft, receipt: Receipt) -> None:
        """Hands a draft to every server. The caller has made sure that there are `numbers_left`."""

    def remember(self, messages: Iterable[ChatMessage], ids: Iterable[tuple[UUID, int, float]]) -> None:
        """Takes over what the database kept, oldest first: the newest messages, the latest ids with their age in seconds."""

    @property
    def numbers_left(self) -> int:
        """How many messages can be numbered before more numbers are reserved."""

    def reserve(self, first: int, last: int) -> None:
        """Adds the numbers `first` … `last`, reserved for this server."""


class MemoryBroker:
    """The broker of a server that is alone: it answers at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.history = History()
        self._clock = clock
        self._known = KnownIds()
        self._blocks: list[range] = []
        self._deliver: Deliver
        self._answer: Answer

    def start(self, *, deliver: Deliver, answer: Answer) -> None:
        """See Broker."""
        self._deliver = deliver
        self._answer = answer

    def remember(self, messages: Iterable[ChatMessage], ids: Iterable[tuple[UUID, int, float]]) -> None:
        """See Broker."""
        self.history.extend(messages)
        now = self._clock()
        for id, seq, age in ids:
            self._known.add(id, seq, now - age)

    @property
    def numbers_left(self) -> int:
        """See Broker."""
        return sum(len(block) for block in self._blocks)

    def reserve(self, first: int, last: int) -> None:
        """See Broker."""
        self._blocks.append(range(first, last + 1))

    def publish(self, draft: ChatDraft, receipt: Receipt) -> None:
        """See Broker."""
        first_seq = self._known.seq(draft.id)
        if first_seq is not None:
            self._answer(draft.numbered(first_seq), receipt)
            return
        message = draft.numbered(self._next_seq())
        self._known.add(message.id, message.seq, self._clock())
        self.history.append(message)
        self._deliver(pushes.chat(message))
        self._answer(message, receipt)

    def _next_seq(self) -> int:
        block = self._blocks[0]
        if len(block) > 1:
            self._blocks[0] = block[1:]
        else:
            del self._blocks[0]
        return block[0]
