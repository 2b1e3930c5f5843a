"""A reload of nginx, as for a new certificate: the players of the old workers stay, and nobody misses a word."""

from pathlib import Path
from random import Random

import pytest

from tests.deploy import nginx as debian
from tests.deploy.nginx import Nginx, proxying
from tests.reliability.crowd import Crowd, playing, repeating
from tests.reliability.server import Server

pytestmark = pytest.mark.skipif(debian.PROGRAM is None, reason="nginx is not installed: apt-get install nginx")

PLAYERS = 20


async def test_a_reload_cuts_nobody_off(nginx: Nginx, dsn: str, chance: Random) -> None:
    async with playing(nginx.port, PLAYERS, chance, tls=nginx.tls) as crowd:
        async with repeating(50, crowd.say), repeating(100, crowd.score):
            await crowd.shown_by_everybody(20)
            await nginx.reload()
            async with playing(nginx.port, 1, chance, tls=nginx.tls) as newcomer:
                await newcomer.shown_by_everybody(20)
            await crowd.shown_by_everybody(len(crowd.said))
        await check(crowd, dsn)
        assert not any(player.leaves for player in crowd.players)


async def test_who_stayed_too_long_with_an_old_worker_comes_back_and_misses_nothing(
    server: Server, server_directory: Path, dsn: str, chance: Random
) -> None:
    async with (
        proxying(server_directory, [server.port], worker_shutdown_timeout="1s") as nginx,
        playing(nginx.port, PLAYERS, chance, tls=nginx.tls) as crowd,
    ):
        async with repeating(50, crowd.say), repeating(100, crowd.score):
            await crowd.shown_by_everybody(20)
            await nginx.reload()
            await crowd.everybody_left()
            await crowd.everybody_in()
            await crowd.shown_by_everybody(len(crowd.said))
        await check(crowd, dsn)


async def check(crowd: Crowd, dsn: str) -> None:
    """Everything said and scored is shown, in order and once, and stored."""
    await crowd.everything_acknowledged()
    await crowd.everything_shown()
    crowd.check()
    crowd.check_stored(dsn)
