"""PostgreSQL stops, freezes and drops its connections under load: chat goes on, and afterwards everything is stored once."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from tests.reliability.crowd import Crowd, playing, repeating
from tests.reliability.postgres import Postgres, started
from tests.reliability.server import Server, serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds PostgreSQL's processes in /proc")

AWAY = r"\bdatabase away: "
BACK = r"\bdatabase back after "
OUTAGE = 20.0


@contextlib.asynccontextmanager
async def under_load(directory: Path, chance: Random) -> AsyncIterator[tuple[Postgres, Server, Crowd]]:
    """Players chat and score while the block lasts; afterwards all of it is shown and stored once."""
    (directory / "database").mkdir(mode=0o711)
    with started(directory / "database") as postgres:
        async with serving(directory, DATABASE_URL=postgres.dsn) as server, playing(server.port, 50, chance) as crowd:
            async with repeating(20, crowd.say), repeating(50, crowd.score):
                await crowd.shown_by_everybody(20)
                yield postgres, server, crowd
            await crowd.everything_acknowledged()
            await crowd.everything_shown()
            crowd.check()
            crowd.check_stored(postgres.dsn)


async def away(server: Server, crowd: Crowd) -> None:
    """The server notices, and the players do not."""
    noticed = asyncio.create_task(server.becomes("degraded"))
    await asyncio.sleep(OUTAGE)
    await noticed
    await crowd.shown_by_everybody(len(crowd.said) + 10)
    assert any(player.writes for player in crowd.players), "acknowledged without a database"


@pytest.mark.long
async def test_nothing_is_lost_while_postgresql_is_down(server_directory: Path, chance: Random) -> None:
    async with under_load(server_directory, chance) as (postgres, server, crowd):
        postgres.stop_immediately()
        await away(server, crowd)
        postgres.start()
        await server.becomes("ready")
    assert (server.count(AWAY), server.count(BACK)) == (1, 1), server.faults


@pytest.mark.long
async def test_nothing_is_lost_while_postgresql_is_frozen(server_directory: Path, chance: Random) -> None:
    async with under_load(server_directory, chance) as (postgres, server, crowd):
        postgres.freeze()
        try:
            await away(server, crowd)
        finally:
            postgres.thaw()
        await server.becomes("ready")
    assert (server.count(AWAY), server.count(BACK)) == (1, 1), server.faults


async def test_nothing_is_lost_when_all_connections_are_ended(server_directory: Path, chance: Random) -> None:
    async with under_load(server_directory, chance) as (postgres, server, crowd):
        for _ in range(5):
            assert postgres.cut_connections() > 0
            await crowd.shown_by_everybody(len(crowd.said) + 10)
        await server.becomes("ready")
    assert server.count(AWAY) == server.count(BACK) <= 5, server.faults
