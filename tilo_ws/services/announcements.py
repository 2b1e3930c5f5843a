"""Announcements: an admin speaks, to everybody or to one player."""

import time
from collections.abc import Callable

from tilo_ws.protocol import pushes
from tilo_ws.protocol.text import clean, email_address
from tilo_ws.services.connections import Connections
from tilo_ws.services.notices import Tell, Topic

MAX_LENGTH = 2_000
"""Code points."""


class Announcements:
    """`broadcast` takes what everybody here hears; `tell` hands it to other servers, which `hear` it."""

    def __init__(
        self,
        connections: Connections,
        broadcast: Callable[[bytes], None],
        tell: Tell,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._connections = connections
        self._broadcast = broadcast
        self._tell = tell
        self._clock = clock

    async def announce(self, message: str, *, email: str | None = None, connection: str | None = None) -> bool:
        """False when the player of this address, or this connection, is on no server. Raises CommandError."""
        frame = pushes.announcement(clean("message", message, MAX_LENGTH), self._clock())
        if email is None and connection is None:
            self._broadcast(frame)
            self._tell(Topic.ANNOUNCEMENT, frame)
            return True
        address = None if email is None else email_address(email)
        return await self._connections.say(frame, connection=connection, email=address)

    def hear(self, frame: bytes) -> None:
        """An announcement to all that was made on another server."""
        self._broadcast(frame)
