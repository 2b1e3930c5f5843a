"""Announcements: an admin speaks, to everybody or to one player."""

import time
from collections.abc import Callable

from tilo_ws.protocol import pushes
from tilo_ws.protocol.text import clean, email_address
from tilo_ws.realtime.hub import Hub
from tilo_ws.services.notices import Tell, Topic

MAX_LENGTH = 2_000
"""Code points."""


class Announcements:
    """`broadcast` takes what everybody here hears; `tell` hands it to other servers, which `hear` it."""

    def __init__(
        self, hub: Hub, broadcast: Callable[[bytes], None], tell: Tell, clock: Callable[[], float] = time.time
    ) -> None:
        self._hub = hub
        self._broadcast = broadcast
        self._tell = tell
        self._clock = clock

    def announce(self, message: str, *, email: str | None = None, connection: str | None = None) -> bool:
        """False when the player of this address, or this connection, is not here. Raises CommandError."""
        frame = pushes.announcement(clean("message", message, MAX_LENGTH), self._clock())
        if email is None and connection is None:
            self._broadcast(frame)
            self._tell(Topic.ANNOUNCEMENT, frame)
            return True
        heard = set() if email is None else set(self._hub.of_player(email_address(email)))
        if connection is not None and (one := self._hub.get(connection)) is not None:
            heard.add(one)
        for listener in heard:
            listener.write(frame)
        return bool(heard)

    def hear(self, frame: bytes) -> None:
        """An announcement to all that was made on another server."""
        self._broadcast(frame)
