"""Writing the log: each entry once, for this game alone, whatever becomes of the one before it."""

import asyncio
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from tests.eventually import eventually
from tests.realtime import nodes
from tests.realtime.nodes import Nodes
from tests.redis_server import RedisServer
from tilo_ws.protocol.chat_message import ChatDraft
from tilo_ws.protocol.codes import ErrorCode
from tilo_ws.protocol.log import SaidChat
from tilo_ws.realtime.broker import Limit
from tilo_ws.realtime.log_writer import LogWriter
from tilo_ws.realtime.redis_link import RedisLink


async def test_what_a_frozen_redis_took_is_not_told_again(own_redis: RedisServer, on_own_redis: Nodes) -> None:
    first, second = await on_own_redis.start(), await on_own_redis.start()
    first.say(1)  # from now on Redis has the script
    await eventually(lambda: second.delivered == [1])
    own_redis.freeze()
    first.broker.tell("announcement", b"hello")
    await eventually(lambda: not first.broker.ready)
    own_redis.thaw()
    await first.ready()
    await second.ready()
    first.say(2)
    await eventually(lambda: second.delivered == [1, 2])
    first.broker.tell("last", b"")
    await eventually(lambda: ("last", b"") in second.notices)
    assert second.notices == [("announcement", b"hello"), ("last", b"")]


async def test_an_entry_that_cannot_be_written_is_refused_and_the_next_is_written(on_own_redis: Nodes) -> None:
    server = await on_own_redis.start()
    server.say(1, limits=[Limit("impossible", rate=0, burst=1)])
    await eventually(lambda: server.codes == [ErrorCode.BUSY])
    server.say(2)
    await eventually(lambda: server.delivered == [1])


async def test_games_in_two_databases_of_one_redis_do_not_hear_each_other(own_redis: RedisServer) -> None:
    games = Nodes(own_redis.url), Nodes(f"{own_redis.url}/1")
    games[1]._prefix = games[0]._prefix
    one, other = [await game.start() for game in games]
    one.say(1, "of one")
    await eventually(lambda: one.delivered == [1])
    other.say(2, "of the other")
    await eventually(lambda: other.delivered)
    assert other.history == [(1, "of the other")]
    assert one.history == [(1, "of one")]
    for game in games:
        await game.stop()


async def test_another_database_begins_with_a_log_of_its_own(on_own_redis: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await on_own_redis.start()
    first.say(1, "of the database that a backup has replaced")
    await eventually(lambda: first.delivered == [1])
    await first.stop()
    on_own_redis.all.clear()
    on_own_redis.database.rows.clear()
    monkeypatch.setattr(nodes, "EPOCH", UUID(int=2))
    second = await on_own_redis.start()
    assert second.history == []


class CountingLink:
    """A Redis that takes everything within `seconds`, and how many entries came with each call."""

    server_id = "s"
    away = False

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.blocks: list[int] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.is_asked = asyncio.Event()
        self.seconds = 0.0

    def key(self, name: str) -> str:
        return name

    def when_subscribed(self, action: object) -> None:
        pass

    async def script(self, name: str, keys: list[str], *arguments: Any) -> list[Any]:
        if name == "look":
            return [b"run", 0, 1000, 0, 0]
        if name == "begin":
            self.blocks.append(arguments[1])
            return [b"0", b"1000"]
        _, _, _, _, *payloads = arguments
        self.is_asked.set()
        await asyncio.sleep(self.seconds)
        self.calls.append(len(payloads))
        self.meanwhile()
        return [b"1", b"1000", *([b"taken"] for _ in payloads)]


async def written_by(interval: float) -> tuple[CountingLink, LogWriter]:
    link = CountingLink()

    def nobody(*answer: object) -> None:
        """Nobody waits for it."""

    writer = LogWriter(cast(RedisLink, link), known=nobody, limited=nobody, refused=nobody, interval=interval)
    await writer.look()
    await writer.open()
    return link, writer


def say(writer: LogWriter) -> None:
    writer.add_chat(SaidChat("s", ChatDraft(uuid4(), "Zoë", None, "hello", 0.0)), uuid4(), ())


async def test_what_comes_soon_after_a_call_goes_with_the_next() -> None:
    link, writer = await written_by(interval=1.0)
    say(writer)
    await eventually(lambda: link.calls == [1])
    for _ in range(5):
        say(writer)
        await asyncio.sleep(0.001)
    await eventually(lambda: sum(link.calls) == 6)
    assert link.calls == [1, 5]
    await writer.close()


async def test_much_that_waits_does_not_wait_for_the_next_call() -> None:
    link, writer = await written_by(interval=3600.0)
    for _ in range(400):
        say(writer)
    await eventually(lambda: link.calls == [200, 200])
    await writer.close()


async def test_numbers_reach_redis_also_where_there_is_always_more_to_write() -> None:
    link, writer = await written_by(interval=0.001)
    link.meanwhile = lambda: say(writer)
    say(writer)
    await eventually(lambda: link.calls)
    writer.reserve(1001, 2000)
    await eventually(lambda: link.blocks == [1001])
    await writer.close()


async def test_the_end_waits_for_the_call_that_is_under_way() -> None:
    link, writer = await written_by(interval=0.0)
    link.seconds = 0.05
    say(writer)
    await link.is_asked.wait()
    await writer.close()
    assert link.calls == [1]
