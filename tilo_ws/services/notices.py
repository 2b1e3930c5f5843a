"""What servers tell each other: some of it is done as it is heard, the rest is read again from PostgreSQL."""

import enum
from collections.abc import Awaitable, Callable, Mapping

CATCH_UP_INTERVAL = 0.1
"""Seconds between two calls of `catch_up`."""

Tell = Callable[[str, bytes], None]
"""Tells all other servers, on a topic; who calls it has done its own part already."""


class Topic(enum.StrEnum):
    """What a notice is about."""

    ADMIN_SESSIONS = "admin_sessions"
    ANNOUNCEMENT = "announcement"
    BANS = "bans"
    CORRECTIONS = "corrections"
    EVENTS = "events"
    FORGOTTEN = "forgotten"
    REMOVED_CHAT = "removed_chat"
    REMOVED_SHADOW_CHAT = "removed_shadow_chat"
    RECURRING_EVENTS = "recurring_events"
    SHADOW_CHAT = "shadow_chat"
    SLOW_MODE = "slow_mode"


class Notices:
    """By topic: `heard` takes what a notice says; of the others, and of all after a gap, `reloads` read it from PostgreSQL."""

    def __init__(
        self,
        *,
        heard: Mapping[str, Callable[[bytes], None]],
        reloads: Mapping[str, Callable[[], Awaitable[None]]],
    ) -> None:
        self._heard = heard
        self._reloads = reloads
        self._due: dict[str, None] = {}

    def hear(self, topic: str, content: bytes) -> None:
        """Takes a notice of another server; a topic of a newer version is ignored."""
        if topic in self._heard:
            self._heard[topic](content)
        elif topic in self._reloads:
            self._due[topic] = None

    def resync(self) -> None:
        """Notices may have been missed: everything is read again."""
        self._due |= dict.fromkeys(self._reloads)

    async def catch_up(self) -> None:
        """Reads what is due, and again next time what could not be read now. Raises what the first of these raised."""
        failures: list[Exception] = []
        for topic in list(self._due):
            del self._due[topic]
            try:
                await self._reloads[topic]()
            except Exception as error:
                self._due[topic] = None
                failures.append(error)
        if failures:
            raise failures[0]
