"""The refused scores of all servers: each is asked for its own when somebody looks."""

import heapq

import msgspec

from tilo_ws.realtime.servers import Servers
from tilo_ws.services.refused_scores import MEMORY_SCORES, RefusedScore, RefusedScores


class Refusals(msgspec.Struct, frozen=True):
    """The newest, newest first; `count` is of all since the start."""

    count: int
    newest: list[RefusedScore]


class AllRefusedScores:
    """Those of this server are in `here`."""

    def __init__(self, here: RefusedScores, servers: Servers) -> None:
        self._here = here
        self._servers = servers
        servers.answer("refused_scores", int, self._newest_here)

    async def newest(self, limit: int = MEMORY_SCORES) -> Refusals:
        """The newest, `limit` of them at most."""
        answers = [self._newest_here(limit), *await self._servers.ask("refused_scores", limit, Refusals)]
        newest = heapq.merge(*(answer.newest for answer in answers), key=lambda one: one.refused_at, reverse=True)
        return Refusals(sum(answer.count for answer in answers), list(newest)[:limit])

    def _newest_here(self, limit: int) -> Refusals:
        return Refusals(self._here.count, list(self._here.newest(limit)))
