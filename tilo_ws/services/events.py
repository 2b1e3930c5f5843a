"""Global events, such as a score multiplier: from a start to an end, shown to every player while they last."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import msgspec

from tilo_ws.protocol import pushes
from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.commands import GetEvents
from tilo_ws.protocol.text import clean
from tilo_ws.realtime.connection import Connection
from tilo_ws.storage.database import Database

logger = logging.getLogger(__name__)

MAX_TYPE_LENGTH = 64
MAX_VALUE_LENGTH = 200
LATEST_END = 253_402_300_799.0
"""The last second of the year 9999, in seconds since 1970: what four digits of a year can say."""


class GlobalEvent(msgspec.Struct, frozen=True):
    """An event. Times are in whole seconds since 1970."""

    id: UUID
    type: str
    value: str
    starts_at: float
    expires_at: float

    def is_active(self, now: float) -> bool:
        """Whether players see it at this time."""
        return self.starts_at <= now < self.expires_at


class UnknownEvent(Exception):
    """There is no such event, or it is over."""


class Events:
    """Planned and active events. `broadcast` takes a frame for everybody; `clock` gives seconds since 1970."""

    def __init__(self, database: Database, broadcast: Callable[[bytes], None], clock: Callable[[], float] = time.time) -> None:
        self._broadcast = broadcast
        self._clock = clock
        self._current = database.query("current_events")
        self._store = database.query("store_event")
        self._remove = database.query("remove_event")
        self._remove_expired = database.query("remove_expired_events")
        self._events: dict[UUID, GlobalEvent] = {}
        self._shown: list[GlobalEvent] | None = []
        # Between reading an event and storing its change nobody else may change it.
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Reads the events that are not over from PostgreSQL."""
        rows = await self._current(now=self._clock())
        self._events = {row.id: GlobalEvent(*row) for row in rows}
        self._shown = self._active()

    def get(self, connection: Connection, command: GetEvents) -> None:
        """Handles GetEvents."""
        connection.reply(pushes.global_events(self._for_players(), command.ref))

    def frame(self) -> bytes:
        """What somebody who connects hears."""
        if self._active() != self._shown:
            self._shown = None  # not everybody has heard the same: the next announcement is due, whatever is active then
        return pushes.global_events(self._for_players())

    def all(self) -> list[GlobalEvent]:
        """Active and planned events, by start."""
        now = self._clock()
        lasting = [event for event in self._events.values() if event.expires_at > now]
        return sorted(lasting, key=lambda event: (event.starts_at, event.id))

    async def create(self, *, type: str, value: str, starts_at: float | None, expires_at: float) -> GlobalEvent:
        """Stores and, when its time has come, shows an event; without `starts_at` it starts now. Raises CommandError."""
        start = self._clock() if starts_at is None else starts_at
        event = _checked(GlobalEvent(uuid4(), type, value, start, expires_at), self._clock())
        async with self._changing:
            await self._keep(event)
        return event

    async def change(self, id: UUID, **changes: object) -> GlobalEvent:
        """Replaces fields of an event. Raises UnknownEvent, CommandError."""
        async with self._changing:
            event = _checked(msgspec.structs.replace(self._find(id), **changes), self._clock())
            await self._keep(event)
        return event

    async def end(self, id: UUID) -> GlobalEvent:
        """Ends an event, or withdraws one that is planned. Raises UnknownEvent."""
        async with self._changing:
            event = self._find(id)
            await self._remove(id=id)
            del self._events[id]
        self.announce()
        return event

    def announce(self) -> None:
        """Tells everybody when what is active is not what was told last: call it at least twice a second."""
        active = self._active()
        if active != self._shown:
            self._shown = active
            self._broadcast(pushes.global_events(self._for_players()))

    async def clean_up(self) -> None:
        """Removes events that are over. PostgreSQL is asked only when there is one."""
        async with self._changing:
            now = self._clock()
            over = [event.id for event in self._events.values() if event.expires_at <= now]
            if not over:
                return
            await self._remove_expired(now=now)
            for id in over:
                del self._events[id]
        logger.info("clean-up: removed %d expired events", len(over))

    async def _keep(self, event: GlobalEvent) -> None:
        await self._store(**msgspec.structs.asdict(event))
        self._events[event.id] = event
        self.announce()

    def _find(self, id: UUID) -> GlobalEvent:
        event = self._events.get(id)
        if event is None or event.expires_at <= self._clock():
            raise UnknownEvent
        return event

    def _active(self) -> list[GlobalEvent]:
        now = self._clock()
        return [event for event in self.all() if event.is_active(now)]

    def _for_players(self) -> list[pushes.Event]:
        return [pushes.Event(event.type, event.value, utc_text(event.expires_at), event.id) for event in self._active()]


def event_fields(event: GlobalEvent, now: float) -> dict[str, str | bool]:
    """An event as game back ends and the dashboard see it."""
    return {
        "id": str(event.id),
        "type": event.type,
        "value": event.value,
        "starts_at": utc_text(event.starts_at),
        "expires_at": utc_text(event.expires_at),
        "active": event.is_active(now),
    }


def _checked(event: GlobalEvent, now: float) -> GlobalEvent:
    """The event with clean texts and whole seconds; its end is rounded up, as players hear it. Raises CommandError."""
    if not math.isfinite(event.starts_at) or not 0 <= event.starts_at <= LATEST_END:
        raise CommandError(ErrorCode.INVALID_FIELD, "starts_at: must be a time before the year 10000")
    if not math.isfinite(event.expires_at) or not now < event.expires_at <= LATEST_END:
        raise CommandError(ErrorCode.INVALID_FIELD, "expires_at: must be a time to come, before the year 10000")
    if event.expires_at <= event.starts_at:
        raise CommandError(ErrorCode.INVALID_FIELD, "expires_at: must be later than starts_at")
    return GlobalEvent(
        event.id,
        clean("type", event.type, MAX_TYPE_LENGTH),
        clean("value", event.value, MAX_VALUE_LENGTH),
        float(math.floor(event.starts_at)),
        float(math.ceil(event.expires_at)),
    )
