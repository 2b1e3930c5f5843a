"""Announcements: an admin speaks, to everybody or to one player."""

import logging
from collections.abc import Callable

import msgspec

from tilo_ws.protocol import pushes
from tilo_ws.protocol.text import clean, email_address
from tilo_ws.realtime.redis_link import RedisAway
from tilo_ws.realtime.servers import Servers
from tilo_ws.services.connections import Connections
from tilo_ws.services.notices import Tell, Topic

logger = logging.getLogger(__name__)

MAX_LENGTH = 2_000
"""Code points."""

MAX_AGE = 60.0
"""Seconds after which an announcement of another server comes too late: it would surprise."""


class Announcements:
    """`broadcast` takes what everybody here hears; `tell` hands it to other servers, which `hear` it."""

    def __init__(
        self,
        connections: Connections,
        broadcast: Callable[[bytes], None],
        tell: Tell,
        servers: Servers,
    ) -> None:
        self._connections = connections
        self._broadcast = broadcast
        self._tell = tell
        self._servers = servers

    async def announce(self, message: str, *, email: str | None = None, connection: str | None = None) -> bool:
        """False when the player of this address, or this connection, is on no server.

        Raises CommandError; RedisAway where it cannot reach those who are meant now, and then it reaches nobody.
        """
        now = self._servers.now()
        frame = pushes.announcement(clean("message", message, MAX_LENGTH), now)
        if email is None and connection is None:
            if self._servers.redis == "away":
                raise RedisAway(self._servers.redis_reason)
            self._broadcast(frame)
            self._tell(Topic.ANNOUNCEMENT, msgspec.msgpack.encode((now, frame)))
            return True
        address = None if email is None else email_address(email)
        return await self._connections.say(frame, connection=connection, email=address)

    def hear(self, content: bytes) -> None:
        """An announcement to all that was made on another server."""
        made_at, frame = msgspec.msgpack.decode(content, type=tuple[float, bytes])
        age = self._servers.now() - made_at
        if age < MAX_AGE:
            self._broadcast(frame)
        else:
            fields = {"seconds": age}
            logger.warning("an announcement of another server came %(seconds)d s late: nobody here hears it", fields)
