"""Gives each chat message its number and hands it to every server: here to this one, the only one."""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from tilo_ws.protocol import pushes
from tilo_ws.protocol.chat_message import ChatDraft, ChatMessage
from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.frames import text_frame
from tilo_ws.protocol.history import History
from tilo_ws.protocol.known_ids import KnownIds
from tilo_ws.realtime.receipt import Receipt

Deliver = Callable[[bytes, int | None], None]
"""Takes a frame for everybody who is connected here, and the number of the chat message that it is."""

Answer = Callable[[ChatMessage, Receipt | None], None]
"""Takes a message with its number, to be stored by this server: for an id that is known, as it was shown first. The receipt is
None where nobody waits here any more."""

Refuse = Callable[[ChatDraft, Receipt, CommandError], None]
"""Takes a draft that was not shown to anybody."""

Retracted = Callable[[int, UUID], None]
"""Takes the number and the id of a message that was taken back: where its row is not stored yet, it changes before it is."""

Missed = Callable[[int, int], Awaitable[Sequence[ChatMessage] | None]]
"""Finds the newest stored messages with a number above the first and at most the second, oldest first, deleted ones among
them; as many as the history holds at most. None when the database cannot be asked now."""

Notice = Callable[[str, bytes], None]
"""Takes what another server tells: a topic and its content."""


SendAway = Callable[[int], None]
"""Chat up to this number was missed here: who is connected has to come back and ask for it."""


class Limit(NamedTuple):
    """A rate limit that holds over all servers: `rate` a second and `burst` at once, for whatever `key` names."""

    key: str
    rate: float
    burst: float


class Takers(NamedTuple):
    """Who takes what a broker has. `resync` is called when notices may have been missed: what they tell about is read anew."""

    deliver: Deliver
    answer: Answer
    refuse: Refuse
    retracted: Retracted
    missed: Missed
    notice: Notice
    send_away: SendAway
    resync: Callable[[], None]


class Broker(Protocol):
    """Joins servers: one numbering, one memory of ids, one order of delivery.

    `publish` numbers, knows ids again and keeps, in one atomic step, and answers later; delivery happens only through
    `deliver`, in the order of the numbers.
    """

    history: History

    def start(self, takers: Takers) -> None:
        """Names who takes what comes, before anything is published."""

    async def open(self, epoch: UUID) -> None:
        """Joins the other servers of the database with this epoch, before the chat is read. Numbers are reserved already.

        Raises RedisAway.
        """

    async def close(self) -> None:
        """Leaves the other servers."""

    async def load(self, stored: Iterable[ChatMessage], removed_through: int) -> None:
        """Takes over the newest messages that are stored, oldest first, and the highest number that clean-up removed.

        From its end on everything that is said is delivered.
        """

    def remember(self, ids: Iterable[tuple[UUID, int, float]]) -> None:
        """Takes over ids that the database kept, oldest first, with their age in seconds."""

    @property
    def ready(self) -> bool:
        """Whether drafts are taken now; if not, they are to be sent again."""

    def knows(self, id: UUID) -> bool:
        """Whether a message with this id was published lately: it is not shown again."""

    def publish(self, draft: ChatDraft, receipt: Receipt, limits: Sequence[Limit] = ()) -> None:
        """Hands a draft to every server, as far as the limits allow. The caller has made sure that the broker is `ready`."""

    def retract(self, seq: int, id: UUID) -> None:
        """Takes a message back from every server and tells everybody."""

    def tell(self, topic: str, content: bytes) -> None:
        """Gives all other servers a notice, in order with the chat. The caller has done its own part."""

    @property
    def last_seq(self) -> int:
        """The number that was delivered last here, or the one before the first."""

    @property
    def highest_seq(self) -> int:
        """No server has given out a higher number."""

    @property
    def numbers_left(self) -> int:
        """How many messages can be numbered before more numbers are reserved."""

    async def may_reserve(self, fewer_than: int) -> bool:
        """Where fewer numbers are left, takes the turn to reserve some, until they are added. Raises RedisAway.

        One of several servers has it, so that blocks come in the order that they were reserved in.
        """

    def reserve(self, first: int, last: int) -> None:
        """Adds the numbers `first` … `last`, never used before."""

    async def look_after(self) -> None:
        """Notices, about once a second, what went wrong between servers."""

    async def trim(self, stored_below: int) -> None:
        """Forgets what is no longer new and what all servers have stored, up to this number. Raises RedisAway."""

    async def purge(self, emails: Collection[str]) -> None:
        """Forgets what was said by these players, all of it stored, and what names them. Raises RedisAway."""

    async def adopt(self, server_id: str, stored_below: int) -> None:
        """Stores what a dead server had said and not stored, from this number on; it may be done again. Raises RedisAway."""


