"""What servers tell each other of how many are open, and what they do not."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.eventually import eventually
from tests.fakes import FakeClock
from tests.redis_server import RedisServer
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.realtime.servers_redis import BEATS, DEAD_AFTER
from tilo_ws.realtime.shared_counts import SharedCounts

_prefixes = (f"counts-{number}" for number in itertools.count())


class Place:
    """A server with a limit of five."""

    def __init__(self, redis: RedisServer, prefix: str, unshared: int) -> None:
        self.link = RedisLink(redis.url, prefix)
        self.link.follow("log", lambda data: None)
        self.clock = FakeClock()
        self.open: Counter[str] = Counter()
        count = self.open.__getitem__
        self.counts = SharedCounts(self.link, "network", count, limit=5, unshared=unshared, clock=self.clock)

    async def beat(self, ago: float = 0.0) -> None:
        seconds, _ = await self.link.command("TIME")
        await self.link.command("ZADD", self.link.key(BEATS), int(seconds) - ago, self.link.server_id)

    async def enter(self, name: str) -> bool:
        self.open[name] += 1
        if await self.counts.admits(name):
            return True
        self.leave(name)
        return False

    def leave(self, name: str) -> None:
        self.open[name] -= 1
        self.counts.left(name)

    @property
    def is_idle(self) -> bool:
        """Whether everything is told."""
        return not self.counts._tasks

    async def known(self, name: str) -> dict[bytes, bytes]:
        """The numbers by server, as Redis has them."""
        found: list[bytes] = await self.link.command("HGETALL", self.link.key(f"network:{name}"))
        return dict(found) if isinstance(found, dict) else dict(zip(found[::2], found[1::2], strict=True))


@pytest.fixture
async def places(any_redis: RedisServer) -> AsyncIterator[Callable[[int], Awaitable[list[Place]]]]:
    """Makes two servers that live, which have so many of a name for themselves."""
    prefix = next(_prefixes)
    made: list[Place] = []

    async def make(unshared: int) -> list[Place]:
        for _ in range(2):
            place = Place(any_redis, prefix, unshared)
            made.append(place)
            await place.link.open()
            await place.beat()
        return made

    yield make
    for place in made:
        await place.link.close()


Places = Callable[[int], Awaitable[list[Place]]]


async def test_all_servers_together_have_no_more_of_a_name_than_the_limit(places: Places) -> None:
    one, other = await places(0)
    assert [await place.enter("a") for place in (one, other, one, other, one, other)] == [True] * 5 + [False]
    assert await one.enter("b")
    one.leave("a")
    await eventually(lambda: one.is_idle)
    assert [await other.enter("a") for _ in range(2)] == [True, False]


async def test_the_first_of_a_name_on_a_server_are_told_nobody(places: Places) -> None:
    one, other = await places(2)
    for _ in range(2):
        assert await one.enter("a")
    assert await one.known("a") == {}
    assert [await other.enter("a") for _ in range(6)] == [True] * 5 + [False]
    assert list((await one.known("a")).values()) == [b"5"]
    assert not await one.enter("a")


async def test_dead_servers_do_not_count_and_are_forgotten(places: Places) -> None:
    one, other = await places(0)
    for _ in range(5):
        await one.enter("a")
    assert not await other.enter("a")
    await one.beat(ago=DEAD_AFTER + 1)
    assert await other.enter("a")
    assert list((await other.known("a")).values()) == [b"1"]


async def test_what_redis_has_lost_is_told_again(places: Places) -> None:
    one, other = await places(0)
    for _ in range(5):
        await one.enter("a")
    await one.counts.repeat()
    await one.link.command("DEL", one.link.key("network:a"))
    await one.counts.repeat()
    assert await one.known("a") == {}, "not all the time"
    one.clock.now += 3600
    await one.counts.repeat()
    assert list((await one.known("a")).values()) == [b"5"]
    assert not await other.enter("a")


async def test_who_is_gone_leaves_nothing_in_redis(places: Places) -> None:
    one, _ = await places(0)
    await one.enter("a")
    one.leave("a")
    await eventually(lambda: one.is_idle)
    assert await one.known("a") == {}
    one.clock.now += 3600
    await one.counts.repeat()
    assert await one.known("a") == {}
