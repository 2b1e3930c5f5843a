"""Recurring events: each occurrence becomes a global event of its own when its time has come."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from uuid import UUID, uuid4, uuid5

import msgspec

from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.recurrence import Occurrence, Recurrence
from tilo_ws.protocol.text import clean
from tilo_ws.protocol.time_zones import time_zone_names
from tilo_ws.services.events import Events
from tilo_ws.services.global_event import MAX_TYPE_LENGTH, MAX_VALUE_LENGTH, GlobalEvent
from tilo_ws.services.notices import Tell, Topic
from tilo_ws.storage.database import Database

logger = logging.getLogger(__name__)

MAX_NAME_LENGTH = 64
MAX_DURATION = 366 * 86_400


class RecurringEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What comes again: `duration` is in seconds. Occurrences up to `due_after`, seconds since 1970, are not to be started."""

    id: UUID
    name: str
    type: str
    value: str
    duration: int
    cron: str
    timezone: str
    enabled: bool
    due_after: float


class UnknownRecurringEvent(Exception):
    """There is none of this id."""


class RecurringEvents:
    """They live in PostgreSQL; here is a copy, and when each is due next. `clock` gives seconds since 1970.

    After a change `tell` has other servers `load` them.
    """

    def __init__(self, database: Database, events: Events, tell: Tell, clock: Callable[[], float] = time.time) -> None:
        self._events = events
        self._tell = tell
        self._clock = clock
        self._read = database.query("recurring_events")
        self._store = database.query("store_recurring_event")
        self._remove = database.query("remove_recurring_event")
        self._start = database.query("start_occurrence")
        self._recurring: dict[UUID, RecurringEvent] = {}
        self._next: dict[UUID, float] = {}
        # Between reading one and storing its change nobody else may change it.
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Reads them from PostgreSQL."""
        await asyncio.to_thread(time_zone_names)  # reads hundreds of files, once
        async with self._changing:
            await self._take_over()

    def all(self) -> list[RecurringEvent]:
        """By name."""
        return sorted(self._recurring.values(), key=lambda recurring: (recurring.name.casefold(), recurring.id))

    def find(self, id: UUID) -> RecurringEvent:
        """Raises UnknownRecurringEvent."""
        try:
            return self._recurring[id]
        except KeyError:
            raise UnknownRecurringEvent from None

    def check(
        self,
        *,
        name: str,
        type: str,
        value: str,
        duration: int,
        cron: str,
        timezone: str,
        enabled: bool,
        id: UUID | None = None,
    ) -> RecurringEvent:
        """As it would be stored, from now on. Raises CommandError. It can take long: call it on a thread of its own."""
        now = self._clock()
        if not 0 < duration <= MAX_DURATION:
            raise CommandError(ErrorCode.INVALID_FIELD, "duration: must be from 1 second to 366 days")
        recurrence = Recurrence(cron, timezone, now)
        recurrence.check_length(duration, now)
        return RecurringEvent(
            id=id or uuid4(),
            name=clean("name", name, MAX_NAME_LENGTH),
            type=clean("type", type, MAX_TYPE_LENGTH),
            value=clean("value", value, MAX_VALUE_LENGTH),
            duration=duration,
            cron=recurrence.cron,
            timezone=timezone,
            enabled=enabled,
            due_after=now,
        )

    async def create(self, recurring: RecurringEvent) -> None:
        """Stores one that `check` has made; its first occurrence is the next one that begins."""
        async with self._changing:
            await self._save(recurring)

    async def change(self, recurring: RecurringEvent) -> None:
        """Replaces the one of the same id; what runs already goes on as it began. Raises UnknownRecurringEvent."""
        async with self._changing:
            await self._take_over()
            self.find(recurring.id)
            await self._save(recurring)

    async def switch(self, id: UUID, enabled: bool) -> RecurringEvent:
        """Lets one start occurrences, from the next on, or not; what runs already goes on. Raises UnknownRecurringEvent."""
        async with self._changing:
            await self._take_over()
            recurring = msgspec.structs.replace(self.find(id), enabled=enabled, due_after=self._clock())
            await self._save(recurring)
        return recurring

    async def remove(self, id: UUID) -> RecurringEvent:
        """What runs already goes on. Raises UnknownRecurringEvent."""
        async with self._changing:
            recurring = self.find(id)
            await self._remove(id=id)
            del self._recurring[id]
            del self._next[id]
        self._tell(Topic.RECURRING_EVENTS, b"")
        return recurring

    async def start_due(self) -> None:
        """Starts what is due: call it at least once a second. PostgreSQL is asked only when something is."""
        now = self._clock()
        for id in [id for id, start in self._next.items() if start <= now]:
            async with self._changing:
                if id in self._recurring:
                    await self._start_running(self._recurring[id], now)

    async def _start_running(self, recurring: RecurringEvent, now: float) -> None:
        """After a downtime this is what should run by now, for its rest; what is over is not made up for."""
        recurrence = Recurrence(recurring.cron, recurring.timezone, now)
        for occurrence in recurrence.occurrences(recurring.duration, now - recurring.duration):
            if occurrence.starts_at > now:
                break
            if occurrence.expires_at > now:
                await self._start_one(recurring, occurrence)
                recurring = msgspec.structs.replace(recurring, due_after=occurrence.starts_at)
        self._recurring[recurring.id] = recurring
        self._next[recurring.id] = next(recurrence.after(now), math.inf)

    async def _start_one(self, recurring: RecurringEvent, occurrence: Occurrence) -> None:
        [row] = await self._start(
            id=occurrence_id(recurring.id, occurrence.starts_at),
            recurring_id=recurring.id,
            type=recurring.type,
            value=recurring.value,
            starts_at=occurrence.starts_at,
            expires_at=occurrence.expires_at,
        )
        event = GlobalEvent(*row)
        await self._events.adopt(event)
        fields = {"name": recurring.name, "id": event.id, "type": event.type, "expires_at": utc_text(event.expires_at)}
        logger.info("recurring event %(name)r has started %(id)s %(type)r until %(expires_at)s", fields)

    async def _save(self, recurring: RecurringEvent) -> None:
        await self._store(**msgspec.structs.asdict(recurring))
        self._keep(recurring)
        self._tell(Topic.RECURRING_EVENTS, b"")

    async def _take_over(self) -> None:
        """Before a change too: another server may just have changed the same one."""
        rows = await self._read()
        self._recurring, self._next = {}, {}
        for row in rows:
            self._keep(msgspec.convert(row._asdict(), RecurringEvent))

    def _keep(self, recurring: RecurringEvent) -> None:
        self._recurring[recurring.id] = recurring
        self._next[recurring.id] = self._first_due(recurring) if recurring.enabled else math.inf

    def _first_due(self, recurring: RecurringEvent) -> float:
        now = self._clock()
        after = max(recurring.due_after, now - recurring.duration)
        try:
            return next(Recurrence(recurring.cron, recurring.timezone, now).after(after), math.inf)
        except CommandError as error:  # another version's zones and expressions: the others shall run
            fields = {"name": recurring.name, "reason": error.message}
            logger.error("recurring event %(name)r cannot run: %(reason)s", fields)
            return math.inf


def occurrence_id(recurring_id: UUID, starts_at: float) -> UUID:
    """Always the same for one occurrence, so that restarts and several servers make one event of it."""
    return uuid5(recurring_id, utc_text(starts_at))
