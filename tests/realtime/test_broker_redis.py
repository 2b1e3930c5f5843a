"""Several servers on one Redis: the same messages in the same order on each, and none of them lost or shown twice."""

import asyncio
import itertools
from uuid import UUID

import pytest

from tests.eventually import eventually
from tests.realtime.nodes import Node, Nodes
from tests.redis_server import RedisServer
from tilo_ws.protocol.codes import ErrorCode
from tilo_ws.realtime import kept_log
from tilo_ws.realtime.broker import Limit
from tilo_ws.realtime.kept_log import KEPT_NUMBERS
from tilo_ws.realtime.log_writer import MAX_WAITING


async def three(nodes: Nodes) -> list[Node]:
    return [await nodes.start() for _ in range(3)]


async def test_every_server_delivers_the_same_in_the_same_order(joined: Nodes) -> None:
    servers = await three(joined)
    for id, server in zip(range(300), itertools.cycle(servers), strict=False):
        server.say(id, str(id))
        if id % 10 == 0:
            await asyncio.sleep(0)
    await eventually(lambda: all(len(server.delivered) == 300 for server in servers))
    assert [server.delivered for server in servers] == [list(range(1, 301))] * 3
    assert servers[0].history == servers[1].history == servers[2].history
    assert sorted(joined.database.rows) == list(range(1, 301))
    for server in servers:
        assert len(server.answered) == len(server.acknowledged) == 100


async def test_a_notice_reaches_the_others_between_the_messages_that_it_was_told_between(joined: Nodes) -> None:
    teller, hearer, _ = await three(joined)
    teller.say(1)
    teller.broker.tell("bans", b"\xff\x00")
    teller.say(2)
    await eventually(lambda: len(hearer.heard) == 3)
    assert hearer.heard == [1, "bans", 2]
    assert hearer.notices == [("bans", b"\xff\x00")]
    assert teller.notices == []


async def test_a_message_that_was_sent_again_to_another_server_is_stored_there_as_it_was_shown(joined: Nodes) -> None:
    first, second, _ = await three(joined)
    first.stores = False
    first.say(7, "original")
    await eventually(lambda: second.delivered == [1])
    second.say(7, "again")
    await eventually(lambda: second.acknowledged == [1])
    assert second.answered == [(1, "original", True)]
    assert (second.delivered, joined.database.rows[1].message) == ([1], "original")


async def test_a_server_knows_an_id_before_it_has_followed_the_message(joined: Nodes) -> None:
    first, second, _ = await three(joined)
    for server in (first, second):
        server.say(7, "the same at the same time")
    await eventually(lambda: first.acknowledged == second.acknowledged == [1])
    await eventually(lambda: first.delivered == second.delivered == [1])
    assert first.refused == second.refused == []


async def test_a_server_that_joins_has_what_was_said_and_what_is_not_stored_yet(joined: Nodes) -> None:
    first = await joined.start()
    first.say(1, "stored")
    await eventually(lambda: joined.database.rows)
    first.stores = False
    first.say(2, "not stored")
    first.say(3, "rude")
    first.broker.retract(3, UUID(int=3))
    await eventually(lambda: first.retracted == [3])
    second = await joined.start()
    assert second.history == first.history == [(1, "stored"), (2, "not stored")]
    assert second.broker.history.deleted_through(3) == [3]
    assert all(second.broker.knows(UUID(int=id)) for id in (2, 3))
    assert second.delivered == []
    first.say(4)
    await eventually(lambda: second.delivered == [4])


async def test_what_is_taken_back_is_gone_on_every_server(joined: Nodes) -> None:
    servers = await three(joined)
    servers[0].say(1, "rude")
    await eventually(lambda: all(server.delivered for server in servers))
    servers[1].broker.retract(1, UUID(int=1))
    await eventually(lambda: all(server.retracted == [1] for server in servers))
    assert [server.history for server in servers] == [[], [], []]
    assert all(b"chat_deleted" in server.frames[-1] for server in servers)


