"""Gives each chat message its number and hands it to every server: here to this one, the only one."""

import time
from collections.abc import Callable, Iterable
from typing import Protocol
from uuid import UUID

from tilo_ws.protocol import pushes
from tilo_ws.protocol.chat_message import ChatDraft, ChatMessage
from tilo_ws.protocol.frames import text_frame
from tilo_ws.protocol.history import History
from tilo_ws.protocol.known_ids import KnownIds
from tilo_ws.realtime.receipt import Receipt

Deliver = Callable[[bytes, int | None], None]
"""Takes a frame for everybody who is connected here, and the number of the chat message that it is."""

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

    def knows(self, id: UUID) -> bool:
        """Whether a message with this id was published lately: it is not shown again."""

    def publish(self, draft: ChatDraft, receipt: Receipt) -> None:
        """Hands a draft to every server. The caller has made sure that there are `numbers_left`."""

    def retract(self, seq: int, id: UUID) -> None:
        """Takes a message back from every server and tells everybody."""

    def tell(self, topic: str, content: bytes) -> None:
        """Tells the other servers, in order with the chat."""

    def remember(self, ids: Iterable[tuple[UUID, int, float]]) -> None:
        """Takes over ids that the database kept, oldest first, with their age in seconds."""

    @property
    def last_seq(self) -> int:
        """The number that was given out last, or the one before the first."""

    @property
    def numbers_left(self) -> int:
        """How many messages can be numbered before more numbers are reserved."""

    def reserve(self, first: int, last: int) -> None:
        """Adds the numbers `first` … `last`, reserved for this server."""


class MemoryBroker:
    """The broker of a server that is alone: it answers at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.history = History()
        self.last_seq = 0
        self._clock = clock
        self._known = KnownIds()
        self._blocks: list[range] = []
        self._deliver: Deliver
        self._answer: Answer

    def start(self, *, deliver: Deliver, answer: Answer) -> None:
        """See Broker."""
        self._deliver = deliver
        self._answer = answer

    def tell(self, topic: str, content: bytes) -> None:
        """See Broker."""

    def remember(self, ids: Iterable[tuple[UUID, int, float]]) -> None:
        """See Broker."""
        now = self._clock()
        for id, seq, age in ids:
            self._known.add(id, seq, now - age)

    @property
    def numbers_left(self) -> int:
        """See Broker."""
        return sum(len(block) for block in self._blocks)

    def reserve(self, first: int, last: int) -> None:
        """See Broker."""
        if not self._blocks:
            self.last_seq = first - 1
        self._blocks.append(range(first, last + 1))

    def knows(self, id: UUID) -> bool:
        """See Broker."""
        return self._known.seq(id) is not None

    def publish(self, draft: ChatDraft, receipt: Receipt) -> None:
        """See Broker."""
        first_seq = self._known.seq(draft.id)
        if first_seq is not None:
            self._answer(draft.numbered(first_seq), receipt)
            return
        message = draft.numbered(self._next_seq())
        self._known.add(message.id, message.seq, self._clock())
        json = pushes.chat_json(message)
        self.history.append(message, json)
        self._deliver(text_frame(bytes(json)), message.seq)
        self._answer(message, receipt)

    def retract(self, seq: int, id: UUID) -> None:
        """See Broker."""
        self.history.delete(seq, self._clock())
        self._deliver(pushes.chat_deleted(seq, id), None)

    def _next_seq(self) -> int:
        block = self._blocks[0]
        if len(block) > 1:
            self._blocks[0] = block[1:]
        else:
            del self._blocks[0]
        self.last_seq = block[0]
        return self.last_seq
