"""A restart of the server sends everybody away and back, without a crowd at the door."""

from pathlib import Path
from random import Random

import pytest

from tests.reliability.avalanche import crowding, restart
from tests.reliability.crowd import playing
from tests.reliability.server import serving


def test_crowding_is_the_fullest_100_ms_against_the_mean() -> None:
    assert crowding([0.0, 0.5, 1.0, 1.5, 2.0]) == pytest.approx(4.0)
    assert crowding([0.0, 0.91, 0.95, 0.99, 1.0]) == pytest.approx(8.0)


@pytest.mark.long
@pytest.mark.usefixtures("many_files")
async def test_after_a_restart_everybody_comes_back_spread_over_time(server_directory: Path, chance: Random) -> None:
    async with serving(server_directory) as server, playing(server.port, 5000, chance) as crowd:
        avalanche = await restart(server, crowd)
        assert max(avalanche.left) < min(avalanche.planned), "somebody was called back before everybody had left"
        # When they mean to come says how the server spreads them; when they are in says how busy this machine is.
        assert crowding(avalanche.planned) < 3
        assert [player.errors for player in crowd.players if player.errors] == []
