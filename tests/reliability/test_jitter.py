"""Bad lines: whatever is said comes to everybody, once and in order."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from tests.reliability.crowd import playing, repeating
from tests.reliability.jitter import bad_lines
from tests.reliability.server import serving


@pytest.mark.long
async def test_on_bad_lines_everything_is_shown_once_and_in_order(server_directory: Path, chance: Random) -> None:
    async with serving(server_directory) as server, playing(server.port, 300, chance) as crowd:
        async with repeating(5, crowd.say), bad_lines(crowd.players, chance):
            await asyncio.sleep(25)
        await crowd.everything_shown()
        crowd.check()
        assert sum(len(player.returns) for player in crowd.players) > 1.5 * len(crowd.players), "hardly anybody was cut"
