"""The broker of servers that are joined by Redis: one log, which all of them follow and from which alone each delivers."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from uuid import UUID

import msgspec

from tilo_ws.protocol import pushes
from tilo_ws.protocol.chat_message import ChatDraft, ChatMessage
from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.frames import text_frame
from tilo_ws.protocol.history import History
from tilo_ws.protocol.known_ids import KnownIds
from tilo_ws.protocol.log import Beginning, Record, Retraction, SaidChat, ToldNotice
from tilo_ws.realtime.broker import Limit, Takers
from tilo_ws.realtime.kept_log import KeptLog
from tilo_ws.realtime.log_follower import LogFollower
from tilo_ws.realtime.log_writer import LogWriter
from tilo_ws.realtime.receipt import Receipt, busy
from tilo_ws.realtime.redis_link import RedisAway, RedisLink
from tilo_ws.realtime.session import rate_limited

logger = logging.getLogger(__name__)


class RedisBroker:
    """See Broker. The link is opened before it and closed after it. `clock` is in seconds since 1970."""

    def __init__(
        self, link: RedisLink, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.history = History()
        self._link = link
        self._clock = clock
        self._monotonic = monotonic
        self._known = KnownIds()
        self._waiting: dict[UUID, list[tuple[ChatDraft, Receipt]]] = {}
        self._kept: list[ChatMessage] = []
        self._lookups: set[asyncio.Task[None]] = set()
        self._log = KeptLog(link)
        self._follower = LogFollower(link, self._log, apply=self._apply, fill=self._fill)
        self._writer = LogWriter(link, known=self._known_elsewhere, limited=self._limited, refused=self._refused)
        self._takers: Takers

    def start(self, takers: Takers) -> None:
        """See Broker."""
        self._takers = takers

    async def open(self, epoch: UUID) -> None:
        """See Broker."""
        self._writer.epoch = str(epoch)
        await self._writer.open()
        end = await self._writer.look()
        kept, last = await self._log.messages()
        self._kept = [message for message, _ in kept]
        self._follower.position = last or end or (0, 0)

    async def close(self) -> None:
        """See Broker."""
        await self._writer.close()
        await self._follower.close()
        for lookup in self._lookups:
            lookup.cancel()
        await asyncio.gather(*self._lookups, return_exceptions=True)

    async def load(self, stored: Iterable[ChatMessage], removed_through: int) -> None:
        """See Broker. Here what the log has and the database has not comes on top."""
        messages = {message.seq: message for message in stored if message.seq <= self.last_seq}
        for message in self._kept:
            if message.seq > removed_through and (message.seq not in messages or message.deleted_at is not None):
                messages[message.seq] = message
            self._known.add(message.id, message.seq, self._monotonic())
        self._kept.clear()
        newest = sorted(messages)[-self.history.capacity :]
        self.history.load([messages[seq] for seq in newest], removed_through)
        await self._follower.join()

    def remember(self, ids: Iterable[tuple[UUID, int, float]]) -> None:
        """See Broker."""
        now = self._monotonic()
        for id, seq, age in ids:
            self._known.add(id, seq, now - age)

    @property
    def ready(self) -> bool:
        """See Broker."""
        return self._writer.ready and self._follower.caught_up and not self._link.away

    def knows(self, id: UUID) -> bool:
        """See Broker."""
        return self._known.seq(id) is not None

    def publish(self, draft: ChatDraft, receipt: Receipt, limits: Sequence[Limit] = ()) -> None:
        """See Broker."""
        first_seq = self._known.seq(draft.id)
        if first_seq is not None:
            self._answer_known(draft, first_seq, receipt)
            return
        self._waiting.setdefault(draft.id, []).append((draft, receipt))
        self._writer.add_chat(SaidChat(self._link.server_id, draft), draft.id, limits)

    def retract(self, seq: int, id: UUID) -> None:
        """See Broker. While Redis is away, it waits."""
        self._writer.add(Retraction(seq, id, self._clock()))

    def tell(self, topic: str, content: bytes) -> None:
        """See Broker. While Redis is away, it waits."""
        self._writer.add(ToldNotice(self._link.server_id, topic, content))

    @property
    def last_seq(self) -> int:
        """See Broker."""
        return self._follower.position[0]

    @property
    def highest_seq(self) -> int:
        """See Broker: the ceiling, since others may be ahead of this server."""
        return max(self._writer.ceiling, self.last_seq)

    @property
    def numbers_left(self) -> int:
        """See Broker."""
        return self._writer.numbers_left

    async def may_reserve(self, fewer_than: int) -> bool:
        """See Broker."""
        return await self._writer.may_reserve(fewer_than)

    def reserve(self, first: int, last: int) -> None:
        """See Broker."""
        self._writer.reserve(first, last)

    async def look_after(self) -> None:
        """See Broker: whether Redis was started anew, and whether what was published has come."""
        with contextlib.suppress(RedisAway):
            if not self._link.away and (end := await self._writer.look()) is not None:
                self._follower.must_reach(end)

    async def trim(self, stored_below: int) -> None:
        """See Broker."""
        await self._log.trim(stored_below, self.last_seq)

    async def purge(self, emails: Collection[str]) -> None:
        """See Broker."""
        await self._log.purge(emails)

    async def adopt(self, server_id: str, stored_below: int) -> None:
        """See Broker."""
        kept, _ = await self._log.messages(stored_below)
        adopted = [message for message, origin in kept if origin == server_id]
        fields = {"server": server_id, "messages": len(adopted)}
        logger.warning("server %(server)s is dead: %(messages)d chat messages are stored in its place", fields)
        for message in adopted:
            self._takers.answer(message, None)

    def _apply(self, record: Record) -> None:
        entry = record.entry
        if isinstance(entry, SaidChat):
            message = entry.draft.numbered(record.seq)
            self._show(message)
            if entry.origin == self._link.server_id:
                self._store(message)
        elif isinstance(entry, Retraction):
            self.history.delete(entry.seq, entry.at)
            self._takers.deliver(pushes.chat_deleted(entry.seq, entry.id), None)
            self._takers.retracted(entry.seq, entry.id)
        elif isinstance(entry, ToldNotice) and entry.origin != self._link.server_id:
            self._takers.notice(entry.topic, entry.content)

    def _store(self, message: ChatMessage) -> None:
        waiting = self._waiting.pop(message.id, [])
        for _, receipt in waiting:
            self._takers.answer(message, receipt)
        if not waiting:  # it was refused, since Redis did not say that it had taken it
            self._takers.answer(message, None)

    def _show(self, message: ChatMessage) -> None:
        self._takers.deliver(text_frame(bytes(self._keep(message))), message.seq)

    def _keep(self, message: ChatMessage) -> msgspec.Raw:
        """Returns the JSON that everybody hears."""
        self._known.add(message.id, message.seq, self._monotonic())
        json = pushes.chat_json(message)
        self.history.append(message, json)
        if message.deleted_at is not None:
            self.history.delete(message.seq, message.deleted_at)
        return json

    async def _fill(self, record: Record) -> None:
        after, through = self._follower.position[0], record.seq - (record.count == 0)
        found = await self._takers.missed(after, through) if through > after else ()
        has_begun = isinstance(record.entry, Beginning)
        if has_begun:  # nobody knows which numbers were used
            is_whole = found is not None and len(found) < self.history.capacity
        else:
            is_whole = found is not None and len(found) == through - after
        if has_begun or not is_whole:  # others may still have to store some of it
            self.history.complete_after = max(self.history.complete_after, through)
        if not is_whole:
            self._takers.send_away(through)
        for message in found or ():
            if is_whole and message.deleted_at is None:
                self._show(message)
            else:
                self._keep(message)
        if has_begun:
            self._writer.look_soon()
            for id in list(self._waiting):
                self._refused(id)  # what Redis had taken before may be gone
        outcome = "PostgreSQL is away" if found is None else f"PostgreSQL has {len(found)} messages"
        if not is_whole:
            outcome += ", which may not be all: players are sent away to come back for them"
        what = "the numbering began anew" if has_begun else "the log has a gap"
        fields = {"what": what, "first": after + 1, "last": through, "outcome": outcome}
        logger.warning("%(what)s: of what was said from %(first)d to %(last)d, %(outcome)s", fields)
        self._takers.resync()

    def _known_elsewhere(self, id: UUID, first_seq: int) -> None:
        for draft, receipt in self._waiting.pop(id, []):
            self._answer_known(draft, first_seq, receipt)

    def _answer_known(self, draft: ChatDraft, first_seq: int, receipt: Receipt) -> None:
        message = self.history.find(first_seq)
        if message is not None:
            self._takers.answer(message, receipt)
            return
        lookup = asyncio.create_task(self._look_up(draft, first_seq, receipt), name="looking a message up")
        self._lookups.add(lookup)
        lookup.add_done_callback(self._lookups.discard)

    async def _look_up(self, draft: ChatDraft, first_seq: int, receipt: Receipt) -> None:
        """Takes the original from the log. What is no longer there is stored, so that the draft changes nothing."""
        try:
            original = await self._log.message(first_seq)
        except RedisAway:
            self._takers.refuse(draft, receipt, busy())
        else:
            self._takers.answer(original or draft.numbered(first_seq), receipt)

    def _limited(self, id: UUID, seconds: float) -> None:
        self._refused(id, rate_limited(seconds))

    def _refused(self, id: UUID, error: CommandError | None = None) -> None:
        for draft, receipt in self._waiting.pop(id, []):
            self._takers.refuse(draft, receipt, error or busy())
