"""The record of what was done in the dashboard, read, searched and cleaned up."""

import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

from tilo_ws.storage.database import Database

logger = logging.getLogger(__name__)

_BATCH = 200
"""Entries that are read at once: so few that players do not feel an export."""

CLEAN_UP_ROWS = 10_000
"""Entries that are removed at once: a shorter retention may leave millions, which no statement ends in time."""


class Search(NamedTuple):
    """What is looked for; an empty field looks for anything.

    `action` is a whole word; the others are parts, in any case, `text` of whatever the entry holds. Times are in seconds since
    1970, from `since` on and before `until`.
    """

    text: str = ""
    admin: str = ""
    action: str = ""
    target: str = ""
    since: float | None = None
    until: float | None = None


class Entry(NamedTuple):
    """Who did what, or was refused it, from where and when."""

    id: str
    admin: str
    ip: str
    action: str
    target: str
    details: dict[str, Any]
    created_at: float


class AuditLog:
    """Entries are kept `retention` seconds; 0: for ever. Reading raises DatabaseAway, StatementTimeout."""

    def __init__(self, database: Database, *, retention: float, clock: Callable[[], float] = time.time) -> None:
        self._retention = retention
        self._clock = clock
        self._due_at = 0.0
        self._page = database.query("admin_actions_page")
        self._recent_actions = database.query("recent_admin_actions")
        self._remove_old = database.query("remove_old_admin_actions")

    async def page(self, search: Search, *, before: str | None, limit: int) -> list[Entry]:
        """Newest first, those that come after the entry with the id `before`, without one the newest."""
        rows = await self._page(**search._asdict(), before=before, limit=limit)
        return [Entry(*row) for row in rows]

    async def all(self, search: Search) -> AsyncIterator[list[Entry]]:
        """Everything that is found, in batches; the first comes also where it is empty."""
        before = None
        while True:
            entries = await self.page(search, before=before, limit=_BATCH)
            yield entries
            if len(entries) < _BATCH:
                return
            before = entries[-1].id

    async def actions(self) -> list[str]:
        """What was done lately, each kind once."""
        return [row.action for row in await self._recent_actions()]

    async def clean_up(self) -> None:
        """Removes entries past their retention. PostgreSQL is asked only when the oldest is due."""
        now = self._clock()
        if not self._retention or now < self._due_at:
            return
        removed = 0
        while removed % CLEAN_UP_ROWS == 0:
            [row] = await self._remove_old(before=now - self._retention, limit=CLEAN_UP_ROWS)
            removed += row.removed
            if not row.removed:
                break
        self._due_at = (row.oldest_at or now) + self._retention
        if removed:
            logger.info("clean-up: removed %(removed)d entries of the audit log", {"removed": removed})
