"""Following the log: whatever comes in between, nothing of it is left out, and no record keeps the rest from its way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from tests.eventually import eventually
from tests.realtime.nodes import Nodes
from tilo_ws.protocol.log import Record, Retraction
from tilo_ws.realtime.kept_log import KeptLog
from tilo_ws.realtime.log_follower import LogFollower
from tilo_ws.realtime.redis_link import RedisLink


def record(k: int) -> Record:
    return Record(0, k - 1, 0, k, Retraction(1, UUID(int=1), 0.0))


class FakeLink:
    """A Redis that is there. `publish` hands something out."""

    away = False

    def __init__(self) -> None:
        self.resubscribed: list[str] = []

    def follow(self, channel: str, handler: Callable[[bytes], None]) -> None:
        self._handler = handler

    def when_subscribed(self, action: Callable[[], None]) -> None:
        pass

    def resubscribe(self, reason: str) -> None:
        self.resubscribed.append(reason)

    def publish(self, *records: Record) -> None:
        self._handler(msgspec.msgpack.encode(records))


class FakeLog:
    """The stream. `read` is called when all of it has been read."""

    def __init__(self) -> None:
        self.kept: list[Record] = []
        self.read: Callable[[], object] = lambda: None
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def records(self, first: str) -> AsyncIterator[Record]:
        await self.go_on.wait()
        for one in self.kept:
            if f"({one.seq}-{one.count}" > first:
                yield one
        self.read()


class Following:
    """A follower, and what it applied."""

    def __init__(self) -> None:
        self.link, self.log = FakeLink(), FakeLog()
        self.applied: list[Record] = []
        self.follower = LogFollower(
            cast(RedisLink, self.link), cast(KeptLog, self.log), apply=self.applied.append, fill=self._fill
        )

    async def _fill(self, record: Record) -> None:
        raise NotImplementedError


async def test_what_is_published_just_as_catching_up_ends_is_not_left_out() -> None:
    following = Following()

    def publish_before_anybody_hears_of_the_end() -> None:
        following.log.read = lambda: None
        following.log.kept.append(record(1))
        asyncio.get_running_loop().call_soon(following.link.publish, record(1))

    following.log.read = publish_before_anybody_hears_of_the_end
    await following.follower.join()
    await eventually(lambda: following.applied == [record(1)])
    await following.follower.close()


async def test_who_is_catching_up_is_not_taken_for_deaf() -> None:
    following = Following()
    await following.follower.join()
    following.log.go_on.clear()
    following.link.publish(record(2))
    following.follower.must_reach((0, 2))
    following.follower.must_reach((0, 2))
    assert following.link.resubscribed == []
    await following.follower.close()


async def test_a_bug_while_catching_up_is_told_and_the_way_begins_anew(caplog: pytest.LogCaptureFixture) -> None:
    following = Following()
    await following.follower.join()
    following.log.kept.append(record(2))
    following.link.publish(record(2))
    await eventually(lambda: following.link.resubscribed == ["the log could not be read"])
    assert "NotImplementedError" in caplog.text
    assert following.applied == []
    await following.follower.close()


async def test_a_notice_that_fails_delays_nothing_behind_it(on_own_redis: Nodes, caplog: pytest.LogCaptureFixture) -> None:
    first, second = await on_own_redis.start(), await on_own_redis.start()

    def fail(topic: str, content: bytes) -> None:
        raise ValueError("of another version")

    broker = cast(Any, second.broker)
    broker._takers = broker._takers._replace(notice=fail)
    first.say(1)
    first.broker.tell("bans", b"")
    first.say(2)
    await eventually(lambda: second.delivered == [1, 2])
    assert "of another version" in caplog.text


class Later(msgspec.Struct, array_like=True, tag="later"):
    """What a newer version may write."""

    what: str


async def test_what_a_newer_version_writes_is_left_out_and_nothing_else(on_own_redis: Nodes) -> None:
    first, second = await on_own_redis.start(), await on_own_redis.start()
    first.say(1)
    cast(Any, first.broker)._writer.add(Later("?"))
    first.say(2)
    await eventually(lambda: first.delivered == second.delivered == [1, 2])
    third = await on_own_redis.start()
    assert third.history == second.history == [(1, "hi"), (2, "hi")]
    third.say(3)
    await eventually(lambda: third.delivered == [3] and second.delivered == [1, 2, 3])
