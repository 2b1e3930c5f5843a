"""The ids that Redis knows: those of ten minutes, and no more than so many."""

from typing import cast
from uuid import UUID

import pytest

from tests.eventually import eventually
from tests.realtime import nodes
from tests.realtime.nodes import Node, Nodes
from tilo_ws.protocol.known_ids import KnownIds
from tilo_ws.realtime import log_writer
from tilo_ws.realtime.broker_redis import RedisBroker


def forget_all(node: Node) -> None:
    """It does not know by itself what was said."""
    cast(RedisBroker, node.broker)._known = KnownIds()


async def pass_by(node: Node, seconds: int) -> None:
    """So much time passes for what Redis knows."""
    assert node.link is not None
    await node.link.command("HINCRBY", node.link.key("state"), "marked_at", -seconds * 1_000_000)
    marks = node.link.key("id_marks")
    for mark in await node.link.command("ZRANGE", marks, 0, -1):
        await node.link.command("ZINCRBY", marks, -seconds * 1_000_000, mark)


async def known(node: Node) -> int:
    assert node.link is not None
    return int(await node.link.command("ZCARD", node.link.key("ids")))


async def test_an_id_is_known_for_ten_minutes_where_the_server_itself_does_not_know_it(joined: Nodes) -> None:
    server = await joined.start()
    server.say(1)
    await eventually(lambda: server.acknowledged == [1])
    await pass_by(server, 590)
    server.say(2)
    await eventually(lambda: server.acknowledged == [1, 2])
    forget_all(server)
    server.say(1)
    await eventually(lambda: server.acknowledged == [1, 1, 2])
    assert server.delivered == [1, 2]
    await pass_by(server, 11)
    server.say(3)
    await eventually(lambda: server.acknowledged == [1, 1, 2, 3])
    assert await known(server) == 3, "a mark was made half a minute ago at most"
    await pass_by(server, 30)
    server.say(4)
    await eventually(lambda: server.acknowledged == [1, 1, 2, 3, 4])
    assert await known(server) == 3, "that of the first is forgotten"


async def test_no_more_than_so_many_ids_are_known(joined: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "MEMORY_IDS", 3)
    server = await joined.start()
    for id in range(10):
        server.say(id)
    await eventually(lambda: len(server.acknowledged) == 10)
    assert await known(server) == 3
    forget_all(server)
    server.say(9)
    await eventually(lambda: len(server.acknowledged) == 11)
    assert len(server.delivered) == 10


async def test_ids_of_another_database_are_not_known(joined: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await joined.start()
    first.say(1)
    await eventually(lambda: first.delivered == [1])
    await first.stop()
    joined.all.clear()
    joined.database.rows.clear()
    monkeypatch.setattr(nodes, "EPOCH", UUID(int=2))
    second = await joined.start()
    second.say(1, "of the new one")
    await eventually(lambda: len(second.delivered) == 1)
    assert [text for _, text in second.history] == ["of the new one"]
