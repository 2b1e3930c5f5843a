"""The servers that Redis joins: each tells once a second that it lives."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

import msgspec

from tilo_ws.realtime.questions import Questions
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

_LOOK_INTERVAL = 0.5


class _Other(NamedTuple):
    state: ServerState
    heard_at: float


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
        self._redis_ahead = time.time() - clock()
        self._since = (0.0, id)
        self._questions = Questions(link, id)

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
        return self._has_beaten and all(self._since < _since(other.state) for other in self._others.values())

    @property
    def online(self) -> int:
        """See Servers. While Redis is away the others count as before."""
        return self._count() + sum(other.state.connections for other in self._others.values())

    @property
    def stored_below(self) -> int:
        """See Servers."""
        states = [self._state(), *(other.state for other in self._others.values()), *self._dead]
        return min(state.stored_below for state in states)

    def now(self) -> float:
        """See Servers. Redis's clock, as the last beat has read it."""
        return self._clock() + self._redis_ahead

    def all(self) -> Sequence[ServerState]:
        """See Servers."""
        states = [self._state(), *(other.state for other in self._others.values())]
        return sorted(states, key=_since)

    async def join(self) -> None:
        """See Servers. The link is open from now on until this server leaves."""
        await self._link.open()
        began = self._clock()
        await self.beat()
        while strangers := [other for other in self._others.values() if not self._joins(other.state)]:
            if alive := [other.state for other in strangers if other.heard_at > began]:
                raise PrefixTaken(
                    f"servers of another database use this Redis under the same prefix, {alive[0].name} among them: "
                    "give each game a TILO_REDIS_PREFIX of its own"
                )
            if self._link.away:
                raise RedisAway(self._link.reason)
            await asyncio.sleep(_LOOK_INTERVAL)  # a dead one is listed until it has been silent for long enough
            await self.beat()

    async def beat(self) -> None:
        """See Servers. Does nothing while Redis is away."""
        own, buried = self._state(), list(self._adopted)
        names = [self._link.key(name) for name in ("servers", "beats")]
        try:
            answer = await self._link.script("beat", names, self._id, msgspec.msgpack.encode(own), DEAD_AFTER, *buried)
        except RedisAway:
            return
        redis_now, last_ms, listed = answer
        now = self._clock()
        self._redis_ahead = float(redis_now) - now
        self._since = _since(own)
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
        self._questions.close()
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
        kept: bytes = await self._link.script("claim", [key], str(uuid4()))
        return kept.decode()

    def answer(self, topic: str, kind: type[T], handler: Callable[[T], Any]) -> None:
        """See Servers."""
        self._questions.answer(topic, kind, handler)

    async def ask(self, topic: str, question: object, kind: type[T]) -> list[T]:
        """See Servers. Nobody waits for a server that has not been heard of for a while."""
        now = self._clock()
        expected = {id for id, other in self._others.items() if now - other.heard_at < _LATE_AFTER}
        return await self._questions.ask(topic, question, kind, expected)

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
        fields = {"server": state.name, "seconds": DEAD_AFTER}
        logger.warning("server %(server)s has said nothing for %(seconds)g s: it is dead", fields)
        if self._joins(state):
            await self._adopt(state)
        self._adopted.add(state.id)

    def _joins(self, state: ServerState) -> bool:
        """Whether it has this server's database."""
        return state.epoch in ("", self._state().epoch)


def _since(state: ServerState) -> tuple[float, str]:
    """The order in which servers lead."""
    return state.started_at, state.id
