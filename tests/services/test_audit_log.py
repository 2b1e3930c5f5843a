"""The audit log: searched, paged by key, cleaned up."""

from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Sql
from tests.fakes import FakeClock
from tilo_ws.services.audit_log import AuditLog, Entry, Search
from tilo_ws.storage.database import Database

INSERT = "INSERT INTO admin_actions VALUES (%s, %s, %s, %s, %s, %s, to_timestamp(%s))"


def write(sql: Sql, number: int, *, admin: str = "zoe", action: str = "ban", target: str = "", details: str = "{}") -> None:
    """An entry of that second."""
    sql(INSERT, str(UUID(int=number)), admin, "203.0.113.7", action, target, details, number)


def numbers(entries: list[Entry]) -> list[int]:
    return [UUID(entry.id).int for entry in entries]


@pytest.fixture
def log(database: Database) -> AuditLog:
    return AuditLog(database, retention=0)


async def test_pages_follow_each_other_without_a_gap_also_where_entries_come_in_between(log: AuditLog, sql: Sql) -> None:
    for number in (1, 2, 3, 4, 5):
        write(sql, number)
    first = await log.page(Search(), before=None, limit=2)
    write(sql, 6)
    second = await log.page(Search(), before=first[-1].id, limit=2)
    assert (numbers(first), numbers(second)) == ([5, 4], [3, 2])


async def test_entries_of_the_same_moment_are_all_seen(log: AuditLog, sql: Sql) -> None:
    for number in (1, 2, 3):
        sql(INSERT, str(UUID(int=number)), "zoe", "::1", "ban", "", "{}", 1000)
    seen, before = [], None
    for _ in range(3):
        [entry] = await log.page(Search(), before=before, limit=1)
        before = entry.id
        seen.append(entry)
    assert numbers(seen) == [3, 2, 1]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (Search(), [4, 3, 2, 1]),
        (Search(admin="ZO"), [3, 2]),
        (Search(action="failed_login"), [4]),
        (Search(action="login"), []),
        (Search(target="example.com"), [2]),
        (Search(text="spam"), [3]),
        (Search(text="ZO\N{LATIN CAPITAL LETTER E WITH DIAERESIS}"), [3, 2]),
        (Search(text="203.0.113"), [4, 3, 2, 1]),
        (Search(text="%"), []),
        (Search(since=2, until=4), [3, 2]),
        (Search(admin="zo", text="spam", since=2), [3]),
    ],
)
async def test_a_search_finds_what_fits_all_its_fields(search: Search, found: list[int], log: AuditLog, sql: Sql) -> None:
    write(sql, 1, admin="max")
    write(sql, 2, admin="Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}", target="Max@Example.com")
    write(sql, 3, admin="Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}", details='{"reason": "Spam"}')
    write(sql, 4, admin="root", action="failed_login")
    assert numbers(await log.page(search, before=None, limit=10)) == found


async def test_everything_is_read_in_batches(log: AuditLog, sql: Sql) -> None:
    sql(
        "INSERT INTO admin_actions SELECT gen_random_uuid(), 'zoe', '::1', 'ban', '', '{}', to_timestamp(i / 2) "
        "FROM generate_series(1, 500) AS i"
    )
    batches = [batch async for batch in log.all(Search())]
    assert [len(batch) for batch in batches] == [200, 200, 100]
    assert len({entry.id for batch in batches for entry in batch}) == 500


async def test_what_was_done_lately_is_named_once(log: AuditLog, sql: Sql) -> None:
    for number, action in enumerate(("login", "ban", "login")):
        write(sql, number, action=action)
    assert await log.actions() == ["ban", "login"]


async def test_entries_past_their_retention_are_removed(database: Database, sql: Sql) -> None:
    clock = FakeClock()
    log = AuditLog(database, retention=100, clock=clock)
    for number in (899, 901, 950):
        write(sql, number)
    await log.clean_up()
    assert numbers(await log.page(Search(), before=None, limit=9)) == [950, 901]
    clock.now += 2
    await log.clean_up()
    assert numbers(await log.page(Search(), before=None, limit=9)) == [950]


async def test_postgresql_is_left_alone_until_an_entry_is_due(database: Database, sql: Sql) -> None:
    clock = FakeClock()
    log = AuditLog(database, retention=100, clock=clock)
    write(sql, 950)
    await log.clean_up()
    write(sql, 1)  # nothing tells of it but PostgreSQL
    clock.now += 49
    await log.clean_up()
    assert numbers(await log.page(Search(), before=None, limit=9)) == [950, 1]
    clock.now += 2
    await log.clean_up()
    assert await log.page(Search(), before=None, limit=9) == []


async def test_very_many_old_entries_are_removed_some_at_a_time(
    database: Database, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tilo_ws.services.audit_log.CLEAN_UP_ROWS", 2)
    for number in range(1, 6):
        write(sql, number)
    log = AuditLog(database, retention=100, clock=FakeClock())
    remove, removed = log._remove_old, []

    async def noted(**parameters: object) -> list[Any]:
        rows = await remove(**parameters)
        removed.append(rows[0].removed)
        return rows

    monkeypatch.setattr(log, "_remove_old", noted)
    await log.clean_up()
    assert removed == [2, 2, 1]


async def test_without_a_retention_entries_stay(log: AuditLog, sql: Sql) -> None:
    write(sql, 1)
    await log.clean_up()
    assert len(await log.page(Search(), before=None, limit=9)) == 1
