"""Events and recurring events without a browser: what their forms do, refuse and write down, and who sees them."""

import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.conftest import Outage, Sql, StartServer
from tests.web.dashboard import Visitor, logged_in, make_account, undo
from tilo_ws.services.roles import Role

EVENT = {"type": "score_multiplier", "value": "2", "start": "now", "duration": "3600", "zone": "UTC"}
LATER = {"start": "at", "starts_at": "2999-07-01T20:00", "zone": "Europe/Berlin"}
RECURRING = {
    "name": "Friday double",
    "type": "score_multiplier",
    "value": "2",
    "number": "4",
    "unit": "3600",
    "cron": "0  20 * * FRI",
    "zone": "Europe/Berlin",
    "enabled": "yes",
}


async def preview(admin: Visitor, path: str, **fields: str) -> dict[str, Any]:
    """What a page's script is answered."""
    form = {"csrf_token": await admin.token()} | fields
    async with admin.session.post(admin.url + path, data=form, headers={"Accept": "application/json"}) as response:
        answer: dict[str, Any] = await response.json()
        return answer


def actions(sql: Sql) -> list[str]:
    return [action for (action,) in sql("SELECT action FROM admin_actions WHERE action <> 'login' ORDER BY created_at")]


async def test_an_event_is_planned_in_the_admins_time_zone_and_written_down(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        _, text = await admin.post("/admin/events", **EVENT | LATER | {"duration": "other", "number": "90", "unit": "60"})
    assert "score_multiplier 2 is planned." in text
    times = "to_char(starts_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), to_char(expires_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI')"
    assert sql(f"SELECT {times} FROM global_events") == [("07-01 18:00", "07-01 19:30")]
    assert actions(sql) == ["plan_event"]
    [details] = sql("SELECT details FROM admin_actions WHERE action = 'plan_event'")[0]
    assert details["starts_at"] == "2999-07-01T18:00:00"


async def test_an_event_is_changed_and_both_states_are_written_down(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        await admin.post("/admin/events", **EVENT)
        [(id, start)] = sql("SELECT id, starts_at FROM global_events")
        _, page = await admin.get(f"/admin/events?change={id}&zone=Europe/Berlin")
        assert f'action="/admin/events/{id}/change"' in page
        _, text = await admin.post(f"/admin/events/{id}/change", **EVENT | {"value": "5", "duration": "7200"})
    assert "score_multiplier 5 is changed." in text
    [(value, kept, seconds)] = sql("SELECT value, starts_at, extract(epoch FROM expires_at - now())::int FROM global_events")
    assert (value, kept) == ("5", start), "what runs goes on as it began"
    assert 7100 < seconds <= 7200
    [details] = sql("SELECT details FROM admin_actions WHERE action = 'change_event'")[0]
    assert (details["before"]["value"], details["value"]) == ("2", "5")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"value": ""}, "value: must not be blank"),
        ({"duration": "soon"}, "duration: must be a whole number above 0"),
        ({"duration": "other", "number": "-1", "unit": "60"}, "number: must be a whole number above 0"),
        ({"duration": "until", "expires_at": "2001-01-01T00:00"}, "expires_at: must be a time to come"),
        ({"duration": "until", "expires_at": "later"}, "expires_at: must be a date and time"),
        (
            {"start": "at", "starts_at": "2997-03-26T02:30", "zone": "Europe/Berlin"},
            "starts_at: 02:30 on 26 March 2997 does not",
        ),
        ({"zone": "Mars/Olympus"}, "is no time zone"),
    ],
)
async def test_a_faulty_form_comes_back_with_what_was_typed(
    fields: dict[str, str], why: str, start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        status, text = await admin.post("/admin/events", **EVENT | {"type": "typed-by-me"} | fields)
        shown = await preview(admin, "/admin/events/preview", **EVENT | {"type": "typed-by-me"} | fields)
    assert status == 400
    assert f"Not started. {why}" in text or why in text
    assert 'value="typed-by-me"' in text
    assert why in shown["error"]
    assert sql("SELECT * FROM global_events") == []
    assert actions(sql) == []


async def test_the_preview_of_an_event_that_is_there_has_its_id_and_stores_nothing(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        await admin.post("/admin/events", **EVENT | LATER)
        [(id,)] = sql("SELECT id FROM global_events")
        shown = await preview(admin, "/admin/events/preview", **EVENT | LATER | {"value": "3", "change": str(id)})
    assert shown["message"] == (
        '{"type":"global_events","events":[{"type":"score_multiplier","value":"3",'
        f'"expires_at":"2999-07-01T19:00:00","id":"{id}"}}]}}'
    )
    assert shown["times"][0] == {"label": "Starts", "local": "Mon 1 Jul 2999, 20:00 CEST", "utc": "18:00 UTC"}
    assert sql("SELECT value FROM global_events") == [("2",)]


async def test_the_latest_end_can_be_shown_in_every_time_zone(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        until = {"duration": "until", "expires_at": "9999-12-30T23:59:59"}
        assert "has started." in (await admin.post("/admin/events", **EVENT | until))[1]
        [(id,)] = sql("SELECT id FROM global_events")
        for zone in ("Pacific/Kiritimati", "Pacific/Midway"):
            assert (await admin.get(f"/admin/events?change={id}&zone={zone}"))[0] == 200
        too_late = until | {"expires_at": "9999-12-31T23:59:59", "zone": "Pacific/Kiritimati"}
        assert "30 December 9999" in (await preview(admin, "/admin/events/preview", **EVENT | too_late))["error"]


@pytest.mark.parametrize("times", [{}, LATER])
async def test_what_was_ended_or_withdrawn_comes_back_by_undo_for_the_rest_of_its_time(
    times: dict[str, str], start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        await admin.post("/admin/events", **EVENT | times)
        [(id, *before)] = sql("SELECT id, type, value, starts_at, expires_at FROM global_events")
        _, text = await admin.post(f"/admin/events/{id}/end")
        assert sql("SELECT * FROM global_events WHERE expires_at > now()") == []
        await undo(admin, text)
    [after] = sql("SELECT type, value, starts_at, expires_at FROM global_events WHERE expires_at > now()")
    assert list(after) == before


async def test_past_events_are_listed_page_by_page_and_neither_feed_nor_api_has_them(
    start_server: StartServer, sql: Sql, api_headers: dict[str, str]
) -> None:
    sql(
        "INSERT INTO global_events"
        " SELECT gen_random_uuid(), 'm', '<i>' || n, now() - interval '2 days', now() - n * interval '1 minute'"
        " FROM generate_series(1, 25) n"
    )
    client = await start_server()
    async with logged_in(client) as admin:
        _, first = await admin.get("/admin/events")
        older = re.search(r'href="(/admin/events\?before=[^"]+)#past-title"', first)
        assert older
        _, second = await admin.get(older[1])
        feed = await admin.open_feed("events")
        assert (await feed.receive_json())["events"] == []
        for end in ("x", "nan", "-1", "1e999", "99999999999"):
            status, text = await admin.get(f"/admin/events?before={end}_00000000-0000-0000-0000-000000000000")
            assert (status, re.findall(r'past-title">m &lt;i&gt;(\d+)<', text)[:1]) == (200, ["1"])
    shown = re.findall(r'past-title">m &lt;i&gt;(\d+)<', first) + re.findall(r'past-title">m &lt;i&gt;(\d+)<', second)
    assert shown == [str(number) for number in range(1, 26)]
    assert await (await client.get("/api/v1/events", headers=api_headers)).json() == []


async def test_a_recurring_event_is_added_changed_switched_and_removed_and_all_is_written_down(
    start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        _, text = await admin.post("/admin/events/recurring", **RECURRING)
        assert "At 20:00 on Friday, Europe/Berlin" in text
        [(id, cron, duration)] = sql("SELECT id, cron, duration FROM recurring_events")
        assert (cron, duration) == ("0 20 * * FRI", 4 * 3600)
        _, page = await admin.get(f"/admin/events/recurring?change={id}")
        assert f'action="/admin/events/recurring/{id}/change"' in page
        await admin.post(f"/admin/events/recurring/{id}/change", **RECURRING | {"value": "3", "enabled": ""})
        assert sql("SELECT value, enabled FROM recurring_events") == [("3", False)]
        for action, enabled in (("enable", True), ("disable", False)):
            await admin.post(f"/admin/events/recurring/{id}/{action}")
            assert sql("SELECT enabled FROM recurring_events") == [(enabled,)]
        await admin.post(f"/admin/events/recurring/{id}/remove")
        assert sql("SELECT * FROM recurring_events") == []
        for path in (f"{id}/remove", f"{id}/enable", "x/disable", f"{id}/change"):
            assert "There is no such recurring event" in (await admin.post(f"/admin/events/recurring/{path}", **RECURRING))[1]
    verbs = ["create", "change", "enable", "disable", "remove"]
    assert actions(sql) == [f"{verb}_recurring_event" for verb in verbs]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"cron": "0 25 * * *"}, "cron: bad hour"),
        ({"cron": "0 * * * *"}, "duration: the one of"),
        ({"number": "0"}, "number: must be a whole number above 0"),
        ({"zone": "Mars/Olympus"}, "timezone: "),
        ({"value": " "}, "value: must not be blank"),
    ],
)
async def test_a_faulty_recurring_event_comes_back_with_what_was_typed(
    fields: dict[str, str], why: str, start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        status, text = await admin.post("/admin/events/recurring", **RECURRING | fields)
        shown = await preview(admin, "/admin/events/recurring/preview", **RECURRING | fields | {"name": ""})
    assert (status, "Friday double" in text) == (400, True)
    assert f"Not saved. {why}" in text
    assert shown["error"].startswith(why)
    assert sql("SELECT * FROM recurring_events") == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MODERATOR])
