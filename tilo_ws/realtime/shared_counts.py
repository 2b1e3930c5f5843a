"""A limit that holds over all servers together: how many connections a player, or a network address, has open."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from tilo_ws.realtime.redis_link import RedisAway, RedisLink
from tilo_ws.realtime.servers_redis import BEATS, DEAD_AFTER

_KEPT = 3600
"""Seconds that Redis keeps the numbers of a name after the last word about it."""

_REPEATED = 1200.0
"""Seconds after which every number is told again."""


class SharedCounts:
    """`limit` for each name, of which `count` tells how many are open here.

    Up to `unshared` of a name on one server are not told to the others and do not count there, so that most who come need no
    word to Redis. While Redis is away each server has its own limit.
    """

    def __init__(
        self,
        link: RedisLink,
        kind: str,
        count: Callable[[str], int],
        *,
        limit: int,
        unshared: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._kind = kind
        self._count = count
        self._limit = limit
        self._unshared = unshared
        self._clock = clock
        self._names: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_turn = asyncio.Lock()
        self._repeat_at = clock() + _REPEATED
        link.when_subscribed(self._repeat_soon)

    async def admits(self, name: str) -> bool:
        """Whether one more that is open here, and counted already, is within the limit. If not, it is to be closed."""
        if self._count(name) <= self._unshared:
            return True
        self._names.add(name)
        try:
            return await self._tell(name, self._limit)
        except RedisAway:
            return True

    def check(self, name: str, refuse: Callable[[], None]) -> None:
        """Calls `refuse` soon if this one more is not within the limit."""

        async def ask() -> None:
            if not await self.admits(name):
                refuse()

        self._hold(asyncio.get_running_loop().create_task(ask(), name="asking whether there is room"))

    def left(self, name: str) -> None:
        """One is no more open here."""
        if name in self._names:
            self._hold(asyncio.get_running_loop().create_task(self._repeat(name), name="telling how many are left"))

    async def repeat(self) -> None:
        """Tells everything again where Redis may not know it any more: call it once a second."""
        if self._clock() < self._repeat_at or self._link.away:
            return
        self._repeat_at = self._clock() + _REPEATED
        for name in list(self._names):
            await self._repeat(name)

    def _repeat_soon(self) -> None:
        self._repeat_at = self._clock()

    def _hold(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _repeat(self, name: str) -> None:
        with contextlib.suppress(RedisAway):  # `repeat` does it when Redis is back
            await self._tell(name, None)

    async def _tell(self, name: str, limit: int | None) -> bool:
        # One at a time: what is said last has to be what Redis hears last.
        async with self._in_turn:
            if self._link.away:  # since the one before may have found that out
                raise RedisAway("it was at last")
            here = self._count(name)
            keys = [self._link.key(f"{self._kind}:{name}"), self._link.key(BEATS)]
            words = [self._link.server_id, here, "" if limit is None else limit, DEAD_AFTER, _KEPT]
            is_noted = bool(await self._link.script("count", keys, *words))
            if not here:
                self._names.discard(name)
            return is_noted
