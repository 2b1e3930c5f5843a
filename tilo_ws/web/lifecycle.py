"""The end of the server: whether it still takes connections, how it sends players away, and why it has to end by itself."""

import asyncio
from collections.abc import Sequence
from typing import Any

from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.departure import Departure
from tilo_ws.realtime.hub import Hub
from tilo_ws.storage.group_commit import GroupCommit

_LOOK_INTERVAL = 0.02


class Lifecycle:
    """`draining` is true from the moment the server is told to end. `failed` is set when it cannot go on, with a `reason`.

    `lost_writes` counts what could not be stored at the end.
    """

    def __init__(self, hub: Hub, commits: Sequence[GroupCommit[Any, Any]], *, drain_seconds: float) -> None:
        self._hub = hub
        self._commits = commits
        self._drain_seconds = drain_seconds
        self._departure: Departure | None = None
        self.failed = asyncio.Event()
        self.reason = ""
        self.lost_writes = 0

    @property
    def draining(self) -> bool:
        """Whether the server is ending."""
        return self._departure is not None

    def fail(self, reason: str) -> None:
        """Makes the server end, with this one line."""
        self.reason = reason
        self.failed.set()

    async def drain(self) -> None:
        """Refuses new players and sends away those who are here, each when its writes are acknowledged or cannot be."""
        if self._departure is not None:
            return
        clock = asyncio.get_running_loop().time
        self._departure = Departure(list(self._hub), self._drain_seconds, clock())
        while self._departure.proceed(clock(), can_store=self._can_store()):
            await asyncio.sleep(_LOOK_INTERVAL)

    def turn_away(self, connection: Connection) -> None:
        """Closes a connection that came too late, where the server is ending."""
        if self._departure is not None:
            self._departure.close(connection, asyncio.get_running_loop().time())

    def _can_store(self) -> bool:
        return any(commit.pending and not commit.failing for commit in self._commits)
