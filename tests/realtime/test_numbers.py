"""Numbers of servers that share them: while Redis lives they do not jump, however many servers see that few are left."""

import asyncio

from tests.eventually import eventually
from tests.realtime.nodes import BLOCK, Node, Nodes


class SlowDatabase:
    """Reserves numbers; the answer to whom it was asked by first comes last."""

    def __init__(self, nodes: Nodes) -> None:
        self._database = nodes.database
        self.asked = 0

    async def refill(self, node: Node) -> None:
        """What the numbering of a server does where few numbers are left."""
        if not await node.broker.may_reserve(BLOCK // 2):
            return
        self.asked += 1
        first, self._database.reserved = self._database.reserved + 1, self._database.reserved + BLOCK
        last = self._database.reserved
        if self.asked == 1:
            await asyncio.sleep(0.05)
        node.broker.reserve(first, last)


async def test_numbers_do_not_jump_where_two_servers_see_that_few_are_left(joined: Nodes) -> None:
    first, second = await joined.start(), await joined.start()
    for id in range(3 * BLOCK // 2 + 1):
        first.say(id)
    await eventually(lambda: first.broker.numbers_left < BLOCK // 2)
    database = SlowDatabase(joined)
    await asyncio.gather(database.refill(first), database.refill(second))
    said = len(first.delivered)
    second.say(said)
    await eventually(lambda: len(first.delivered) == said + 1)
    assert first.delivered[-1] == said + 1
    assert database.asked == 1
    for server in (first, second):
        await server.tend()
        assert server.broker.numbers_left >= BLOCK // 2, "each knows of the numbers that one has brought"
    assert first.resyncs == second.resyncs == 0


async def test_a_server_that_died_before_it_brought_numbers_delays_the_others_for_a_moment(joined: Nodes) -> None:
    dead, other = await joined.start(), await joined.start()
    assert await dead.broker.may_reserve(10 * BLOCK)
    assert not await other.broker.may_reserve(10 * BLOCK)
    assert dead.link is not None
    assert 0 < await dead.link.command("PTTL", dead.link.key("reserving")) <= 5_000
    await dead.link.command("DEL", dead.link.key("reserving"))  # as when that time is over
    assert await other.broker.may_reserve(10 * BLOCK)


async def test_the_turn_is_over_when_the_numbers_have_come(joined: Nodes) -> None:
    first, second = await joined.start(), await joined.start()
    assert await first.broker.may_reserve(10 * BLOCK)
    joined.database.reserve(first.broker)
    async with asyncio.timeout(10):
        while not await second.broker.may_reserve(10 * BLOCK):
            await asyncio.sleep(0.005)
