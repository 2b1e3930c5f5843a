"""`kill -9` of the server: whatever it had acknowledged is there, and whatever it had not comes again, once."""

import asyncio
import signal
from pathlib import Path
from random import Random

import pytest

from tests.reliability.crowd import Crowd, playing, repeating
from tests.reliability.server import Server, serving
from tilo_ws.storage.embedded import EmbeddedPostgres


@pytest.mark.parametrize(
    ("players", "kills"), [(20, 1), pytest.param(200, 10, marks=pytest.mark.long)], ids=["one kill", "ten kills"]
)
async def test_what_a_killed_server_acknowledged_is_stored_and_everything_is_shown_and_stored_once(
    players: int, kills: int, server_directory: Path, chance: Random
) -> None:
    async with serving(server_directory) as server, playing(server.port, players, chance) as crowd:
        async with repeating(25, crowd.say), repeating(100, crowd.score):
            for _ in range(kills):
                await kill_at_a_random_moment(server, crowd, chance)
        await crowd.everything_acknowledged()
        await crowd.everybody_in()
        await crowd.everything_shown()
        crowd.check()
    check_files(server_directory, crowd)


async def kill_at_a_random_moment(server: Server, crowd: Crowd, chance: Random) -> None:
    """Not before somebody is in again, so that something is under way."""
    await crowd.somebody_in()
    await asyncio.sleep(chance.uniform(0, 2))
    assert await server.end(signal.SIGKILL) == -signal.SIGKILL
    await server.start()


def check_files(directory: Path, crowd: Crowd) -> None:
    """Looks into the database that the server left."""
    embedded = EmbeddedPostgres(directory / "data")
    try:
        crowd.check_stored(embedded.start())
    finally:
        embedded.stop()
