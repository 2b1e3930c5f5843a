"""Several servers, each in a process of its own, joined by one Redis or a cluster on one PostgreSQL."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

from tests import redis_server
from tests.conftest import ADMIN_PASSWORD, API_KEY
from tests.redis_server import RedisServer
from tests.reliability.crowd import Crowd, playing
from tests.reliability.postgres import Postgres, started
from tests.reliability.server import Server


class Joined:
    """`servers` are the processes, some of which a test may have killed."""

    def __init__(self, directory: Path, redis: RedisServer, postgres: Postgres) -> None:
        self._directory = directory
        self.redis = redis
        self.postgres = postgres
        self.servers: list[Server] = []

    def playing(self, count: int, chance: Random) -> contextlib.AbstractAsyncContextManager[Crowd]:
        """So many players, spread over all of them; who loses one comes back at the next."""
        first, *others = [server.port for server in self.servers]
        return playing(first, count, chance, *others)

    async def add(self) -> Server:
        """Starts one more."""
        home = self._directory / f"server-{len(self.servers)}"
        home.mkdir()
        server = Server(
            home,
            DATABASE_URL=self.postgres.dsn,
            REDIS_URL=self.redis.url,
            TILO_POOL_MIN="1",
            TILO_DRAIN_SECONDS="0",
            TILO_ADMIN_PASSWORD=ADMIN_PASSWORD,
            TILO_API_KEY=API_KEY,
        )
        self.servers.append(server)
        await server.start()
        return server


@contextlib.asynccontextmanager
async def joined(directory: Path, count: int) -> AsyncIterator[Joined]:
    """So many servers while the block lasts; none of them logs a traceback."""
    (directory / "redis").mkdir()
    with redis_server.running(directory / "redis") as redis:
        async with joined_by(redis, directory, count) as together:
            yield together


@contextlib.asynccontextmanager
async def joined_by(redis: RedisServer, directory: Path, count: int) -> AsyncIterator[Joined]:
    """As `joined`, by a Redis that is there."""
    (directory / "database").mkdir(mode=0o711)
    with started(directory / "database") as postgres:
        together = Joined(directory, redis, postgres)
        try:
            for _ in range(count):
                await together.add()
            yield together
            for server in together.servers:
                assert "Traceback" not in server.log, server.faults
        finally:
            for server in together.servers:
                await server.close()
