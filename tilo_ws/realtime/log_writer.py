"""Writes into the log that joins servers: what gathers meanwhile goes in by one call."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec

from tilo_ws.protocol.known_ids import MEMORY_IDS, MEMORY_SECONDS
from tilo_ws.protocol.log import Beginning, Entry, Position, encode_entry
from tilo_ws.realtime.broker import Limit
from tilo_ws.realtime.redis_link import RedisAway, RedisLink, end

logger = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Entries that wait to be written."""

_MAX_BATCH = 200

_INTERVAL = 0.02
"""Seconds from the start of a call to that of the next: a call costs this server, Redis and all that follow as much as what it
carries, and who is told hears it in a write round, 20 ms after the last. The first after a quiet time leaves at once."""

_CLOSE_TIMEOUT = 1.0

_TURN = 5.0
"""Seconds for a server to reserve numbers, until another may."""


class _Waiting(NamedTuple):
    payload: bytes
    id: UUID
    is_chat: bool
    limits: Sequence[Limit]


class _Block(NamedTuple):
    """Numbers, and the run of Redis at which they were reserved: by the next one there may be higher numbers in use."""

    first: int
    last: int
    run: str


class LogWriter:
    """Numbers come from the blocks that are given to `reserve`; `epoch` tells databases apart.

    Of chat, `known(id, first_seq)`, `limited(id, seconds)` and `refused(id)` are told what was not written. Anything else waits
    until Redis is back.
    """

    def __init__(
        self,
        link: RedisLink,
        *,
        known: Callable[[UUID, int], None],
        limited: Callable[[UUID, float], None],
        refused: Callable[[UUID], None],
        interval: float = _INTERVAL,
    ) -> None:
        self._link = link
        self._known = known
        self._limited = limited
        self._refused = refused
        self._interval = interval
        self._keys = [link.key(name) for name in ("state", "log", "ids", "id_marks")]
        self._turn = link.key("reserving")
        self._waiting: deque[_Waiting] = deque()
        self._block: _Block | None = None
        self._redis_run = ""
        self._has_begun = False
        self._must_look = False
        self._is_writing = False
        self._seq = 0
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.epoch = ""
        self.ceiling = 0
        link.when_subscribed(self.look_soon)

    @property
    def ready(self) -> bool:
        """Whether chat can be numbered now."""
        return self._has_begun and not self._must_look and self._seq < self.ceiling and len(self._waiting) < MAX_WAITING

    @property
    def numbers_left(self) -> int:
        """Those that Redis has, and those that it is about to be given."""
        left = max(0, self.ceiling - self._seq) if self._has_begun else 0
        return left + (self._block.last - self._block.first + 1 if self._block else 0)

    async def may_reserve(self, fewer_than: int) -> bool:
        """See Broker: then `reserve` is to be called soon. Raises RedisAway."""
        await self.look()
        if self.numbers_left >= fewer_than:
            return False
        return bool(await self._link.command("SET", self._turn, self._link.server_id, "NX", "PX", round(_TURN * 1000)))

    def reserve(self, first: int, last: int) -> None:
        """Gives Redis the numbers `first` … `last`, as soon as it can take them."""
        self._block = _Block(first, last, self._redis_run)
        self._some.set()

    def add_chat(self, entry: Entry, id: UUID, limits: Sequence[Limit]) -> None:
        """Writes a chat message, unless its id is known or a limit forbids it."""
        self._add(_Waiting(encode_entry(entry), id, True, limits))

    def add(self, entry: Entry) -> None:
        """Writes something else, once, however often Redis is asked."""
        if len(self._waiting) < 2 * MAX_WAITING:
            self._add(_Waiting(encode_entry(entry), uuid4(), False, ()))
        else:
            logger.error("too much waits for Redis; other servers are not told: %(entry).200r", {"entry": entry})

    async def open(self) -> None:
        """Makes sure that there are numbers, and writes from now on. Raises RedisAway."""
        await self._begin()
        self._task = asyncio.create_task(self._run(), name="writing the log")

    async def close(self) -> None:
        """Writes what waits, if Redis takes it in time, and ends."""
        if self._task is None:
            return
        until = asyncio.get_running_loop().time() + _CLOSE_TIMEOUT
        while (self._waiting or self._is_writing) and not self._link.away and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.01)  # nobody is told when the last one is written
        await end(self._task)

    async def look(self) -> Position | None:
        """Where the log ends; None where Redis was started anew and waits for numbers. Raises RedisAway."""
        run, *numbers = await self._link.script("look", self._keys[:1], self.epoch)
        self._redis_run = run.decode()
        self._must_look = False
        self._has_begun = bool(numbers)
        if not numbers:
            return None
        self._seq, self.ceiling, last_seq, last_count = map(int, numbers)
        return last_seq, last_count

    def look_soon(self) -> None:
        """It may be another Redis by now, or have other numbers."""
        self._must_look = True
        self._some.set()

    def _add(self, entry: _Waiting) -> None:
        self._waiting.append(entry)
        self._some.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._some.wait()
            self._some.clear()
            if self._link.away:
                self._give_up(self._take_all())
                continue
            try:
                if self._must_look:
                    await self.look()
                await self._begin()
                if self._waiting:
                    not_before = loop.time() + self._interval
                    await self._write()
                    if len(self._waiting) < _MAX_BATCH:
                        await asyncio.sleep(not_before - loop.time())
                if self._waiting:
                    self._some.set()  # not here: numbers that have come meanwhile go first
            except RedisAway:
                continue  # the link has said so, and wakes this when Redis is back
            except Exception:
                logger.exception("writing the log failed")

    async def _begin(self) -> None:
        if self._block is None:
            return
        first, last, run = self._block
        keys, payload = [*self._keys, self._turn], encode_entry(Beginning())
        answer = await self._link.script("begin", keys, self.epoch, first, last, payload, run, self._link.server_id)
        self._block = None
        if answer:
            self._seq, self.ceiling = map(int, answer)
            self._has_begun = True

    async def _write(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MAX_BATCH))]
        self._is_writing = True
        try:
            answer = await self._append(batch)
        except Exception:
            self._give_up(batch)
            raise
        finally:
            self._is_writing = False
        if not answer:
            self._has_begun = False
            self._give_up(batch)
            raise RedisAway("it was started anew and waits for numbers")
        self._seq, self.ceiling = int(answer[0]), int(answer[1])
        for entry, outcome in zip(batch, answer[2:], strict=True):
            if entry.is_chat:
                self._tell(entry.id, *outcome)

    async def _append(self, batch: list[_Waiting]) -> list[Any]:
        keys = list(self._keys)
        conditions = []
        for entry in batch:
            limits = [(self._link.key(f"rate:{limit.key}"), 1e6 / limit.rate, limit.burst) for limit in entry.limits]
            conditions.append((entry.id.hex, entry.is_chat, limits))
            keys += [key for key, _, _ in limits]
        payloads = [entry.payload for entry in batch]
        memory = int(MEMORY_SECONDS), MEMORY_IDS
        packed = msgspec.msgpack.encode(conditions)
        answer: list[Any] = await self._link.script("append", keys, self.epoch, *memory, packed, *payloads)
        return answer

    def _tell(self, id: UUID, outcome: bytes, number: int = 0) -> None:
        if outcome == b"known":
            self._known(id, number)
        elif outcome == b"wait":
            self._limited(id, number / 1000)
        elif outcome != b"taken":
            self._refused(id)

    def _take_all(self) -> list[_Waiting]:
        entries = list(self._waiting)
        self._waiting.clear()
        return entries

    def _give_up(self, batch: list[_Waiting]) -> None:
        """Refuses the chat of a batch, and keeps the rest of it for later, first in line."""
        self._waiting.extendleft(entry for entry in reversed(batch) if not entry.is_chat)
        for entry in batch:
            if entry.is_chat:
                self._refused(entry.id)
