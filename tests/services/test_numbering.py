"""Chat numbers in blocks."""

from tests.conftest import Sql
from tilo_ws.realtime.broker import MemoryBroker
from tilo_ws.services.numbering import BLOCK_SIZE, LOW_MARK, Numbering
from tilo_ws.storage.database import Database


async def test_a_block_is_reserved_when_few_numbers_are_left_and_not_before(database: Database, sql: Sql) -> None:
    broker = MemoryBroker()
    numbering = Numbering(database, broker)
    broker.reserve(1, LOW_MARK)
    await numbering.refill()
    assert broker.numbers_left == LOW_MARK

    few = MemoryBroker()
    few.reserve(1, LOW_MARK - 1)
    await Numbering(database, few).refill()
    assert few.numbers_left == LOW_MARK - 1 + BLOCK_SIZE
    assert sql("SELECT reserved_seq FROM server_identity") == [(BLOCK_SIZE,)]


async def test_two_servers_never_get_the_same_numbers(database: Database) -> None:
    class Blocks(MemoryBroker):
        """Notes what is reserved."""

        def __init__(self) -> None:
            super().__init__()
            self.reserved: list[tuple[int, int]] = []

        def reserve(self, first: int, last: int) -> None:
            self.reserved.append((first, last))

    first, second = Blocks(), Blocks()
    for broker in (first, second, first):
        await Numbering(database, broker).refill()
    assert first.reserved == [(1, BLOCK_SIZE), (2 * BLOCK_SIZE + 1, 3 * BLOCK_SIZE)]
    assert second.reserved == [(BLOCK_SIZE + 1, 2 * BLOCK_SIZE)]
