"""Small values and limits that all servers have together, in Redis, for a time."""

from collections.abc import Sequence
from typing import NamedTuple

from tilo_ws.realtime.redis_link import RedisAway, RedisLink


class AttemptLimit(NamedTuple):
    """So many attempts at once, and one more after so many seconds."""

    name: str
    seconds: float
    burst: int


class SharedStore:
    """All raise RedisAway: at once where that is known, since pages of the dashboard wait for it."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def get(self, *names: str) -> list[bytes | None]:
        """The values, None for those that are not there any more."""
        values: list[bytes | None] = await self._present.command("MGET", *map(self._link.key, names))
        return values

    async def put(self, name: str, value: bytes, seconds: float) -> None:
        """Keeps a value in the place of another."""
        await self._present.command("SET", self._link.key(name), value, "PX", round(seconds * 1000))

    async def remove(self, *names: str) -> None:
        """Forgets values and limits."""
        for name in names:
            await self._present.command("DEL", self._link.key(name))

    async def attempt(self, limits: Sequence[AttemptLimit]) -> tuple[float, int]:
        """Takes one of each limit, unless one is used up: the seconds until that has one, and how many are left."""
        wait, left = await self._present.script(
            "attempts",
            [self._link.key(limit.name) for limit in limits],
            *(field for limit in limits for field in (limit.seconds, limit.burst)),
        )
        return float(wait), int(left)

    @property
    def _present(self) -> RedisLink:
        if self._link.away:
            raise RedisAway("it was at last")
        return self._link
