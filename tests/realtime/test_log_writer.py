"""Writing the log: each entry once, for this game alone, whatever becomes of the one before it."""

from uuid import UUID

import pytest

from tests.eventually import eventually
from tests.realtime import nodes
from tests.realtime.nodes import Nodes
from tests.redis_server import RedisServer
from tilo_ws.protocol.codes import ErrorCode
from tilo_ws.realtime.broker import Limit


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
