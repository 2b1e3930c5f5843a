"""`kill -9` of a worker, or of the Valkey that joins them, under load: nothing acknowledged is lost."""

import asyncio
from pathlib import Path
from random import Random

import psutil
import pytest

from tests.eventually import eventually
from tests.reliability.crowd import Crowd, playing, repeating
from tests.reliability.server import Server, serving
from tests.reliability.test_kill import check_files
from tests.worker_processes import workers_of


@pytest.mark.parametrize(
    ("players", "kills"), [(20, 1), pytest.param(200, 10, marks=pytest.mark.long)], ids=["one kill", "ten kills"]
)
async def test_what_a_killed_worker_acknowledged_is_stored_and_everything_is_shown_and_stored_once(
    players: int, kills: int, server_directory: Path, chance: Random
) -> None:
    async with serving(server_directory, "--workers", "2") as server, playing(server.port, players, chance) as crowd:
        async with repeating(25, crowd.say), repeating(100, crowd.score):
            for _ in range(kills):
                await kill_a_worker(server, crowd, chance)
        await crowd.everything_acknowledged()
        await crowd.everybody_in()
        await crowd.everything_shown()
        crowd.check()
    assert server.count(r"worker \d .*(has ended by itself|has not started)") == kills, "one may be killed before it serves"
    check_files(server_directory, crowd)


async def test_nothing_is_lost_where_the_embedded_valkey_is_killed(server_directory: Path, chance: Random) -> None:
    async with serving(server_directory, "--workers", "2") as server, playing(server.port, 20, chance) as crowd:
        async with repeating(25, crowd.say), repeating(100, crowd.score):
            await crowd.shown_by_everybody(10)
            [valkey] = [
                child for child in psutil.Process(server.pid).children() if "valkey-server" in " ".join(child.cmdline())
            ]
            valkey.kill()
            await eventually(lambda: server.count("Valkey has ended by itself"))
            await crowd.shown_by_everybody(len(crowd.said) + 25)
        await crowd.everything_acknowledged()
        await crowd.everything_shown()
        crowd.check()
        assert not any(player.leaves for player in crowd.players), "players stay connected"
    check_files(server_directory, crowd)


async def kill_a_worker(server: Server, crowd: Crowd, chance: Random) -> None:
    """At a random moment; waits until another has its place."""
    await crowd.everybody_in()
    await asyncio.sleep(chance.uniform(0, 2))
    victim = workers_of(server.pid)[chance.choice([1, 2])]
    victim.kill()
    await eventually(lambda: victim not in (now := workers_of(server.pid).values()) and len(now) == 2)
