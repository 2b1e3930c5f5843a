"""The server through PgBouncer in transaction mode: migrations, lease, load, and a pooler that is gone for a moment."""

import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from tests.command import run
from tests.eventually import PATIENCE
from tests.reliability import pgbouncer
from tests.reliability.crowd import playing, repeating
from tests.reliability.pgbouncer import POOL_SIZE, PgBouncer, pooling
from tests.reliability.postgres import started
from tests.reliability.server import serving

pytestmark = pytest.mark.skipif(pgbouncer.PROGRAM is None, reason="PgBouncer is not installed: apt-get install pgbouncer")


@pytest.fixture
async def pooler(server_directory: Path) -> AsyncIterator[PgBouncer]:
    """PgBouncer before a PostgreSQL without a schema."""
    (server_directory / "database").mkdir(mode=0o711)
    with started(server_directory / "database") as postgres:
        async with pooling(server_directory, postgres.dsn) as pooler:
            yield pooler


async def test_nothing_is_lost_through_a_pooler_that_reconnects_and_crashes(
    pooler: PgBouncer, server_directory: Path, chance: Random
) -> None:
    async with (
        serving(server_directory, DATABASE_URL=pooler.dsn) as server,
        playing(server.port, 50, chance) as crowd,
    ):
        async with repeating(20, crowd.say), repeating(200, crowd.score):
            await crowd.shown_by_everybody(20)
            pooler.tell("RECONNECT")
            await crowd.shown_by_everybody(len(crowd.said) + 20)
            await pooler.kill()
            await crowd.shown_by_everybody(len(crowd.said) + 40)
            await pooler.start()
            await server.becomes("ready")
            await server.end(signal.SIGKILL)
            await server.start()
        await crowd.everything_acknowledged()
        await crowd.everything_shown()
        crowd.check()
        crowd.check_stored(pooler.dsn)
    assert pooler.ask("SELECT address FROM server_lease") == [], "the lease is free after the end"


async def test_a_time_limit_ends_with_its_transaction(pooler: PgBouncer, server_directory: Path, chance: Random) -> None:
    """Or it would cut off somebody else's statement on the same connection."""
    async with (
        serving(server_directory, DATABASE_URL=pooler.dsn) as server,
        playing(server.port, 20, chance) as crowd,
    ):
        async with repeating(20, crowd.say), repeating(200, crowd.score):
            await crowd.shown_by_everybody(20)
        await crowd.everything_acknowledged()
        servers = pooler.tell("SHOW SERVERS")
        assert 1 <= len(servers) <= POOL_SIZE
        # More often than there are connections, which take turns.
        assert {pooler.ask("SHOW statement_timeout")[0] for _ in range(2 * POOL_SIZE)} == {("0",)}


@pytest.mark.long
async def test_a_second_server_is_refused_through_a_pooler(pooler: PgBouncer, server_directory: Path) -> None:
    async with (
        serving(server_directory, DATABASE_URL=pooler.dsn) as first,
        run(server_directory, DATABASE_URL=pooler.dsn) as second,
    ):
        assert await second.ended(2 * PATIENCE) == 1
        assert re.search(rf"another server uses this database: .*, process {first.pid}\b", second.log)
