"""The end of the server: whether it still takes connections, how it sends players away, and why it has to end by itself."""

import asyncio
from collections.abc import Sequence
from typing import Any

from tilo_ws.protocol.codes import CloseCode
from tilo_ws.realtime.hub import Hub
from tilo_ws.storage.group_commit import GroupCommit

_STORE_TIMEOUT = 5.0
"""Seconds that players' last writes have to be stored and acknowledged before they are sent away."""

_LOOK_INTERVAL = 0.02


class Lifecycle:
    """`draining` is true from the moment the server is told to end. `failed` is set when it cannot go on, with a `reason`.

    `lost_writes` counts what could not be stored at the end.
    """

    def __init__(self, hub: Hub, commits: Sequence[GroupCommit[Any, Any]]) -> None:
        self._hub = hub
        self._commits = commits
        self.draining = False
        self.failed = asyncio.Event()
        self.reason = ""
        self.lost_writes = 0

    def fail(self, reason: str) -> None:
        """Makes the server end, with this one line."""
        self.reason = reason
        self.failed.set()

    async def drain(self) -> None:
        """Refuses new players, lets the writes of those who are here be acknowledged, then sends them away with 1012."""
        if self.draining:
            return
        self.draining = True
        looks = round(_STORE_TIMEOUT / _LOOK_INTERVAL)
        while looks and any(commit.pending and not commit.failing for commit in self._commits):
            await asyncio.sleep(_LOOK_INTERVAL)
            looks -= 1
        self._hub.close_all(CloseCode.SERVICE_RESTART, "restart")
