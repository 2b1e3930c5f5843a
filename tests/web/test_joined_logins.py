"""Admin sessions behind a balancer that sends each request to another server."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pyotp
import pytest

from tests.conftest import ADMIN_PASSWORD
from tests.eventually import eventually
from tests.web.conversation import Client
from tests.web.dashboard import PASSWORD, Visitor, closed_with, logged_in, make_account, visitor
from tests.web.joined import Joined, frozen, joined, valkey
from tilo_ws.services.roles import Role
from tilo_ws.web import keys

__all__ = ["joined", "valkey"]


def at(one: Visitor, client: Client) -> Visitor:
    """The same browser, sent to another server: its cookies know no ports."""
    return Visitor(one.session, str(client.make_url("/")).rstrip("/"))


async def valkey_is_back(joined: Joined) -> None:
    """Both servers know it."""
    for client in (joined.one, joined.other):
        assert client.app is not None
        servers = client.app[keys.SERVERS]
        await eventually(lambda servers=servers: servers.redis == "ok")  # type: ignore[misc]


async def test_who_logs_in_on_one_server_is_logged_in_on_all(joined: Joined) -> None:
    await make_account(joined.one, "zoe", Role.VIEWER)
    async with logged_in(joined.one, "zoe") as one:
        other = at(one, joined.other)
        assert await other.is_logged_in()
        assert "role: viewer" in (await other.get("/admin"))[1]
        assert await one.token("/admin") == await other.token("/admin"), "forms of one server's pages fit on the other"


async def test_what_an_action_has_to_say_is_shown_once_wherever_its_page_comes_from(joined: Joined) -> None:
    async with logged_in(joined.one) as one:
        other = at(one, joined.other)
        form = {"csrf_token": await one.token(), "name": "zoe", "role": "viewer"}
        async with one.session.post(f"{one.url}/admin/accounts", data=form, allow_redirects=False) as response:
            assert response.status == 303
        _, page = await other.get("/admin/accounts")
        assert "zoe can log in as viewer" in page
        for again in (one, other):
            assert "zoe can log in as viewer" not in (await again.get("/admin/accounts"))[1]


async def test_logging_out_on_one_server_closes_pages_of_the_other_and_no_other_session(joined: Joined) -> None:
    async with logged_in(joined.one) as one, logged_in(joined.other) as another_browser:
        other = at(one, joined.other)
        feed = await other.open_feed()
        await one.post("/admin/logout")
        assert await closed_with(feed) == 4401
        assert not await other.is_logged_in()
        assert await another_browser.is_logged_in()
        assert await at(another_browser, joined.one).is_logged_in()


@pytest.mark.parametrize("name", ["admin", "zoe"])
async def test_logging_out_everywhere_is_over_all_servers(joined: Joined, name: str) -> None:
    await make_account(joined.one, "zoe", Role.VIEWER)
    await make_account(joined.one, "ada", Role.VIEWER)
    async with (
        logged_in(joined.one, name) as one,
        logged_in(joined.other, name) as elsewhere,
        logged_in(joined.other, "ada") as ada,
    ):
        feed = await elsewhere.open_feed()
        await one.post("/admin/logout/everywhere")
        assert await closed_with(feed) == 4401
        for client in (joined.one, joined.other):
            assert not await at(elsewhere, client).is_logged_in()
            assert not await at(one, client).is_logged_in()
            assert await at(ada, client).is_logged_in()
    async with logged_in(joined.one, name) as again:
        assert await at(again, joined.other).is_logged_in()


async def test_a_changed_account_is_logged_out_on_all_servers(joined: Joined) -> None:
    await make_account(joined.one, "zoe", Role.MODERATOR)
    async with logged_in(joined.other, "zoe") as zoe, logged_in(joined.one) as admin:
        feed = await zoe.open_feed()
        await admin.post("/admin/accounts/zoe/role", role="viewer")
        assert await closed_with(feed) == 4401
        assert not await zoe.is_logged_in()


@asynccontextmanager
async def owing_a_code(joined: Joined) -> AsyncIterator[tuple[Visitor, str, str]]:
    """A browser that has shown the right password on one server; the secret of its second step, and that of its codes."""
    await make_account(joined.one, "zoe", Role.VIEWER)
    secret = pyotp.random_base32()
    assert joined.one.app is not None
    await joined.one.app[keys.ADMIN_ACCOUNTS].set_totp("zoe", secret)
    async with visitor(joined.one) as one:
        _, page = await one.log_in("zoe", PASSWORD)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found
        yield one, found[1], secret


async def test_the_second_step_of_a_login_can_be_done_on_another_server(joined: Joined) -> None:
    async with owing_a_code(joined) as (one, token, secret):
        other = at(one, joined.other)
        await other.post("/admin/login", csrf_token=token, code=pyotp.TOTP(secret).now())
        assert await other.is_logged_in()
        assert await one.is_logged_in()


async def test_the_offer_of_codes_is_known_on_all_servers(joined: Joined) -> None:
    await make_account(joined.one, "zoe", Role.VIEWER)
    async with logged_in(joined.one, "zoe") as one:
        other = at(one, joined.other)
        _, page = await one.post("/admin/account/totp")
        found = re.search(r'id="totp-secret">([A-Z2-7 ]+)<', page)
        assert found
        code = pyotp.TOTP(found[1].replace(" ", "")).now()
        _, page = await other.post("/admin/account/totp/confirm", code=code, password=PASSWORD)
        assert "Codes are on" in page


async def test_attempts_to_log_in_count_over_all_servers(joined: Joined) -> None:
    async with visitor(joined.one) as one:
        for number in range(5):
            await at(one, (joined.one, joined.other)[number % 2]).log_in(password="wrong")
        for client in (joined.one, joined.other):
            status, page = await at(one, client).log_in(password=ADMIN_PASSWORD)
            assert (status, "Too many attempts" in page) == (401, True)


async def test_sessions_go_on_where_they_are_known_while_valkey_is_away(joined: Joined) -> None:
    async with logged_in(joined.one) as one, logged_in(joined.other) as another:
        with frozen(joined.valkey):
            assert await one.is_logged_in()
            await another.post("/admin/logout")
        await valkey_is_back(joined)
        assert await one.is_logged_in()
        assert await at(one, joined.other).is_logged_in()
        assert not await at(another, joined.one).is_logged_in()


async def test_a_valkey_that_comes_back_empty_logs_nobody_out(joined: Joined) -> None:
    async with logged_in(joined.one) as one, logged_in(joined.one) as ended:
        await ended.post("/admin/logout")
        joined.valkey.ask("FLUSHALL")
        assert await one.is_logged_in()
        assert await at(one, joined.other).is_logged_in()
        assert not await ended.is_logged_in()


async def test_a_log_out_while_valkey_is_away_reaches_the_others_later(joined: Joined) -> None:
    async with logged_in(joined.one) as one:
        other = at(one, joined.other)
        assert await other.is_logged_in()
        with frozen(joined.valkey):
            await one.post("/admin/logout")
            assert not await one.is_logged_in()
        assert joined.one.app is not None
        sessions = joined.one.app[keys.ADMIN_SESSIONS]
        await valkey_is_back(joined)
        await eventually(lambda: not sessions._ended)
        assert not await other.is_logged_in()
