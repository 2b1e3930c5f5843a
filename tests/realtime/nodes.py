"""Brokers of several servers, and what each of them delivered, answered and told."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from tests.eventually import PATIENCE
from tests.fakes import open_connection, takers
from tilo_ws.protocol.chat_message import ChatDraft, ChatMessage
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.realtime.broker import Broker, Limit, MemoryBroker
from tilo_ws.realtime.broker_redis import RedisBroker
from tilo_ws.realtime.receipt import Receipt
from tilo_ws.realtime.redis_link import RedisLink

BLOCK = 1_000
EPOCH = UUID(int=1)

_prefixes = (f"test-{number}" for number in itertools.count())


class Database:
    """What all nodes store, and the numbers that they reserve. `away` while it cannot be asked."""

    def __init__(self) -> None:
        self.rows: dict[int, ChatMessage] = {}
        self.reserved = 0
        self.away = False

    def reserve(self, broker: Broker) -> None:
        """Gives a broker the next block of numbers."""
        first, self.reserved = self.reserved + 1, self.reserved + BLOCK
        broker.reserve(first, self.reserved)

    def store(self, message: ChatMessage) -> None:
        known = self.rows.get(message.seq)
        assert known is None or known.id == message.id
        self.rows.setdefault(message.seq, message)


class Node:
    """A server's broker. `stores` is False for one that dies before it stores; `heard` has what came, in order."""

    def __init__(self, broker: Broker, database: Database, link: RedisLink | None = None) -> None:
        self.broker = broker
        self.link = link
        self.database = database
        self.stores = True
        self.delivered: list[int | None] = []
        self.frames: list[bytes] = []
        self.answered: list[tuple[int, str, bool]] = []
        self.refused: list[CommandError] = []
        self.notices: list[tuple[str, bytes]] = []
        self.heard: list[object] = []
        self.retracted: list[int] = []
        self.sent_away: list[int] = []
        self.resyncs = 0
        broker.start(
            takers(
                deliver=self._deliver,
                answer=self._answer,
                refuse=lambda draft, receipt, error: self.refused.append(error),
                retracted=lambda seq, id: self.retracted.append(seq),
                missed=self._missed,
                notice=self._notice,
                send_away=self.sent_away.append,
                resync=self._resync,
            )
        )

    async def start(self) -> "Node":
        """Joins the others."""
        if self.link is not None:
            await self.link.open()
        while not await self.broker.may_reserve(BLOCK // 2):
            await asyncio.sleep(0.005)
        self.database.reserve(self.broker)
        await self.broker.open(EPOCH)
        await self.broker.load([self.database.rows[seq] for seq in sorted(self.database.rows)][-1_000:], 0)
        return self

    async def stop(self) -> None:
        """Leaves the others."""
        await self.broker.close()
        if self.link is not None:
            await self.link.close()

    def say(self, id: int, text: str = "hi", limits: Sequence[Limit] = ()) -> None:
        """A player here says something."""
        draft = ChatDraft(UUID(int=id), "Zoë", None, text, 0.0)
        self.broker.publish(draft, Receipt(open_connection()[0], None), limits)

    async def tend(self) -> None:
        """What the schedule does once a second."""
        await self.broker.look_after()
        if self.broker.numbers_left < BLOCK // 2 and await self.broker.may_reserve(BLOCK // 2):
            self.database.reserve(self.broker)

    async def ready(self) -> None:
        """Waits until it takes chat, tending it meanwhile."""
        async with asyncio.timeout(PATIENCE):
            while not self.broker.ready:
                await self.tend()
                await asyncio.sleep(0.005)

    @property
    def acknowledged(self) -> list[int]:
        """The numbers that were answered to somebody who waits here, in order."""
        return sorted(seq for seq, _, waits in self.answered if waits)

    @property
    def history(self) -> list[tuple[int, str]]:
        """Number and text of what is kept in memory and not deleted."""
        return [(message.seq, message.message) for message in self.broker.history.since(0)]

    @property
    def codes(self) -> list[ErrorCode]:
        """Why drafts were refused."""
        return [error.code for error in self.refused]

    def _deliver(self, frame: bytes, seq: int | None) -> None:
        self.delivered.append(seq)
        self.heard.append(seq)
        self.frames.append(frame)

    def _answer(self, message: ChatMessage, receipt: Receipt | None) -> None:
        self.answered.append((message.seq, message.message, receipt is not None))
        if self.stores:
            self.database.store(message)

    async def _missed(self, after: int, through: int) -> list[ChatMessage] | None:
        rows = self.database.rows
        found = [rows[seq] for seq in sorted(rows) if after < seq <= through]
        return None if self.database.away else found[-self.broker.history.capacity :]

    def _notice(self, topic: str, content: bytes) -> None:
        self.notices.append((topic, content))
        self.heard.append(topic)

    def _resync(self) -> None:
        self.resyncs += 1


StartNodes = Callable[[int], Any]
"""Starts so many servers that know each other: `first, second = await start_nodes(2)`."""


class Nodes:
    """Servers on one Redis, or the one that is alone."""

    def __init__(self, url: str | None, time_limit: float = PATIENCE) -> None:
        self._url = url
        self._time_limit = time_limit
        self._prefix = next(_prefixes)
        self.database = Database()
        self.all: list[Node] = []

    async def start(self) -> Node:
        """One more."""
        if self._url is None:
            node = Node(MemoryBroker(), self.database)
        else:
            link = RedisLink(self._url, self._prefix, time_limit=self._time_limit)
            node = Node(RedisBroker(link), self.database, link)
        self.all.append(node)
        return await node.start()

    async def stop(self) -> None:
        """All of them."""
        for node in self.all:
            await node.stop()
