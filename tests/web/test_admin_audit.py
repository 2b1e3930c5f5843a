"""The audit log's page and its file, without a browser."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient

from tests.conftest import Outage, Sql, StartServer
from tests.web.dashboard import visitor
from tests.web.test_admin import log_in
from tilo_ws.services.audit_log import Entry, Search
from tilo_ws.storage.errors import DatabaseAway
from tilo_ws.web import keys
from tilo_ws.web.admin.audit import PAGE
from tilo_ws.web.admin.audit_file import csv_lines

Client = TestClient[Any, Any]

COLUMNS = ["time", "admin", "action", "target", "ip", "details"]


def write(sql: Sql, number: int, *, admin: str = "zoe", action: str = "ban", target: str = "", details: object = None) -> None:
    """An entry of that second after 2026-03-01, noon."""
    sql(
        "INSERT INTO admin_actions VALUES (gen_random_uuid(), %s, '::1', %s, %s, %s, '2026-03-01 12:00Z'::timestamptz + %s)",
        *(admin, action, target, json.dumps(details or {}), f"{number} s"),
    )


async def rows(client: Client, query: str = "") -> list[list[str]]:
    """The file's rows."""
    response = await client.get(f"/admin/audit.csv{query}")
    assert response.status == 200
    return list(csv.reader(io.StringIO((await response.read()).decode("utf-8-sig"))))


async def test_a_failed_login_and_a_refusal_are_in_the_log(start_server: StartServer) -> None:
    client = await start_server()
    await log_in(client, "wrong")
    await log_in(client)
    await client.post("/admin/events", data={})
    text = await (await client.get("/admin/audit")).text()
    assert re.findall(r'<tr data-action="(\w+)"', text) == ["refused", "login", "failed_login"]
    assert "POST /admin/events" in text


async def test_of_a_flood_of_logins_the_attempts_and_one_refusal_are_in_the_log(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    async with visitor(client) as somebody:
        for _ in range(12):
            status, text = await somebody.log_in(password="wrong")
            assert status == 401
        assert "Too many attempts." in text
    assert sql("SELECT action, count(*) FROM admin_actions GROUP BY action") == [("failed_login", 5 + 1)]


async def test_a_page_leads_to_the_older_entries_and_keeps_the_search(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    await log_in(client)
    for number in range(2 * PAGE):
        write(sql, number, target=f"player{number}")
    write(sql, 1000, admin="somebody else")
    seen, path = [], "/admin/audit?admin=zoe"
    while path:
        text = await (await client.get(path)).text()
        seen += re.findall(r"<bdi>player(\d+)</bdi>", text)
        older = re.search(r'<a class="button" href="([^"]+)" rel="next">', text)
        path = older[1].replace("&amp;", "&") if older else ""
    assert [int(number) for number in seen] == list(reversed(range(2 * PAGE)))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?from=2026-03-01&to=2026-03-01", ["3", "2", "1"]),
        ("?from=2026-03-01T12:01", ["3", "2"]),
        ("?from=2026-03-01T12:01&to=2026-03-01T12:01", ["2"]),
        ("?to=2026-03-01T12:00:01", ["1"]),
        ("?to=2026-02-28", []),
        ("?from=&to=&text=&action=&admin=zoe", ["3", "2", "1"]),
        ("?text=%00%ff", []),
    ],
)
async def test_days_minutes_and_seconds_are_included_whole(
    query: str, found: list[str], start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    await log_in(client)
    sql("DELETE FROM admin_actions")
    for number, second in ((1, 1), (2, 61), (3, 121)):
        write(sql, second, target=str(number))
    assert [row[3] for row in (await rows(client, query))[1:] if row[1] == "zoe"] == found
    text = await (await client.get(f"/admin/audit{query}")).text()
    assert re.findall(r"<bdi>(\d)</bdi></td>", text) == found


@pytest.mark.parametrize("query", ["?from=yesterday", "?to=2026-02-30", "?from=2026-03-01T25:00", "?to=9999-12-31"])
async def test_a_time_that_cannot_be_read_is_explained(query: str, start_server: StartServer) -> None:
    client = await start_server()
    await log_in(client)
    page = await client.get(f"/admin/audit{query}")
    assert page.status == 400
    assert "must be a day or a time in UTC, such as 2026-03-01" in await page.text()
    assert (await client.get(f"/admin/audit.csv{query}")).status == 400


async def test_an_entry_that_is_no_id_is_explained(start_server: StartServer) -> None:
    client = await start_server()
    await log_in(client)
    page = await client.get("/admin/audit?before=x")
    assert (page.status, "must be the id of an entry" in await page.text()) == (400, True)


async def test_the_file_has_all_that_is_found_newest_first_and_the_export_is_written_down(
    start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    await log_in(client)
    for number in range(250):
        write(sql, number, target=f"Zo\N{LATIN SMALL LETTER E WITH DIAERESIS} {number}", details={"reason": "\N{WASTEBASKET}"})
    header, *entries = await rows(client, "?action=ban")
    assert header == COLUMNS
    assert [row[3] for row in entries] == [
        f"Zo\N{LATIN SMALL LETTER E WITH DIAERESIS} {number}" for number in range(249, -1, -1)
    ]
    assert entries[-1] == ["2026-03-01T12:00:00.000Z", "zoe", "ban", entries[-1][3], "::1", '{"reason": "\N{WASTEBASKET}"}']
    assert sql("SELECT admin, target FROM admin_actions WHERE action = 'export_audit'") == [("admin", "action=ban")]


async def test_the_file_is_a_download(start_server: StartServer) -> None:
    client = await start_server()
    await log_in(client)
    response = await client.get("/admin/audit.csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert (await response.read()).startswith(b"\xef\xbb\xbftime,")
    assert await (await client.head("/admin/audit.csv")).read() == b""


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "\t=1", "\r=1", "\n=1", "\N{FULLWIDTH EQUALS SIGN}1"]
)
def test_a_spreadsheet_takes_no_cell_for_a_formula(cell: str) -> None:
    [[shown, other]] = csv.reader(io.StringIO(csv_lines([[cell, 'a "b", c\nd']]).decode(), newline=""))
    assert (shown, other) == (f"'{cell}", 'a "b", c\nd')


async def test_while_the_database_is_away_the_page_says_so(start_server: StartServer, outage: Outage) -> None:
    client = await start_server(database_url=outage.dsn)
    await log_in(client)
    outage.begin()
    page = await client.get("/admin/audit")
    assert (page.status, "The database is away" in await page.text()) == (503, True)
    assert (await client.get("/admin/audit.csv")).status == 503
    outage.end()


async def test_a_file_that_cannot_be_ended_is_cut_off(start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(search: Search) -> AsyncIterator[list[Entry]]:
        yield []
        raise DatabaseAway("gone")

    client = await start_server()
    await log_in(client)
    assert client.app is not None
    monkeypatch.setattr(client.app[keys.AUDIT_LOG], "all", broken)
    response = await client.get("/admin/audit.csv")
    assert response.status == 200
    with pytest.raises(aiohttp.ClientPayloadError):
        await response.read()
