"""Looking back through the stored chat, a page at a time, without being felt by those who play."""

import asyncio
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from tilo_ws.protocol.chat_message import ChatMessage
from tilo_ws.storage.database import Database

TIME_LIMIT = 2.0
"""Seconds for a page. What is rare in a long chat takes longer: then a shorter time has to be asked for."""

_SEARCHES_AT_ONCE = 2
"""So that impatient admins leave connections of the pool to those who play."""

_HIGHEST_ID = UUID(int=2**128 - 1)
_LOWEST_ID = UUID(int=0)


class Position(NamedTuple):
    """A place in the chat by time, in seconds since 1970, and message: the next page begins below it."""

    created_at: float
    id: UUID


class Criteria(NamedTuple):
    """What is looked for; empty is everything. Times are in seconds since 1970, `until` is not part of it.

    `text` stands in the message, `player` in the nickname or the e-mail address, both whatever their case.
    """

    text: str = ""
    player: str = ""
    since: float | None = None
    until: float | None = None
    before: Position | None = None

    def fits(self, message: ChatMessage) -> bool:
        """Whether a message that was just said would be found."""
        names = f"{message.nickname}\0{message.email or ''}".lower()
        is_in_time = self.before is None and self.until is None and message.created_at >= (self.since or 0)
        return is_in_time and self.text.lower() in message.message.lower() and self.player.lower() in names

    def last_position(self) -> Position | None:
        """What is found lies below; None is no limit."""
        until = None if self.until is None else Position(self.until, _LOWEST_ID)
        return min((place for place in (until, self.before) if place is not None), default=None)


class Found(NamedTuple):
    """A page of messages, newest first; `shadow` are the ids of those that only their player has seen."""

    messages: list[ChatMessage]
    shadow: frozenset[UUID]
    has_more: bool


class ChatSearch:
    """Searches what is stored: in an outage of the database nothing, and a message a moment after it was said."""

    def __init__(self, database: Database) -> None:
        self._search = database.query("search_chat", time_limit=TIME_LIMIT)
        self._turns = asyncio.Semaphore(_SEARCHES_AT_ONCE)

    async def find(self, criteria: Criteria, limit: int) -> Found:
        """Raises DatabaseAway; StatementTimeout where it would take longer than `TIME_LIMIT`."""
        place = criteria.last_position()
        async with self._turns:
            rows = await self._search(
                text=criteria.text,
                player=criteria.player,
                since="-infinity" if criteria.since is None else _timestamp(criteria.since),
                before="infinity" if place is None else _timestamp(place.created_at),
                before_id=str(_HIGHEST_ID if place is None else place.id),
                limit=limit + 1,
            )
        shown = rows[:limit]
        messages = [ChatMessage(*row[:-1]) for row in shown]
        return Found(messages, frozenset(row.id for row in shown if row.is_shadow), len(rows) > limit)


def _timestamp(seconds: float) -> str:
    """To the microsecond, as PostgreSQL keeps it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
