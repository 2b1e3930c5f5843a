"""Recurring events: each occurrence is one event, at its time, whatever happens to the server meanwhile."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Sql
from tests.fakes import FakeClock, tell_nobody
from tilo_ws.protocol.codes import CommandError
from tilo_ws.services.events import Events
from tilo_ws.services.recurring_events import RecurringEvent, RecurringEvents, UnknownRecurringEvent
from tilo_ws.storage.database import Database

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()
HOUR = 3600
FIELDS: dict[str, Any] = {
    "name": "Happy hour",
    "type": "score_multiplier",
    "value": "2",
    "duration": HOUR,
    "cron": "0 20 * * *",
    "timezone": "UTC",
    "enabled": True,
}


class Server:
    """Events and recurring events of one server, on a clock that several can share."""

    def __init__(self, database: Database, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        if clock is None:
            self.clock.now = NOON
        self.events = Events(database, lambda frame: None, tell_nobody, self.clock)
        self.recurring = RecurringEvents(database, self.events, tell_nobody, self.clock)

    async def load(self) -> "Server":
        await self.events.load()
        await self.recurring.load()
        return self

    async def add(self, **fields: Any) -> RecurringEvent:
        recurring = self.recurring.check(**FIELDS | fields)
        await self.recurring.create(recurring)
        return recurring

    async def at(self, hours: float) -> list[str]:
        """Lets it be so many hours after noon; returns the active events by their ends."""
        self.clock.now = NOON + hours * HOUR
        await self.recurring.start_due()
        return [f"{event.value} until {(event.expires_at - NOON) / HOUR:g}" for event in self.events.all()]


@pytest.fixture
def server(database: Database) -> Server:
    return Server(database)


async def test_each_occurrence_becomes_an_event_at_its_time(server: Server) -> None:
    await server.add()
    assert await server.at(7.999) == []
    assert await server.at(8) == ["2 until 9"]
    assert await server.at(8.9) == ["2 until 9"]
    assert await server.at(9) == []
    assert await server.at(32) == ["2 until 33"]


async def test_an_occurrence_is_one_event_over_a_restart_and_two_servers(server: Server, database: Database, sql: Sql) -> None:
    await server.add()
    other = await Server(database, server.clock).load()
    assert await server.at(8) == await other.at(8) == ["2 until 9"]
    restarted = await Server(database, server.clock).load()
    assert await restarted.at(8.1) == ["2 until 9"]
    assert server.events.all() == other.events.all() == restarted.events.all()
    assert sql("SELECT count(*) FROM global_events") == [(1,)]


async def test_after_a_downtime_what_should_run_is_started_for_its_rest_and_what_is_over_is_not(
    server: Server, database: Database, sql: Sql
) -> None:
    await server.add()
    server.clock.now = NOON + (24 + 24 + 8.5) * HOUR
    restarted = await Server(database, server.clock).load()
    assert await restarted.at(56.5) == ["2 until 57"]
    assert sql("SELECT extract(epoch FROM starts_at)::int FROM global_events") == [(NOON + 56 * HOUR,)]
    server.clock.now = NOON + 100 * HOUR
    again = await Server(database, server.clock).load()
    assert await again.at(100) == []
    assert sql("SELECT count(*) FROM global_events") == [(1,)]


async def test_of_a_day_made_short_by_the_clocks_only_the_running_occurrence_is_started(server: Server, sql: Sql) -> None:
    server.clock.now = datetime(2026, 3, 28, 18, tzinfo=UTC).timestamp()
    await server.add(timezone="Europe/Berlin", duration=24 * HOUR)
    server.clock.now += 24.5 * HOUR  # 20:30 there; the one of the day before would have lasted until 21:00
    await server.recurring.start_due()
    assert sql("SELECT to_char(starts_at AT TIME ZONE 'UTC', 'DD HH24') FROM global_events") == [("29 18",)]


async def test_what_was_ended_early_is_not_started_again(server: Server, database: Database) -> None:
    await server.add()
    await server.at(8)
    server.clock.now += 60
    await server.events.end(server.events.all()[0].id)
    assert await server.at(8.5) == []
    assert await (await Server(database, server.clock).load()).at(8.6) == []
    assert await server.at(32) == ["2 until 33"]


async def test_one_that_is_added_while_it_would_run_begins_with_the_next(server: Server) -> None:
    server.clock.now = NOON + 8.5 * HOUR
    await server.add()
    assert await server.at(8.6) == []
    assert await server.at(32) == ["2 until 33"]


async def test_disabled_it_waits_and_enabled_it_begins_with_the_next(server: Server, database: Database) -> None:
    recurring = await server.add()
    await server.recurring.switch(recurring.id, False)
    assert await server.at(8) == []
    assert await (await Server(database, server.clock).load()).at(8.1) == []
    await server.recurring.switch(recurring.id, True)
    assert await server.at(8.2) == []
    assert await server.at(32) == ["2 until 33"]


async def test_removed_it_comes_no_more_and_what_runs_goes_on(server: Server, sql: Sql) -> None:
    recurring = await server.add()
    await server.at(8)
    await server.recurring.remove(recurring.id)
    assert await server.at(8.5) == ["2 until 9"]
    assert await server.at(32) == []
    assert sql("SELECT * FROM recurring_events") == []


async def test_a_change_counts_from_the_next_occurrence(server: Server, database: Database) -> None:
    recurring = await server.add()
    await server.at(8)
    await server.recurring.change(server.recurring.check(**FIELDS | {"value": "5", "duration": 2 * HOUR}, id=recurring.id))
    assert await server.at(8.5) == ["2 until 9"]
    assert await server.at(32) == ["5 until 34"]
    assert (await Server(database, server.clock).load()).recurring.all() == server.recurring.all()


async def test_a_database_that_is_away_delays_the_start(
    server: Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.add()

    async def away(**parameters: object) -> list[Any]:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(server.recurring, "_start", away)
        with pytest.raises(ConnectionError):
            await server.at(8)
    assert await server.at(8.5) == ["2 until 9"]


async def test_one_that_cannot_be_read_any_more_does_not_stop_the_others(server: Server, database: Database, sql: Sql) -> None:
    await server.add(name="good")
    await server.add(name="bad")
    sql("UPDATE recurring_events SET timezone = 'Mars/Olympus' WHERE name = 'bad'")
    assert await (await Server(database, server.clock).load()).at(8) == ["2 until 9"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": " "}, "name"),
        ({"type": "x" * 65}, "type"),
        ({"value": ""}, "value"),
        ({"duration": 0}, "duration"),
        ({"duration": 367 * 24 * HOUR}, "duration"),
        ({"duration": 24 * HOUR + 1}, "duration"),
        ({"cron": "0 25 * * *"}, "cron"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], named: str, server: Server) -> None:
    with pytest.raises(CommandError, match=f"^{named}: "):
        server.recurring.check(**FIELDS | fields)


async def test_one_that_is_not_there_cannot_be_changed(server: Server) -> None:
    for change in (
        server.recurring.switch(uuid4(), True),
        server.recurring.remove(uuid4()),
        server.recurring.change(server.recurring.check(**FIELDS)),
    ):
        with pytest.raises(UnknownRecurringEvent):
            await change
