"""Some servers on one Redis, which beat when a test says so."""

import contextlib
import itertools
from collections.abc import AsyncIterator

from tests.fakes import FakeClock
from tests.services.test_connections import state
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.realtime.servers import ServerState
from tilo_ws.realtime.servers_redis import DEAD_AFTER, RedisServers

_prefixes = (f"servers-{number}" for number in itertools.count())


class Together:
    """Some servers on one Redis. They beat when the test says so; `clock` is theirs, Redis has its own time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.prefix = next(_prefixes)
        self.clock = FakeClock()
        self.adopted: list[tuple[str, str]] = []
        self.told: list[str] = []
        self.links: dict[str, RedisLink] = {}
        self.counts: dict[str, int] = {}

    async def join(self, name: str, connections: int = 0, stored_below: int = 1, epoch: str = "") -> RedisServers:
        """A server that has started after those before it."""
        started_at, self.counts[name] = len(self.links), connections

        async def adopt(dead: ServerState) -> None:
            self.adopted.append((name, dead.name))

        link = self.links[name] = RedisLink(self.url, self.prefix)
        server = RedisServers(
            link,
            name,
            lambda: state(name, self.counts[name], started_at=started_at, stored_below=stored_below, epoch=epoch),
            lambda: self.counts[name],
            adopt=adopt,
            gone=lambda: self.told.append(name),
            clock=self.clock,
        )
        server.answer("length", str, len)
        server.answer("fault", str, int)
        await server.join()
        return server

    async def die(self, name: str) -> None:
        """Its last beat was a while ago."""
        await self.pass_by(DEAD_AFTER, name)

    async def pass_by(self, seconds: float, *names: str) -> None:
        """So much time passes for Redis, in which these servers do not beat."""
        link = next(link for link in (self.links[names[0]], *self.links.values()) if not link._is_closed)
        for name in names:
            await link.command("ZINCRBY", link.key("beats"), -seconds, name)


@contextlib.asynccontextmanager
async def together(url: str) -> AsyncIterator[Together]:
    servers = Together(url)
    try:
        yield servers
    finally:
        for link in servers.links.values():
            await link.close()
