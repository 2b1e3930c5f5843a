"""Sessions of the dashboard from the login to their end."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from yarl import URL

from tests.conftest import Sql, StartServer
from tests.eventually import PATIENCE
from tests.fakes import FakeClock
from tests.web.dashboard import Visitor, closed_with, logged_in, make_account, visitor
from tilo_ws.services.roles import Role
from tilo_ws.web import keys
from tilo_ws.web.admin.access import IDLE_SECONDS
from tilo_ws.web.websocket import open_connection


def cookie(one: Visitor) -> str:
    return next(kept.value for kept in one.session.cookie_jar if kept.key == "tilo_admin")


def plant(one: Visitor, secret: str) -> None:
    one.session.cookie_jar.update_cookies({"tilo_admin": secret}, URL(one.url))


def use_clock(client: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    assert client.app is not None
    clock = FakeClock()
    monkeypatch.setattr(client.app[keys.ADMIN_SESSIONS], "_clock", clock)
    return clock


async def test_a_planted_session_is_not_the_one_that_a_login_begins(start_server: StartServer) -> None:
    client = await start_server()
    await make_account(client, "mallory", Role.VIEWER)
    async with logged_in(client, "mallory") as mallory, visitor(client) as victim:
        planted = cookie(mallory)
        token = await victim.token("/admin/login")
        plant(victim, planted)
        await victim.post("/admin/login", username="admin", password="correct horse", csrf_token=token)
        assert cookie(victim) != planted
        assert "role: admin" in (await victim.get("/admin"))[1]
        assert not await mallory.is_logged_in(), "the browser's last session ends with a new login"


async def test_an_unknown_secret_is_no_session(start_server: StartServer) -> None:
    client = await start_server()
    async with visitor(client) as one:
        plant(one, "made up")
        assert not await one.is_logged_in()


async def test_a_session_ends_after_eight_hours_without_use(start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await start_server()
    clock = use_clock(client, monkeypatch)
    async with logged_in(client) as one:
        for _ in range(3):
            clock.now += IDLE_SECONDS - 1
            assert await one.is_logged_in()
        clock.now += IDLE_SECONDS + 1
        assert not await one.is_logged_in()


async def test_an_open_page_keeps_its_session(start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await start_server()
    clock = use_clock(client, monkeypatch)
    async with logged_in(client) as one:
        feed = await one.open_feed()
        await feed.receive_json(timeout=PATIENCE)
        clock.now += IDLE_SECONDS - 1
        for _ in range(2):
            await feed.receive_json(timeout=PATIENCE)
        clock.now += IDLE_SECONDS - 1
        assert await one.is_logged_in()


async def test_logging_out_everywhere_ends_all_sessions_of_the_account_and_no_other(
    start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    await make_account(client, "zoe", Role.VIEWER)
    async with (
        logged_in(client, "zoe") as zoe,
        logged_in(client, "zoe") as elsewhere,
        logged_in(client) as admin,
    ):
        feed = await elsewhere.open_feed()
        _, text = await zoe.post("/admin/logout/everywhere")
        assert 'name="password"' in text
        for one in (zoe, elsewhere):
            assert not await one.is_logged_in()
        assert await closed_with(feed) == 4401
        assert await admin.is_logged_in()
    assert sql("SELECT admin FROM admin_actions WHERE action = 'logout_everywhere'") == [("zoe",)]


async def test_logging_out_leaves_the_other_sessions(start_server: StartServer) -> None:
    client = await start_server()
    async with logged_in(client) as one, logged_in(client) as elsewhere:
        await one.post("/admin/logout")
        assert not await one.is_logged_in()
        assert await elsewhere.is_logged_in()


async def test_a_page_that_opens_while_its_session_ends_is_closed(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await start_server()
    async with logged_in(client) as one:

        async def open_late(*arguments: Any) -> Any:
            opened = await open_connection(*arguments)
            assert client.app is not None
            await client.app[keys.ADMIN_SESSIONS].end_all("admin")
            return opened

        monkeypatch.setattr("tilo_ws.web.admin.feed.open_connection", open_late)
        assert await closed_with(await one.open_feed()) == 4401
