"""Chat numbers: reserved in PostgreSQL in blocks, so that no number is ever given out twice, over restarts too."""

import asyncio

from tilo_ws.realtime.broker import Broker
from tilo_ws.storage.database import Database

BLOCK_SIZE = 1_000_000
LOW_MARK = 300_000
"""The next block is reserved when fewer numbers are left: enough for a long outage of the database."""

_TURN_INTERVAL = 0.05


class Numbering:
    """Keeps the broker in numbers."""

    def __init__(self, database: Database, broker: Broker) -> None:
        self._broker = broker
        self._reserve = database.query("reserve_seqs")

    @property
    def last_seq(self) -> int:
        """The number that was given out last, or the one before the first of this server."""
        return self._broker.last_seq

    async def refill(self) -> None:
        """Reserves a block where few numbers are left.

        One server at a time does: blocks that come in another order than they were reserved in would make the numbers jump.
        A block whose answer is lost with its connection is skipped: numbers may jump, they never repeat. Raises DatabaseAway,
        StatementTimeout, RedisAway.
        """
        while self._broker.numbers_left < LOW_MARK:
            if await self._broker.may_reserve(LOW_MARK):
                [row] = await self._reserve(count=BLOCK_SIZE)
                self._broker.reserve(row.reserved_seq - BLOCK_SIZE + 1, row.reserved_seq)
                return
            await asyncio.sleep(_TURN_INTERVAL)