async def test_what_a_dead_server_had_published_and_not_stored_is_stored_by_another(joined: Nodes) -> None:
    dead, other, _ = await three(joined)
    dead.say(1, "stored")
    await eventually(lambda: joined.database.rows)
    dead.stores = False
    dead.say(2, "not stored")
    dead.say(3, "rude")
    await eventually(lambda: len(other.delivered) == 3)
    other.say(4, "of the other")
    await eventually(lambda: len(other.delivered) == 4)
    other.broker.retract(3, UUID(int=3))
    await eventually(lambda: other.retracted == [3])
    assert dead.link is not None
    for _ in range(2):  # by the next one that leads, again
        await other.broker.adopt(dead.link.server_id, 2)
    rows = joined.database.rows
    assert [(seq, rows[seq].message) for seq in sorted(rows) if seq < 4] == [(1, "stored"), (2, "not stored"), (3, "")]
    assert rows[3].deleted_at is not None


async def test_the_log_is_trimmed_below_what_is_stored_and_keeps_the_newest(joined: Nodes) -> None:
    server = await joined.start()
    joined.database.reserve(server.broker)
    assert server.link is not None
    log = server.link.key("log")

    async def oldest() -> int:
        assert server.link is not None
        [[id, _]] = await server.link.command("XRANGE", log, "-", "+", "COUNT", 1)
        return int(id.split(b"-")[0])

    for id in range(KEPT_NUMBERS + 100):
        server.say(id)
    await eventually(lambda: len(server.delivered) == KEPT_NUMBERS + 100)
    await server.broker.trim(51)
    assert await oldest() == 51
    await server.broker.trim(KEPT_NUMBERS + 101)
    assert await oldest() == 100


async def test_a_limit_holds_over_all_servers(joined: Nodes) -> None:
    servers = await three(joined)
    limits = [Limit("zoë", rate=0.1, burst=2)]
    for id in range(6):
        servers[id % 3].say(id, limits=limits)
    await eventually(lambda: sum(len(server.refused) for server in servers) == 4)
    await eventually(lambda: all(len(server.delivered) == 2 for server in servers))
    refused = [error for server in servers for error in server.refused]
    assert {error.code for error in refused} == {ErrorCode.RATE_LIMITED}
    assert all(9 < (error.retry_after or 0) <= 10 for error in refused)
    servers[0].say(9, limits=[Limit("ada", rate=0.1, burst=2)])
    await eventually(lambda: len(servers[1].delivered) == 3)


async def test_a_connection_that_is_cut_again_and_again_loses_nothing(any_redis: RedisServer, joined: Nodes) -> None:
    servers = await three(joined)
    ids = itertools.count()
    said = 0

    def settled() -> bool:
        return sum(len(server.acknowledged) + len(server.refused) for server in servers) == said

    for _ in range(10):
        for server in servers:
            for _ in range(5):
                server.say(next(ids))
                said += 1
        await asyncio.sleep(0.005)
        any_redis.cut_connections()
        for server in servers:
            await server.ready()
    while not any(text == "last" for _, text in servers[0].history):  # the last cut may be noticed only now
        await servers[0].ready()
        servers[0].say(next(ids), "last")
        said += 1
        await eventually(settled)
    await eventually(lambda: all(server.history == servers[0].history for server in servers))
    taken = {seq for server in servers for seq, _, _ in server.answered}
    assert servers[0].delivered == servers[1].delivered == servers[2].delivered == sorted(taken)
    assert sorted(joined.database.rows) == sorted(taken)
    assert all(code is ErrorCode.BUSY for server in servers for code in server.codes)


async def test_what_was_published_and_did_not_come_is_noticed(joined: Nodes) -> None:
    speaker, deaf, _ = await three(joined)
    assert deaf.link is not None
    deaf.link.follow("log", lambda data: None)  # as if its connection were dead without a word
    speaker.say(1)
    await eventually(lambda: speaker.delivered == [1])
    assert deaf.delivered == []
    await deaf.tend()
    await deaf.tend()
    await eventually(lambda: deaf.delivered == [1])


async def test_a_log_that_grows_without_end_loses_its_oldest_records_and_says_so(
    joined: Nodes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kept_log, "MAX_RECORDS", 5)
    server = await joined.start()
    for id in range(8):
        server.say(id)
    await eventually(lambda: len(server.delivered) == 8)
    await server.broker.trim(1)
    assert server.link is not None
    assert await server.link.command("XLEN", server.link.key("log")) == 5
    assert "too long" in caplog.text


async def test_what_is_told_while_redis_is_away_is_bounded(joined: Nodes, caplog: pytest.LogCaptureFixture) -> None:
    server = await joined.start()
    for _ in range(2 * MAX_WAITING + 1):
        server.broker.tell("bans", b"")
    assert caplog.text.count("other servers are not told") == 1
    assert not server.broker.ready
