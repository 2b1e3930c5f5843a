"""Global events: shown from start to end, told on every change, kept in PostgreSQL."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Sql
from tests.fakes import FakeClock, tell_nobody
from tests.frames import payload
from tilo_ws.protocol.codes import CommandError
from tilo_ws.services.events import Events, UnknownEvent
from tilo_ws.storage.database import Database

DAY = 86_400


class Show:
    """Events on a clock of the test, and what players were told."""

    def __init__(self, database: Database) -> None:
        self.clock = FakeClock()
        self.frames: list[bytes] = []
        self.events = Events(database, self.frames.append, tell_nobody, self.clock)

    def told(self) -> list[list[str]]:
        """For each frame the values of its events."""
        return [[event["value"] for event in json.loads(payload(frame))["events"]] for frame in self.frames]

    async def create(self, value: str = "2", **times: Any) -> Any:
        times.setdefault("expires_at", self.clock.now + 60)
        return await self.events.create(type="score_multiplier", value=value, **({"starts_at": None} | times))


@pytest.fixture
def show(database: Database) -> Show:
    return Show(database)


async def test_an_event_is_told_when_it_starts_changes_and_ends(show: Show) -> None:
    event = await show.create("2")
    await show.events.change(event.id, value="3")
    await show.events.end(event.id)
    assert show.told() == [["2"], ["3"], []]


async def test_an_event_is_told_when_it_expires(show: Show) -> None:
    await show.create(expires_at=show.clock.now + 60)
    show.clock.now += 59.9
    show.events.announce()
    show.clock.now += 0.1
    assert show.events.all() == [], "over, though not cleaned up yet"
    show.events.announce()
    show.events.announce()
    assert show.told() == [["2"], []]


async def test_a_planned_event_is_told_when_its_time_has_come(show: Show) -> None:
    await show.create(starts_at=show.clock.now + 10)
    assert show.told() == []
    show.clock.now += 10
    show.events.announce()
    assert show.told() == [["2"]]


async def test_events_survive_a_restart(show: Show, database: Database) -> None:
    event = await show.create()
    later = Events(database, show.frames.append, tell_nobody, show.clock)
    await later.load()
    assert later.all() == [event]


async def test_what_is_over_is_kept_for_30_days_and_then_removed(show: Show, sql: Sql, database: Database) -> None:
    await show.create("short", expires_at=show.clock.now + 1)
    await show.create("long", expires_at=show.clock.now + 40 * DAY)
    show.clock.now += 1 + 30 * DAY - 1
    await show.events.clean_up()
    assert [event.value for event in show.events.all()] == ["long"]
    assert [event.value for event in await show.events.past(10)] == ["short"]
    later = Events(database, show.frames.append, tell_nobody, show.clock)
    await later.load()
    show.clock.now += 1
    await later.clean_up()
    assert sql("SELECT value FROM global_events") == [("long",)]
    assert await later.past(10) == []


async def test_what_was_ended_early_is_past_with_the_time_of_its_end(show: Show, database: Database) -> None:
    event = await show.create()
    show.clock.now += 12
    await show.events.end(event.id)
    [past] = await show.events.past(10)
    assert (past.id, past.starts_at, past.expires_at) == (event.id, event.starts_at, show.clock.now)
    later = Events(database, show.frames.append, tell_nobody, show.clock)
    await later.load()
    assert later.all() == []


async def test_of_what_is_withdrawn_before_its_start_nothing_stays(show: Show, sql: Sql) -> None:
    event = await show.create(starts_at=show.clock.now + 10)
    await show.events.end(event.id)
    assert sql("SELECT * FROM global_events") == []


async def test_past_events_come_page_by_page_the_last_first(show: Show) -> None:
    for number in range(5):
        await show.create(str(number), expires_at=show.clock.now + 1 + number // 2)  # some end together
    show.clock.now += 10
    await show.create("active")
    first = await show.events.past(3)
    second = await show.events.past(3, (first[-1].expires_at, first[-1].id))
    assert sorted(event.value for event in first + second) == ["0", "1", "2", "3", "4"]
    assert [event.expires_at for event in first + second] == [1003.0, 1002.0, 1002.0, 1001.0, 1001.0]


async def test_the_preview_is_what_players_then_hear(show: Show) -> None:
    await show.create("planned", starts_at=show.clock.now + 10)
    await show.create("over by then", expires_at=show.clock.now + 15)
    wanted: dict[str, Any] = {
        "type": "m",
        "value": '<script>"\u2028" ×2',
        "starts_at": show.clock.now + 20,
        "expires_at": 1050.5,
    }
    preview = show.events.preview(**wanted)
    event = await show.events.create(**wanted)
    show.clock.now += 20
    show.events.announce()
    assert payload(show.frames[-1]) == preview.message.decode().replace("00000000-0000-0000-0000-000000000000", str(event.id))
    changed = show.events.preview(**wanted | {"value": "3"}, id=event.id)
    await show.events.change(event.id, value="3")
    assert payload(show.frames[-1]) == changed.message.decode()


async def test_the_preview_names_who_of_the_same_type_lasts_beside_it(show: Show) -> None:
    await show.create("until then", expires_at=show.clock.now + 10)
    await show.create("beside", starts_at=show.clock.now + 19)
    preview = show.events.preview(
        type="score_multiplier", value="2", starts_at=show.clock.now + 10, expires_at=show.clock.now + 20
    )
    assert [event.value for event in preview.beside] == ["beside"]
    assert show.events.preview(type="x", value="2", starts_at=None, expires_at=show.clock.now + 99).beside == []


async def test_clean_up_does_not_ask_when_nothing_is_due(show: Show, sql: Sql) -> None:
    show.clock.now = 40.0 * DAY
    await show.create()
    show.clock.now += 61
    sql("DELETE FROM global_events")
    sql("INSERT INTO global_events VALUES (gen_random_uuid(), 'x', 'expired', to_timestamp(0), to_timestamp(1))")
    await show.events.clean_up()
    assert sql("SELECT value FROM global_events") == [("expired",)]


async def test_what_is_over_or_unknown_cannot_be_changed(show: Show) -> None:
    event = await show.create(expires_at=show.clock.now + 1)
    show.clock.now += 1
    for id in (event.id, uuid4()):
        with pytest.raises(UnknownEvent):
            await show.events.change(id, value="3")
        with pytest.raises(UnknownEvent):
            await show.events.end(id)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"type": " "}, "type"),
        ({"type": "x" * 65}, "type"),
        ({"value": ""}, "value"),
        ({"value": "\0"}, "value"),
        ({"expires_at": 1_000.0}, "expires_at"),
        ({"expires_at": float("nan")}, "expires_at"),
        ({"expires_at": float("inf")}, "expires_at"),
        ({"expires_at": 1e12}, "expires_at"),
        ({"starts_at": 2_000.0, "expires_at": 2_000.0}, "expires_at"),
        ({"starts_at": -1.0}, "starts_at"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_stored(fields: dict[str, Any], named: str, show: Show, sql: Sql) -> None:
    event = {"type": "score_multiplier", "value": "2", "starts_at": None, "expires_at": 1_060.0} | fields
    with pytest.raises(CommandError, match=f"{named}: "):
        await show.events.create(**event)
    assert sql("SELECT * FROM global_events") == []
