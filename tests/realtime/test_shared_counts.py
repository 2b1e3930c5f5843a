"""What servers tell each other of how many are open, and what they do not."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.eventually import PATIENCE, eventually
from tests.fakes import FakeClock
from tests.redis_server import RedisServer
from tilo_ws.realtime.redis_link import RedisAway, RedisLink
from tilo_ws.realtime.servers_redis import BEATS, DEAD_AFTER
from tilo_ws.realtime.shared_counts import SharedCounts

TIME_LIMIT = 1.0

_prefixes = (f"counts-{number}" for number in itertools.count())


class Place:
    """A server with a limit of five."""

    def __init__(self, redis: RedisServer, prefix: str, unshared: int) -> None:
        self.link = RedisLink(redis.url, prefix, time_limit=TIME_LIMIT)
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

    async def known(self, name: str) -> list[int]:
        """The numbers of the servers, as Redis has them."""
        notes: list[bytes] = await self.link.command("HVALS", self.link.key(f"network:{name}"))
        return [int(note.split()[0]) for note in notes]


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
    assert await one.known("a") == []
    assert [await other.enter("a") for _ in range(6)] == [True] * 5 + [False]
    assert await one.known("a") == [5]
    assert not await one.enter("a")


async def test_dead_servers_do_not_count_and_are_forgotten(places: Places) -> None:
    one, other = await places(0)
    for _ in range(5):
        await one.enter("a")
    assert not await other.enter("a")
    await one.beat(ago=DEAD_AFTER + 1)
    assert await other.enter("a")
    assert sorted(await other.known("a")) == [1, 5], "it may only be about to beat"
    note, long_ago = one.link.key("network:a"), 1_000_000_000
    await one.link.command("HSET", note, one.link.server_id, f"5 {long_ago}")
    assert await other.enter("a")
    assert await other.known("a") == [2]


async def test_who_tells_before_the_first_beat_counts_from_that_on(places: Places) -> None:
    """As where Redis came back empty."""
    one, other = await places(0)
    for _ in range(4):
        await one.enter("a")
    await one.link.command("DEL", one.link.key(BEATS))
    assert await other.enter("a")
    await one.beat()
    assert await other.known("a") == [4, 1]
    assert not await other.enter("a")


async def test_what_redis_has_lost_is_told_again(places: Places) -> None:
    one, other = await places(0)
    for _ in range(5):
        await one.enter("a")
    await one.counts.repeat()
    await one.link.command("DEL", one.link.key("network:a"))
    await one.counts.repeat()
    assert await one.known("a") == [], "not all the time"
    one.clock.now += 3600
    await one.counts.repeat()
    assert await one.known("a") == [5]
    assert not await other.enter("a")


async def test_who_is_gone_leaves_nothing_in_redis(places: Places) -> None:
    one, _ = await places(0)
    await one.enter("a")
    one.leave("a")
    await eventually(lambda: one.is_idle)
    assert await one.known("a") == []
    one.clock.now += 3600
    await one.counts.repeat()
    assert await one.known("a") == []


async def test_who_leaves_after_the_end_opens_no_connection_again(places: Places) -> None:
    one, other = await places(0)
    await one.enter("a")
    one.leave("a")
    await asyncio.sleep(0)  # it is under way
    await one.link.close()
    await eventually(lambda: one.is_idle)
    assert await other.known("a") == []
    await other.enter("a")
    await other.link.close()
    other.leave("a")
    await eventually(lambda: other.is_idle)
    with pytest.raises(RedisAway, match="closed"):  # a connection that is open at the end would fail the test, too
        await other.link.command("PING")


async def test_who_come_while_redis_hangs_do_not_wait_for_each_other(own_redis: RedisServer) -> None:
    place = Place(own_redis, "frozen", 0)
    await place.link.open()
    own_redis.freeze()
    async with asyncio.timeout(PATIENCE):
        entered = await asyncio.gather(*(place.enter(str(number)) for number in range(round(2 * PATIENCE / TIME_LIMIT))))
    assert all(entered), "they are let in"
    own_redis.thaw()
    await place.link.close()
