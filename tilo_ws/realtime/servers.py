"""The servers that a broker joins: who they are, how many players they have together, and what one asks the others."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, Protocol, TypeVar

import msgspec

T = TypeVar("T")

RedisState = Literal["ok", "away", "off"]


class ServerState(msgspec.Struct, frozen=True, kw_only=True):
    """A server as it says of itself, once a second. Lag is the worst of the last second.

    `epoch` tells databases apart. `started_at` is in seconds since 1970. Chat messages from the number `stored_below` on may
    wait there to be stored. A new field needs a default: during an upgrade older servers are heard that do not have it.
    """

    id: str
    epoch: str = ""
    name: str
    version: str
    started_at: float
    connections: int
    deliveries_per_second: float
    loop_lag_ms: float
    memory_bytes: int
    draining: bool
    stored_below: int


class PrefixTaken(Exception):
    """Servers of another game have these names in Redis. The text names one of them."""


class Servers(Protocol):
    """All servers of one game, this one among them."""

    @property
    def own(self) -> ServerState:
        """This one, at this moment."""

    @property
    def redis(self) -> RedisState:
        """Whether what joins them was there at last; off for a server that is alone."""

    @property
    def redis_reason(self) -> str:
        """Why it is away."""

    @property
    def leads(self) -> bool:
        """Whether this one does what one alone shall do: that which started first."""

    @property
    def online(self) -> int:
        """The connections of players to all of them."""

    @property
    def stored_below(self) -> int:
        """No chat message with a lower number waits to be stored, on any of them, the dead among them."""

    def now(self) -> float:
        """Seconds since 1970 on a clock that all of them have together."""

    def all(self) -> Sequence[ServerState]:
        """Those that live, that which started first at the beginning."""

    def answer(self, topic: str, kind: type[T], handler: Callable[[T], Any]) -> None:
        """Names who answers what others ask under a topic: a question of this kind. Before the start."""

    async def ask(self, topic: str, question: object, kind: type[T]) -> list[T]:
        """What the other servers answer, as far as they do within a second; from a server that is alone, nothing."""

    async def join(self) -> None:
        """Becomes one of them, before this one numbers anything. Raises RedisAway, PrefixTaken."""

    async def beat(self) -> None:
        """Tells the others that this one lives, and hears of them: call it once a second."""

    async def leave(self, *, unstored: bool = False) -> bool:
        """Is one of them no more, at once. True when there is no other.

        Who has chat that is `unstored` just falls silent, so that the others store it, as for a dead one.
        """

    async def shared_claim(self, held: str | None) -> str | None:
        """The name under which all of them have the right to number the chat; None where each has its own.

        `held` is the name under which this server has that right already.
        """


def leading(servers: Servers, action: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None] | None]:
    """The action, done where this server leads and nothing elsewhere."""
    return lambda: action() if servers.leads else None


class LoneServer:
    """The one server that there is. `state` tells its own, `count` its connections."""

    redis: RedisState = "off"
    redis_reason = ""
    leads = True

    def __init__(self, state: Callable[[], ServerState], count: Callable[[], int]) -> None:
        self._state = state
        self._count = count

    @property
    def own(self) -> ServerState:
        """See Servers."""
        return self._state()

    @property
    def online(self) -> int:
        """See Servers."""
        return self._count()

    @property
    def stored_below(self) -> int:
        """See Servers."""
        return self._state().stored_below

    def now(self) -> float:
        """See Servers."""
        return time.time()

    def all(self) -> Sequence[ServerState]:
        """See Servers."""
        return [self._state()]

    def answer(self, topic: str, kind: type[T], handler: Callable[[T], Any]) -> None:
        """See Servers. Nobody asks."""

    async def ask(self, topic: str, question: object, kind: type[T]) -> list[T]:
        """See Servers."""
        return []

    async def join(self) -> None:
        """See Servers."""

    async def beat(self) -> None:
        """See Servers."""

    async def leave(self, *, unstored: bool = False) -> bool:
        """See Servers."""
        return True

    async def shared_claim(self, held: str | None) -> str | None:
        """See Servers."""
        return None
