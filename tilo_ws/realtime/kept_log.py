"""What Redis has kept of the log that joins servers: read, and trimmed."""

import logging
from collections.abc import AsyncIterator, Collection
from typing import NamedTuple

import msgspec

from tilo_ws.protocol.chat_message import ChatMessage
from tilo_ws.protocol.log import Entry, Position, Record, Retraction, SaidChat, ToldNotice, decode_record
from tilo_ws.realtime.redis_link import RedisLink

logger = logging.getLogger(__name__)

KEPT_NUMBERS = 1_000
"""Chat numbers of which the log is kept, stored or not: for servers that were away for a moment."""

MAX_RECORDS = 200_000
"""Records at most, so that a long outage of the database cannot fill Redis."""

_RECORDS_AT_ONCE = 500


class Kept(NamedTuple):
    """A chat message in the log, as it is by now, and the server that stores it."""

    message: ChatMessage
    origin: str


class KeptLog:
    """The stream. All of it raises RedisAway."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._key = link.key("log")

    async def records(self, first: str = "-", last: str = "+") -> AsyncIterator[Record]:
        """From one id to another; `(` before the first leaves that one out."""
        while True:
            rows = await self._link.command("XRANGE", self._key, first, last, "COUNT", _RECORDS_AT_ONCE)
            for _, fields in rows:
                yield decode_record(fields[b"r"])
            if len(rows) < _RECORDS_AT_ONCE:
                return
            first = "(" + rows[-1][0].decode()

    async def messages(self, least: int = 0) -> tuple[list[Kept], Position | None]:
        """The chat with this number and higher ones, and where the log ends, if there is any."""
        kept: dict[int, Kept] = {}
        end = None
        async for record in self.records(f"{least}-0"):
            end = record.position
            entry = record.entry
            if isinstance(entry, SaidChat):
                kept[record.seq] = Kept(entry.draft.numbered(record.seq), entry.origin)
            elif isinstance(entry, Retraction) and entry.seq in kept:
                message, origin = kept[entry.seq]
                kept[entry.seq] = Kept(message.deleted(entry.at), origin)
        return list(kept.values()), end

    async def message(self, seq: int) -> ChatMessage | None:
        """The one with this number, as it was said."""
        async for record in self.records(f"{seq}-0", f"{seq}-0"):
            if isinstance(record.entry, SaidChat):
                return record.entry.draft.numbered(seq)
        return None

    async def purge(self, emails: Collection[str]) -> None:
        """Removes the chat of these players and notices that name them: for who reads on from before, PostgreSQL has it."""
        names = [msgspec.msgpack.encode(email) for email in emails]

        def concerns_them(entry: Entry) -> bool:
            if isinstance(entry, SaidChat):
                return entry.draft.email in emails
            return isinstance(entry, ToldNotice) and any(name in entry.content for name in names)

        ids = [f"{record.seq}-{record.count}" async for record in self.records() if concerns_them(record.entry)]
        for first in range(0, len(ids), _RECORDS_AT_ONCE):
            await self._link.command("XDEL", self._key, *ids[first : first + _RECORDS_AT_ONCE])

    async def trim(self, stored_below: int, last_seq: int) -> None:
        """Removes what is stored, all below this number, and no longer new."""
        least = min(stored_below, last_seq - KEPT_NUMBERS)
        if least > 0:
            await self._link.command("XTRIM", self._key, "MINID", f"{least}-0")
        if await self._link.command("XLEN", self._key) > MAX_RECORDS:
            removed = await self._link.command("XTRIM", self._key, "MAXLEN", MAX_RECORDS)
            fields = {"removed": removed}
            logger.error("the log in Redis is too long: %(removed)d records are removed that may not be stored", fields)
