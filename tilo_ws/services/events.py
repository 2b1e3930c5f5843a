"""Global events, such as a score multiplier: from a start to an end, shown to every player while they last."""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec

from tilo_ws.protocol import pushes
from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.protocol.commands import GetEvents
from tilo_ws.realtime.connection import Connection
from tilo_ws.services.global_event import GlobalEvent, checked, in_order, overlap
from tilo_ws.services.notices import Tell, Topic
from tilo_ws.storage.database import Database

logger = logging.getLogger(__name__)

KEPT_SECONDS = 30 * 86_400.0
"""How long an event stays in the table after its end, to be looked up and started again. Players and the API see none of it."""


class Preview(NamedTuple):
    """An event before it is stored, the JSON that players hear when it starts, and who of its type lasts beside it."""

    event: GlobalEvent
    message: bytes
    beside: list[GlobalEvent]


class UnknownEvent(Exception):
    """There is no such event, or it is over."""


class Events:
    """Planned, active and past events. `broadcast` takes a frame for everybody; `clock` gives seconds since 1970.

    After a change `tell` has other servers `load` them.
    """

    def __init__(
        self,
        database: Database,
        broadcast: Callable[[bytes], None],
        tell: Tell,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._broadcast = broadcast
        self._tell = tell
        self._clock = clock
        self._current = database.query("current_events")
        self._store = database.query("store_event")
        self._remove = database.query("remove_event")
        self._past = database.query("past_events")
        self._oldest = database.query("oldest_event_end")
        self._remove_expired = database.query("remove_expired_events")
        self._events: dict[UUID, GlobalEvent] = {}
        self._shown: list[GlobalEvent] | None = []
        self._oldest_end = math.inf
        # Between reading an event and storing its change nobody else may change it.
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Reads the events that are not over from PostgreSQL, and announces what that changes."""
        async with self._changing:
            await self._read()
            await self._find_oldest()
        self.announce()

    def get(self, connection: Connection, command: GetEvents) -> None:
        """Handles GetEvents."""
        connection.reply(pushes.global_events(_for_players(self._active()), command.ref))

    def frame(self) -> bytes:
        """What somebody who connects hears."""
        if self._active() != self._shown:
            self._shown = None  # not everybody has heard the same: the next announcement is due, whatever is active then
        return pushes.global_events(_for_players(self._active()))

    def all(self) -> list[GlobalEvent]:
        """Active and planned events, by start."""
        now = self._clock()
        return in_order(event for event in self._events.values() if event.expires_at > now)

    async def past(self, limit: int, before: tuple[float, UUID] | None = None) -> list[GlobalEvent]:
        """What is over, the last first; `before` is the end and id of the last one that is known."""
        end, id = before or (self._clock(), UUID(int=2**128 - 1))
        return [GlobalEvent(*row) for row in await self._past(before=end, before_id=id, limit=limit)]

    def preview(self, *, type: str, value: str, starts_at: float | None, expires_at: float, id: UUID | None = None) -> Preview:
        """What `create`, or `change` where there is an `id`, would make; an id that is not made yet is all zeros.

        Raises CommandError.
        """
        now = self._clock()
        event = checked(GlobalEvent(id or UUID(int=0), type, value, now if starts_at is None else starts_at, expires_at), now)
        at = max(now, event.starts_at)
        heard = in_order([event, *(other for other in self.all() if other.id != event.id and other.is_active(at))])
        return Preview(event, pushes.global_events_json(_for_players(heard)), self.beside(event))

    def beside(self, event: GlobalEvent) -> list[GlobalEvent]:
        """The others of the same type that last at the same time for a while."""
        return [other for other in self.all() if other.id != event.id and other.type == event.type and overlap(other, event)]

    async def create(self, *, type: str, value: str, starts_at: float | None, expires_at: float) -> GlobalEvent:
        """Stores and, when its time has come, shows an event; without `starts_at` it starts now. Raises CommandError."""
        start = self._clock() if starts_at is None else starts_at
        event = checked(GlobalEvent(uuid4(), type, value, start, expires_at), self._clock())
        async with self._changing:
            await self._keep(event)
        return event

    async def change(self, id: UUID, **changes: object) -> GlobalEvent:
        """Replaces fields of an event. Raises UnknownEvent, CommandError."""
        async with self._changing:
            await self._read()
            event = checked(msgspec.structs.replace(self.find(id), **changes), self._clock())
            await self._keep(event)
        return event

    async def adopt(self, event: GlobalEvent) -> None:
        """Shows an event that was stored elsewhere."""
        async with self._changing:
            self._show(event)

    async def end(self, id: UUID) -> GlobalEvent:
        """Ends an event, or withdraws one that is planned, of which nothing stays. Raises UnknownEvent."""
        async with self._changing:
            await self._read()
            event, now = self.find(id), self._clock()
            if event.starts_at < now:
                event = msgspec.structs.replace(event, expires_at=now)
                await self._store(**msgspec.structs.asdict(event))
                self._oldest_end = min(self._oldest_end, now)
            else:
                await self._remove(id=id)
            del self._events[id]
        self._tell(Topic.EVENTS, b"")
        self.announce()
        return event

    def announce(self) -> None:
        """Tells everybody when what is active is not what was told last: call it at least twice a second."""
        active = self._active()
        if active != self._shown:
            self._shown = active
            self._broadcast(pushes.global_events(_for_players(self._active())))

    def forget_expired(self) -> None:
        """Drops from memory those that are over."""
        now = self._clock()
        self._events = {id: event for id, event in self._events.items() if event.expires_at > now}

    async def clean_up(self) -> None:
        """Removes those from PostgreSQL that were kept long enough, and asks it only for these."""
        async with self._changing:
            now = self._clock()
            if self._oldest_end + KEPT_SECONDS > now:
                return
            removed = await self._remove_expired(before=now - KEPT_SECONDS)
            await self._find_oldest()
        logger.info("clean-up: removed %(removed)d events that ended long ago", {"removed": len(removed)})

    async def _read(self) -> None:
        """Before a change too: another server may just have changed the same event."""
        self._events = {row.id: GlobalEvent(*row) for row in await self._current(now=self._clock())}

    async def _find_oldest(self) -> None:
        [row] = await self._oldest()
        self._oldest_end = math.inf if row.expires_at is None else row.expires_at

    async def _keep(self, event: GlobalEvent) -> None:
        await self._store(**msgspec.structs.asdict(event))
        self._show(event)

    def _show(self, event: GlobalEvent) -> None:
        self._events[event.id] = event
        self._oldest_end = min(self._oldest_end, event.expires_at)
        self._tell(Topic.EVENTS, b"")
        self.announce()

    def find(self, id: UUID) -> GlobalEvent:
        """One that is active or planned. Raises UnknownEvent."""
        event = self._events.get(id)
        if event is None or event.expires_at <= self._clock():
            raise UnknownEvent
        return event

    def _active(self) -> list[GlobalEvent]:
        now = self._clock()
        return [event for event in self.all() if event.is_active(now)]


def _for_players(events: Iterable[GlobalEvent]) -> list[pushes.Event]:
    return [pushes.Event(event.type, event.value, utc_text(event.expires_at), event.id) for event in events]
