"""The dashboard's accounts by form: who makes and changes them, and what becomes of their sessions."""

import re

import pytest

from tests.conftest import Outage, Sql, StartServer
from tests.web.dashboard import PASSWORD, closed_with, logged_in, make_account, visitor
from tilo_ws.services.roles import Role


async def test_a_made_password_is_shown_once_and_lets_its_account_in(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    async with logged_in(client) as admin, visitor(client) as zoe:
        _, text = await admin.post("/admin/accounts", name=" Zoe ", role="moderator")
        found = re.search(r"<code>(\S+)</code>", text)
        assert found
        assert "zoe can log in as moderator." in text
        assert found[1] not in (await admin.get("/admin/accounts"))[1]
        assert "role: moderator" in (await zoe.log_in("zoe", found[1]))[1]
    [(by, target, details)] = sql("SELECT admin, target, details FROM admin_actions WHERE action = 'create_admin'")
    assert (by, target, details) == ("admin", "zoe", {"role": "moderator"})
    assert sql("SELECT password_hash LIKE 'scrypt$%%', created_by FROM admins WHERE name = %s", "zoe") == [(True, "admin")]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": "zoe", "role": "viewer"}, "name: zoe is taken"),
        ({"name": "admin", "role": "viewer"}, "name: admin is taken"),
        ({"name": "<b>", "role": "viewer"}, "name: must be 1 to 32 of"),
        ({"name": "", "role": "viewer"}, "name: must be 1 to 32 of"),
        ({"name": "ann", "role": "owner"}, "role: must be one of viewer, moderator, admin"),
    ],
)
async def test_a_faulty_account_is_explained_and_not_made(
    fields: dict[str, str], text: str, start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    await make_account(client, "zoe", Role.ADMIN)
    before = sql("SELECT name, role, version FROM admins ORDER BY name")
    async with logged_in(client) as admin:
        assert text in (await admin.post("/admin/accounts", **fields))[1]
    assert sql("SELECT name, role, version FROM admins ORDER BY name") == before


@pytest.mark.parametrize(
    ("action", "fields", "action_name"),
    [
        ("role", {"role": "viewer"}, "change_admin_role"),
        ("password", {}, "reset_admin_password"),
        ("disable", {}, "disable_admin"),
        ("remove", {}, "remove_admin"),
    ],
)
async def test_a_changed_account_loses_its_sessions_and_pages_at_once(
    action: str, fields: dict[str, str], action_name: str, start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    await make_account(client, "zoe", Role.ADMIN)
    async with logged_in(client) as admin, logged_in(client, "zoe") as zoe, logged_in(client, "zoe") as elsewhere:
        feed = await zoe.open_feed()
        await admin.post(f"/admin/accounts/zoe/{action}", **fields)
        assert not await zoe.is_logged_in()
        assert not await elsewhere.is_logged_in()
        assert await closed_with(feed) == 4401
        assert await admin.is_logged_in()
        status, text = await zoe.log_in("zoe", PASSWORD)
        assert (status, "role: viewer" in text) == ((200, True) if action == "role" else (401, False))
    assert sql("SELECT admin, target FROM admin_actions WHERE action = %s", action_name) == [("admin", "zoe")]


async def test_a_disabled_account_comes_back(start_server: StartServer) -> None:
    client = await start_server()
    await make_account(client, "zoe", Role.VIEWER)
    async with logged_in(client) as admin, visitor(client) as zoe:
        await admin.post("/admin/accounts/zoe/disable")
        assert (await zoe.log_in("zoe", PASSWORD))[0] == 401
        await admin.post("/admin/accounts/zoe/enable")
        assert (await zoe.log_in("zoe", PASSWORD))[0] == 200


@pytest.mark.parametrize("action", ["role", "password", "totp-off", "disable", "remove"])
@pytest.mark.parametrize(("name", "text"), [("zoe", "This is your own account"), ("admin", "admin is built in")])
async def test_nobody_changes_himself_or_the_built_in_account(
    action: str, name: str, text: str, start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    await make_account(client, "zoe", Role.ADMIN)
    before = sql("SELECT * FROM admins ORDER BY name")
    async with logged_in(client, "zoe") as zoe:
        assert text in (await zoe.post(f"/admin/accounts/{name}/{action}", role="viewer"))[1]
        assert await zoe.is_logged_in()
    assert sql("SELECT * FROM admins ORDER BY name") == before


@pytest.mark.parametrize("name", ["nobody", "a%00b", "%ED%A0%80", "%F0%9F%8E%89"])
async def test_an_account_that_is_gone_or_cannot_be_is_told(name: str, start_server: StartServer) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        for action in ("role", "password", "totp-off", "disable", "enable", "remove"):
            _, text = await admin.post(f"/admin/accounts/{name}/{action}", role="viewer")
            assert "There is no such account any more." in text, action


@pytest.mark.parametrize("name", ["a\0b", "\N{PARTY POPPER}", "x" * 10_000, "' OR true --"])
async def test_a_name_that_cannot_be_does_not_log_in(name: str, start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    async with visitor(client) as one:
        status, text = await one.log_in(name, "x")
        assert (status, "Wrong password. 4 attempts left." in text) == (401, True)
    assert sql("SELECT action FROM admin_actions") == [("failed_login",)]


@pytest.mark.parametrize("change", ["DELETE FROM admins WHERE name = 'zoe'", "UPDATE admins SET version = gen_random_uuid()"])
async def test_an_account_that_another_process_changed_loses_its_sessions(
    change: str, start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    await make_account(client, "zoe", Role.ADMIN)
    async with logged_in(client, "zoe") as zoe, logged_in(client, "zoe") as elsewhere, logged_in(client) as admin:
        feed = await elsewhere.open_feed()
        sql(change)
        assert not await zoe.is_logged_in()
        assert await closed_with(feed) == 4401
        assert await admin.is_logged_in()


async def test_an_own_password_is_changed_and_logs_out_everywhere(start_server: StartServer) -> None:
    client = await start_server()
    await make_account(client, "zoe", Role.VIEWER)
    async with logged_in(client, "zoe") as zoe, logged_in(client, "zoe") as elsewhere:
        new = "quite another password"
        for fields, text in (
            ({"current": "wrong", "new": new, "again": new}, "Wrong password. 4 attempts left."),
            ({"current": PASSWORD, "new": new, "again": "different"}, "repetition differ"),
            ({"current": PASSWORD, "new": "short", "again": "short"}, "password: must have 10 to 200 characters"),
        ):
            assert text in (await zoe.post("/admin/account/password", **fields))[1].replace("&#39;", "'")
        assert await elsewhere.is_logged_in()
        _, text = await zoe.post("/admin/account/password", current=PASSWORD, new=new, again=new)
        assert "The password was changed." in text
        assert not await elsewhere.is_logged_in()
        assert (await zoe.log_in("zoe", PASSWORD))[0] == 401
        assert (await zoe.log_in("zoe", new))[0] == 200


async def test_the_password_of_the_settings_is_not_changed_on_a_page(start_server: StartServer) -> None:
    client = await start_server()
    async with logged_in(client) as admin:
        _, text = await admin.post("/admin/account/password", current="x", new="y" * 10, again="y" * 10)
        assert "in the server&#39;s settings" in text
        assert await admin.is_logged_in()


async def test_without_the_database_the_built_in_account_works_and_others_stay(
    start_server: StartServer, outage: Outage
) -> None:
    client = await start_server(database_url=outage.dsn)
    await make_account(client, "zoe", Role.ADMIN)
    async with logged_in(client, "zoe") as zoe, visitor(client) as late, visitor(client) as admin:
        outage.begin()
        assert (await admin.log_in())[0] == 200
        assert "accounts are shown when it is back" in (await admin.get("/admin/accounts"))[1]
        assert "the database is away" in (await admin.post("/admin/accounts", name="ann", role="viewer"))[1]
        assert (await admin.get("/admin/account"))[0] == 200
        assert await zoe.is_logged_in()
        assert "only admin can log in" in (await late.log_in("zoe", PASSWORD))[1]
        outage.end()