async def test_who_may_not_change_events_sees_them_without_forms(role: Role, start_server: StartServer) -> None:
    client: TestClient[Any, Any] = await start_server()
    await make_account(client, "looks", role)
    async with logged_in(client) as admin:
        await admin.post("/admin/events", **EVENT)
        await admin.post("/admin/events/recurring", **RECURRING)
    async with logged_in(client, "looks") as one:
        for path, text in (("/admin/events", "score_multiplier ×2"), ("/admin/events/recurring", "Friday double")):
            status, page = await one.get(path)
            assert status == 200
            assert text in page
            assert not re.search(r'<form[^>]*action="/admin/events|[?]change=|Clone|id="event-form"', page)


async def test_while_the_database_is_away_pages_say_so(start_server: StartServer, outage: Outage, sql: Sql) -> None:
    client = await start_server(database_url=outage.dsn)
    async with logged_in(client) as admin:
        await admin.post("/admin/events/recurring", **RECURRING)
        [(id,)] = sql("SELECT id FROM recurring_events")
        outage.begin()
        assert "past events are shown when it is back" in (await admin.get("/admin/events"))[1]
        assert "Not started: the database is away" in (await admin.post("/admin/events", **EVENT))[1]
        for path in ("", f"/{id}/disable", f"/{id}/remove", f"/{id}/change"):
            assert "the database is away" in (await admin.post(f"/admin/events/recurring{path}", **RECURRING))[1]
        outage.end()
