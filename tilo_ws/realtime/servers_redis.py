"""The servers that Redis joins: each tells once a second that it lives, and asks the others through channels."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

import msgspec

from tilo_ws.realtime.redis_link import RedisAway, RedisLink
from tilo_ws.realtime.servers import PrefixTaken, RedisState, ServerState

logger = logging.getLogger(__name__)

T = TypeVar("T")

CLAIM = "claim"
"""Where the claim under which joined servers hold the lease is kept."""

BEATS = "beats"
"""When each server said last that it lives, by Redis's clock."""

DEAD_AFTER = 6.0
"""Seconds without a beat."""

_LATE_AFTER = 2.5
"""Seconds without a beat after which nobody waits for a server's answers."""

_ANSWER_TIMEOUT = 1.0

_Question = tuple[str, int, str, msgspec.Raw]
"""Who asks, the question's number there, topic, content."""

_Answer = tuple[str, int, msgspec.Raw]
"""Who answers, the question's number, content."""


class _Other(NamedTuple):
    state: ServerState
    heard_at: float


class _Asked:
    """A question under way: whose answers are missing, and what came."""

    def __init__(self, missing: set[str]) -> None:
        self.missing = missing
        self.answers: list[msgspec.Raw] = []
        self.complete = asyncio.Event()


