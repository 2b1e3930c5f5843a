"""Jitter: players on bad lines, each cut off every few seconds and without a network for a moment."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from random import Random

from tests.reliability.crowd import ended
from tests.reliability.player import Player

BETWEEN_CUTS = 15.0
OFFLINE = 2.0
"""Seconds; the first is a mean."""


@contextlib.asynccontextmanager
async def bad_lines(players: Sequence[Player], chance: Random) -> AsyncIterator[None]:
    """While the block lasts, their connections are cut again and again."""
    tasks = [asyncio.create_task(_cut_again_and_again(player, chance)) for player in players]
    try:
        yield
    finally:
        await ended(tasks)


async def _cut_again_and_again(player: Player, chance: Random) -> None:
    while True:
        await asyncio.sleep(chance.expovariate(1 / BETWEEN_CUTS))
        if player.welcomed:
            player.cut(OFFLINE)
