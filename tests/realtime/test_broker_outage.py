"""Redis ends, freezes and comes back, with its data or without: nothing is shown twice, numbers never go back."""

import asyncio
from uuid import UUID

import pytest

from tests.eventually import eventually
from tests.realtime.nodes import BLOCK, Node, Nodes
from tests.redis_server import RedisServer
from tilo_ws.protocol.chat_message import ChatMessage
from tilo_ws.protocol.codes import ErrorCode


async def two(nodes: Nodes) -> list[Node]:
    return [await nodes.start() for _ in range(2)]


async def back(*servers: Node) -> None:
    """Redis was started anew, and all know."""
    await asyncio.gather(*(server.ready() for server in servers))
    await eventually(lambda: all(server.resyncs for server in servers))


async def away(*servers: Node) -> None:
    await eventually(lambda: not any(server.broker.ready for server in servers))


@pytest.mark.parametrize("kept", ["nothing", "an old state", "everything"])
async def test_after_a_restart_numbers_go_on_above_all_that_were_ever_given_out(
    kept: str, own_redis: RedisServer, on_own_redis: Nodes
) -> None:
    first, second = await two(on_own_redis)
    first.say(1)
    await eventually(lambda: first.delivered == second.delivered == [1])
    if kept == "an old state":
        own_redis.save()
    second.say(2)
    await eventually(lambda: first.delivered == second.delivered == [1, 2])
    if kept == "everything":
        own_redis.save()
    own_redis.kill()
    first.say(3)
    await eventually(lambda: first.codes == [ErrorCode.BUSY])
    await away(first, second)
    own_redis.start()
    await back(first, second)
    assert first.broker.last_seq >= 2 * BLOCK
    first.say(2, "sent again to another server")
    first.say(3)
    second.say(4)
    await eventually(lambda: len(first.delivered) == len(second.delivered) == 4)
    numbers = [seq or 0 for seq in first.delivered]
    assert numbers == second.delivered == sorted(numbers)
    assert numbers[2] > 2 * BLOCK
    await eventually(lambda: 2 in first.acknowledged)
    assert first.resyncs == second.resyncs == 1
    third = await on_own_redis.start()
    assert [seq for seq, _ in third.history] == first.delivered


async def test_a_frozen_redis_hangs_nobody_and_what_it_took_is_not_shown_again(
    own_redis: RedisServer, on_own_redis: Nodes
) -> None:
    first, second = await two(on_own_redis)
    first.say(0)  # from now on Redis has the script
    await eventually(lambda: second.delivered == [1])
    own_redis.freeze()
    first.say(1)
    await eventually(lambda: first.codes == [ErrorCode.BUSY])
    await away(first)
    own_redis.thaw()
    await asyncio.gather(first.ready(), second.ready())
    await eventually(lambda: first.delivered == second.delivered == [1, 2])
    assert first.answered[1:] == [(2, "hi", False)], "who sent it stores it, though nobody waits any more"
    first.say(1)
    await eventually(lambda: first.acknowledged == [1, 2])
    assert second.delivered == [1, 2]


async def test_what_is_told_while_redis_is_away_is_told_when_it_is_back(own_redis: RedisServer, on_own_redis: Nodes) -> None:
    first, second = await two(on_own_redis)
    first.say(1, "rude")
    await eventually(lambda: first.delivered == second.delivered == [1])
    own_redis.kill()
    await away(first, second)
    first.broker.retract(1, UUID(int=1))
    first.broker.tell("bans", b"")
    own_redis.start()
    await back(first, second)
    await eventually(lambda: second.notices == [("bans", b"")])
    assert first.retracted == second.retracted == [1]
    assert first.history == second.history == []


async def test_what_only_others_had_heard_when_redis_lost_it_is_found_in_the_database(
    own_redis: RedisServer, on_own_redis: Nodes
) -> None:
    first, second = await two(on_own_redis)
    first.say(1)
    await eventually(lambda: first.delivered == second.delivered == [1])
    own_redis.kill()
    await away(first, second)
    on_own_redis.database.store(ChatMessage(2, UUID(int=2), "Ada", None, "of a third server", 0.0))
    on_own_redis.database.store(ChatMessage(3, UUID(int=3), "Ada", None, "", 0.0, deleted_at=1.0))
    own_redis.start()
    await back(first, second)
    assert first.delivered == second.delivered == [1, 2]
    assert first.history == [(1, "hi"), (2, "of a third server")]
    assert first.broker.history.deleted_through(3) == [3]
    assert first.broker.knows(UUID(int=2))
    assert first.broker.history.complete_after > 3, "what a third server has still to store is asked for later"


async def test_without_the_database_a_gap_is_left_and_known_to_be_one(own_redis: RedisServer, on_own_redis: Nodes) -> None:
    first, second = await two(on_own_redis)
    first.say(1)
    await eventually(lambda: first.delivered == second.delivered == [1])
    own_redis.kill()
    await away(first, second)
    second.database.away = True
    own_redis.start()
    await back(first, second)
    assert second.broker.history.complete_after > 1
    assert len(second.sent_away) == 1
    first.say(2)
    await eventually(lambda: len(second.delivered) == 2)


async def test_numbers_that_a_lone_server_used_meanwhile_are_not_used_again(
    own_redis: RedisServer, on_own_redis: Nodes
) -> None:
    first = await on_own_redis.start()
    first.say(1)
    await eventually(lambda: first.delivered == [1])
    await first.stop()
    on_own_redis.all.clear()
    on_own_redis.database.reserved += BLOCK
    lone = ChatMessage(BLOCK + 5, UUID(int=5), "Ada", None, "of a lone server", 0.0)
    on_own_redis.database.store(lone)
    second = await on_own_redis.start()
    assert second.history == [(1, "hi"), (lone.seq, "of a lone server")]
    assert second.broker.last_seq >= lone.seq, "who joins has been told of it"
    second.say(2)
    await eventually(lambda: second.delivered == [2 * BLOCK + 1])


@pytest.mark.parametrize("kept", ["nothing", "everything"])
async def test_a_block_that_was_reserved_before_redis_started_is_not_used(
    kept: str, own_redis: RedisServer, on_own_redis: Nodes
) -> None:
    first, second = await two(on_own_redis)
    for id in range(BLOCK + 1):  # so that the numbers of the second block are in use
        first.say(id)
    await eventually(lambda: len(second.delivered) == BLOCK + 1)
    if kept == "everything":
        own_redis.save()
    own_redis.kill()
    await away(first, second)
    second.broker.reserve(1, BLOCK)
    own_redis.start()
    await back(first, second)
    second.say(BLOCK + 1)
    await eventually(lambda: len(first.delivered) == BLOCK + 2)
    assert (first.delivered[-1] or 0) > 2 * BLOCK
