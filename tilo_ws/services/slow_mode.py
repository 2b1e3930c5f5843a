"""Slow mode: how long each player waits between two chat messages, until an admin changes it."""

import asyncio
import logging
import math
from collections.abc import Callable

import msgspec

from tilo_ws.protocol import pushes
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.pushes import Limits
from tilo_ws.services.notices import Tell, Topic
from tilo_ws.services.text_rules import TextRules
from tilo_ws.storage.database import Database

logger = logging.getLogger(__name__)

MAX_SECONDS = 3600.0


class SlowMode:
    """What an admin has set is kept in the database; until one has, `rules` have what the settings say.

    `limits` are what clients are told without slow mode, `broadcast` takes what everybody hears; after a change `tell` has
    other servers `load` it.
    """

    def __init__(
        self,
        database: Database,
        rules: TextRules,
        limits: Limits,
        broadcast: Callable[[bytes], None],
        tell: Tell,
    ) -> None:
        self._rules = rules
        self._limits = limits
        self._broadcast = broadcast
        self._tell = tell
        self._read = database.query("slow_mode")
        self._store = database.query("store_slow_mode")
        # Of two admins the later one counts, in the database and here.
        self._changing = asyncio.Lock()

    @property
    def seconds(self) -> float:
        """0 is off."""
        return self._rules.slow_mode

    async def load(self) -> None:
        """Puts in force what an admin has set, here or on another server, and tells all clients."""
        async with self._changing:
            [row] = await self._read()
            if row.slow_mode is None or row.slow_mode == self.seconds:
                return
            fields = {"seconds": row.slow_mode, "before": self.seconds}
            logger.info("slow mode is %(seconds)g s, as an admin has set it; it was %(before)g s here", fields)
            self._rules.slow_mode = row.slow_mode
        self._broadcast(pushes.limits(self.limits()))

    async def set(self, seconds: float) -> None:
        """Stores it, puts it in force and tells all clients. Raises CommandError, DatabaseAway, StatementTimeout."""
        if not (math.isfinite(seconds) and 0 <= seconds <= MAX_SECONDS):
            raise CommandError(ErrorCode.INVALID_FIELD, f"seconds: must be between 0 (off) and {MAX_SECONDS:g}")
        async with self._changing:
            await self._store(seconds=seconds)
            self._rules.slow_mode = seconds
        self._tell(Topic.SLOW_MODE, b"")
        self._broadcast(pushes.limits(self.limits()))

    def limits(self) -> Limits:
        """What clients are told now: slow mode is a rate of its own."""
        if not self.seconds:
            return self._limits
        rate = 1 / self.seconds
        return msgspec.structs.replace(self._limits, chat_rate=min(self._limits.chat_rate or rate, rate), chat_burst=1.0)