class RedisServers:
    """`state` tells this server's own, `count` its connections.

    What a dead server has not stored `adopt` takes over, at the one that leads. `gone` is called when one is there no more:
    what was done there at last may not have been told.
    """

    def __init__(
        self,
        link: RedisLink,
        id: str,
        state: Callable[[], ServerState],
        count: Callable[[], int],
        *,
        adopt: Callable[[ServerState], Awaitable[None]],
        gone: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._id = id
        self._state = state
        self._count = count
        self._adopt = adopt
        self._gone = gone
        self._clock = clock
        self._others: dict[str, _Other] = {}
        self._adopted: set[str] = set()
        self._dead: list[ServerState] = []
        self._keep_until = 0.0
        self._has_beaten = False
        self._handlers: dict[str, tuple[type[Any], Callable[[Any], Any]]] = {}
        self._numbers = itertools.count()
        self._asked: dict[int, _Asked] = {}
        self._answering: set[asyncio.Task[None]] = set()
        link.follow("ask", self._hear_question)
        link.follow(f"answers:{id}", self._hear_answer)

    @property
    def own(self) -> ServerState:
        """See Servers."""
        return self._state()

    @property
    def redis(self) -> RedisState:
        """See Servers."""
        return "away" if self._link.away else "ok"

    @property
    def redis_reason(self) -> str:
        """See Servers."""
        return self._link.reason

    @property
    def leads(self) -> bool:
        """See Servers. While Redis is away, as it was before."""
        return self._has_beaten and self.all()[0].id == self._id

    @property
    def online(self) -> int:
        """See Servers. While Redis is away the others count as before."""
        return self._count() + sum(other.state.connections for other in self._others.values())

    @property
    def stored_below(self) -> int:
        """See Servers."""
        states = [self._state(), *(other.state for other in self._others.values()), *self._dead]
        return min(state.stored_below for state in states)

    def all(self) -> Sequence[ServerState]:
        """See Servers."""
        states = [self._state(), *(other.state for other in self._others.values())]
        return sorted(states, key=lambda state: (state.started_at, state.id))

    async def join(self) -> None:
        """See Servers. The link is open from now on until this server leaves."""
        await self._link.open()
        await self.beat()
        epoch = self._state().epoch
        for state, _ in self._others.values():
            if state.epoch not in ("", epoch):
                raise PrefixTaken(
                    f"servers of another database use this Redis under the same prefix, {state.name} among them: "
                    "give each game a TILO_REDIS_PREFIX of its own"
                )

    async def beat(self) -> None:
        """See Servers. Does nothing while Redis is away."""
        own, buried = self._state(), list(self._adopted)
        names = [self._link.key(name) for name in ("servers", "beats")]
        try:
            last_ms, listed = await self._link.script("beat", names, self._id, msgspec.msgpack.encode(own), DEAD_AFTER, *buried)
        except RedisAway:
            return
        now = self._clock()
        if self._has_beaten and not 0 <= last_ms < _LATE_AFTER * 1000:
            # Redis has lost data or was frozen, or this server was: others that live are back within a second or two.
            self._keep_until = now + DEAD_AFTER
        self._hear([(msgspec.msgpack.decode(said, type=ServerState), age_ms / 1000) for said, age_ms in listed], now)
        self._adopted.intersection_update(state.id for state in self._dead)
        self._has_beaten = True
        if self.leads:
            for state in self._dead:
                await self._take_over(state)

    async def leave(self, *, unstored: bool = False) -> bool:
        """See Servers. False also where Redis is away, so that nobody knows."""
        for task in self._answering:
            task.cancel()
        names = [self._link.key("servers"), self._link.key(BEATS)]
        try:
            return not unstored and not await self._link.script("leave", names, self._id, DEAD_AFTER)
        except RedisAway:
            return False
        finally:
            await self._link.close()

    async def shared_claim(self, held: str | None) -> str | None:
        """See Servers. It is kept in Redis; one that comes back empty gets it again. Raises RedisAway where none is held."""
        key = self._link.key(CLAIM)
        if held is not None:
            with contextlib.suppress(RedisAway):
                await self._link.command("SET", key, held)
            return held
        await self._link.command("SET", key, str(uuid4()), "NX")
        kept: bytes = await self._link.command("GET", key)
        return kept.decode()

    def answer(self, topic: str, kind: type[T], handler: Callable[[T], Any]) -> None:
        """See Servers."""
        self._handlers[topic] = (kind, handler)

    async def ask(self, topic: str, question: object, kind: type[T]) -> list[T]:
        """See Servers. Nobody waits for a server that has not been heard of for a while."""
        now = self._clock()
        expected = {id for id, other in self._others.items() if now - other.heard_at < _LATE_AFTER}
        if self._link.away or not expected:
            return []
        number, asked = next(self._numbers), _Asked(expected)
        self._asked[number] = asked
        message = msgspec.msgpack.encode((self._id, number, topic, question))
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT):
                await self._link.command("SPUBLISH", self._link.key("ask"), message)
                await asked.complete.wait()
        except (RedisAway, TimeoutError):
            logger.debug("no answer to %s from %s", topic, asked.missing)
        finally:
            del self._asked[number]
        return [msgspec.msgpack.decode(answer, type=kind) for answer in asked.answers]

    def _hear(self, listed: list[tuple[ServerState, float]], now: float) -> None:
        others = {state.id: _Other(state, now - age) for state, age in listed if state.id != self._id}
        silent = {id for id, other in others.items() if now - other.heard_at >= DEAD_AFTER}
        if now < self._keep_until:
            self._others |= {id: other for id, other in others.items() if id not in silent}
            return
        self._dead = [others.pop(id).state for id in silent]
        if self._others.keys() - others.keys():
            self._gone()
        self._others = others

    async def _take_over(self, state: ServerState) -> None:
        """It is taken off the list with the next beat, which tells of what this server has to store now."""
        if state.id in self._adopted:
            return
        logger.warning("server %s has said nothing for %g s: it is dead", state.name, DEAD_AFTER)
        await self._adopt(state)
        self._adopted.add(state.id)

    def _hear_question(self, data: bytes) -> None:
        asker, number, topic, question = msgspec.msgpack.decode(data, type=_Question)
        if asker == self._id or topic not in self._handlers:
            return
        kind, handler = self._handlers[topic]
        answer = msgspec.msgpack.encode((self._id, number, handler(msgspec.msgpack.decode(question, type=kind))))
        task = asyncio.get_running_loop().create_task(self._send(f"answers:{asker}", answer))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _send(self, channel: str, message: bytes) -> None:
        with contextlib.suppress(RedisAway):
            await self._link.command("SPUBLISH", self._link.key(channel), message)

    def _hear_answer(self, data: bytes) -> None:
        server, number, answer = msgspec.msgpack.decode(data, type=_Answer)
        asked = self._asked.get(number)
        if asked is None or server not in asked.missing:
            return
        asked.missing.remove(server)
        asked.answers.append(msgspec.Raw(answer))
        if not asked.missing:
            asked.complete.set()
