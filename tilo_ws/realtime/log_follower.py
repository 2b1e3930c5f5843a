"""Follows the log that joins servers: every record once, in order, and none left out that can still be found."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from tilo_ws.protocol.log import Beginning, Position, Record, decode_records
from tilo_ws.realtime.kept_log import KeptLog
from tilo_ws.realtime.redis_link import RedisAway, RedisLink, end

logger = logging.getLogger(__name__)


class LogFollower:
    """Hands records to `apply`, as they are published or else from the stream.

    `fill` is called before a record between which and the one before something may be missing that the stream no longer has.
    """

    def __init__(
        self,
        link: RedisLink,
        log: KeptLog,
        *,
        apply: Callable[[Record], None],
        fill: Callable[[Record], Awaitable[None]],
    ) -> None:
        self._link = link
        self._apply = apply
        self._fill = fill
        self._log = log
        self._catching_up: asyncio.Task[None] | None = None
        self._more = False
        self._expected: Position = (0, 0)
        self._joined = False
        self.position: Position = (0, 0)
        self.caught_up = False
        link.follow("log", self._published)
        link.when_subscribed(self._catch_up_soon)

    async def join(self) -> None:
        """Follows from `position` on. Returns when all that there is has been applied, or Redis is away again."""
        self._joined = True
        self._catch_up_soon()
        assert self._catching_up is not None
        await asyncio.wait([self._catching_up])

    async def close(self) -> None:
        """Follows no more."""
        self._joined = False
        if self._catching_up is not None:
            await end(self._catching_up)

    def must_reach(self, position: Position) -> None:
        """Takes the log's end as it was a moment ago; where that of the last call is not reached, something is wrong."""
        if self._joined and self._catching_up is None and self.position < self._expected and not self._link.away:
            self._link.resubscribe(f"what was published {self._expected} did not come")
        self._expected = position

    def _published(self, data: bytes) -> None:
        if not self._joined:
            return
        if self._catching_up is not None:
            self._more = True
            return
        try:
            records = decode_records(data)
        except msgspec.ValidationError:  # something of a newer version is among them
            self._catch_up_soon()
            return
        for record in records:
            if record.position <= self.position:
                continue
            if not self._follows(record):
                self._catch_up_soon()
                return
            self._take(record)

    def _follows(self, record: Record) -> bool:
        return record.previous == self.position and not isinstance(record.entry, Beginning)

    def _take(self, record: Record) -> None:
        self.position = record.position
        try:
            self._apply(record)
        except Exception:
            seq, count = self.position
            logger.exception("what was said at %(seq)d-%(count)d could not be handled", {"seq": seq, "count": count})

    def _catch_up_soon(self) -> None:
        self._more = True
        if self._joined and self._catching_up is None:
            self.caught_up = False
            self._catching_up = asyncio.create_task(self._catch_up(), name="catching up with the log")
            self._catching_up.add_done_callback(self._caught_up)

    async def _catch_up(self) -> None:
        while self._more:
            self._more = False
            async for record in self._log.records("({}-{}".format(*self.position)):
                if not self._follows(record):
                    await self._fill(record)
                self._take(record)
        self.caught_up = True

    def _caught_up(self, task: "asyncio.Task[None]") -> None:
        self._catching_up = None
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, RedisAway):
            logger.error("catching up with the log failed", exc_info=error)
            self._link.resubscribe("the log could not be read")
        elif self._more and not self._link.away:  # since the stream has answered
            self._catch_up_soon()