class MemoryBroker:
    """The broker of a server that is alone: it answers at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.history = History()
        self.last_seq = 0
        self._clock = clock
        self._known = KnownIds()
        self._blocks: list[range] = []
        self._takers: Takers

    def start(self, takers: Takers) -> None:
        """See Broker. Nothing is refused here, and nobody else has anything to tell."""
        self._takers = takers

    async def open(self, epoch: UUID) -> None:
        """See Broker."""

    async def close(self) -> None:
        """See Broker."""

    async def look_after(self) -> None:
        """See Broker."""

    async def trim(self, stored_below: int) -> None:
        """See Broker."""

    async def purge(self, emails: Collection[str]) -> None:
        """See Broker."""

    async def adopt(self, server_id: str, stored_below: int) -> None:
        """See Broker."""

    async def load(self, stored: Iterable[ChatMessage], removed_through: int) -> None:
        """See Broker."""
        self.history.load(stored, removed_through)

    def remember(self, ids: Iterable[tuple[UUID, int, float]]) -> None:
        """See Broker."""
        now = self._clock()
        for id, seq, age in ids:
            self._known.add(id, seq, now - age)

    @property
    def ready(self) -> bool:
        """See Broker."""
        return bool(self._blocks)

    @property
    def highest_seq(self) -> int:
        """See Broker."""
        return self.last_seq

    @property
    def numbers_left(self) -> int:
        """See Broker."""
        return sum(len(block) for block in self._blocks)

    async def may_reserve(self, fewer_than: int) -> bool:
        """See Broker."""
        return self.numbers_left < fewer_than

    def reserve(self, first: int, last: int) -> None:
        """See Broker."""
        if not self._blocks:
            self.last_seq = first - 1
        self._blocks.append(range(first, last + 1))

    def knows(self, id: UUID) -> bool:
        """See Broker."""
        return self._known.seq(id) is not None

    def publish(self, draft: ChatDraft, receipt: Receipt, limits: Sequence[Limit] = ()) -> None:
        """See Broker. The limits of the one server there is have been looked at."""
        first_seq = self._known.seq(draft.id)
        if first_seq is not None:
            self._takers.answer(draft.numbered(first_seq), receipt)
            return
        message = draft.numbered(self._next_seq())
        self._known.add(message.id, message.seq, self._clock())
        json = pushes.chat_json(message)
        self.history.append(message, json)
        self._takers.deliver(text_frame(bytes(json)), message.seq)
        self._takers.answer(message, receipt)

    def retract(self, seq: int, id: UUID) -> None:
        """See Broker."""
        self.history.delete(seq, self._clock())
        self._takers.deliver(pushes.chat_deleted(seq, id), None)
        self._takers.retracted(seq, id)

    def tell(self, topic: str, content: bytes) -> None:
        """See Broker: there is nobody else."""

    def _next_seq(self) -> int:
        block = self._blocks[0]
        if len(block) > 1:
            self._blocks[0] = block[1:]
        else:
            del self._blocks[0]
        self.last_seq = block[0]
        return self.last_seq
