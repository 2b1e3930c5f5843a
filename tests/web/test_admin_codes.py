"""Logging in with one-time codes: setting them up, the second step, and attacks on it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pyotp
import pytest
from aiohttp.test_utils import TestClient

from tests.conftest import ADMIN_PASSWORD, Outage, Sql, StartServer
from tests.fakes import FakeClock
from tests.web.dashboard import PASSWORD, Visitor, logged_in, make_account, visitor
from tilo_ws.services.roles import Role
from tilo_ws.web import keys


class Phone:
    """An authenticator app, and the clock that it shares with the server."""

    def __init__(self, client: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        assert client.app is not None
        self.clock = FakeClock()
        self.clock.now = 3_000_000.0
        self.secret = ""
        monkeypatch.setattr(client.app[keys.ADMINS], "_wall_clock", self.clock)

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(int(self.clock.now))

    def next_code(self) -> str:
        self.clock.now += 30
        return self.code()


@pytest.fixture
def password_of() -> dict[str, str]:
    return {"admin": ADMIN_PASSWORD, "zoe": PASSWORD}


async def set_up(one: Visitor, phone: Phone, password: str) -> str:
    """Turns codes on. Returns the page that comes of it."""
    _, text = await one.post("/admin/account/totp")
    found = re.search(r'id="totp-secret">([A-Z2-7 ]+)<', text)
    assert found
    phone.secret = found[1].replace(" ", "")
    assert re.search(r'<svg[^>]* class="segno"', text)
    _, text = await one.post("/admin/account/totp/confirm", code=phone.code(), password=password)
    return text


@asynccontextmanager
async def with_codes(
    client: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch, name: str = "zoe"
) -> AsyncIterator[tuple[Visitor, Phone]]:
    """A visitor who has shown the right password of an account with codes, and its telephone."""
    if name != "admin":
        await make_account(client, name, Role.VIEWER)
    password = ADMIN_PASSWORD if name == "admin" else PASSWORD
    phone = Phone(client, monkeypatch)
    async with logged_in(client, name) as one:
        assert "Codes are on" in await set_up(one, phone, password)
    async with visitor(client) as one:
        _, text = await one.log_in(name, password)
        assert 'name="code"' in text
        yield one, phone


async def second_step(one: Visitor, code: str, **headers: str) -> tuple[int, str]:
    """Sends a code with the token that the first step has left in the cookie."""
    token = next(kept.value for kept in one.session.cookie_jar if kept.key == "tilo_login")
    form = {"code": code, "csrf_token": token}
    async with one.session.post(f"{one.url}/admin/login", data=form, headers=headers) as response:
        return response.status, await response.text()


@pytest.mark.parametrize("name", ["zoe", "admin"])
async def test_with_codes_on_the_password_alone_lets_nobody_in(
    name: str, start_server: StartServer, monkeypatch: pytest.MonkeyPatch, sql: Sql
) -> None:
    client = await start_server()
    async with with_codes(client, monkeypatch, name) as (one, phone):
        assert not await one.is_logged_in()
        status, text = await second_step(one, "000000")
        assert (status, "Wrong code. 4 attempts left." in text) == (401, True)
        assert not await one.is_logged_in()
        assert (await second_step(one, phone.next_code()))[0] == 200
        assert await one.is_logged_in()
    actions = [action for (action,) in sql("SELECT action FROM admin_actions ORDER BY created_at")]
    assert actions == ["login", "turn_own_codes_on", "failed_code", "login"]


@pytest.mark.parametrize("name", ["zoe", "admin"])
async def test_a_code_works_once(name: str, start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await start_server()
    async with with_codes(client, monkeypatch, name) as (one, phone), visitor(client) as thief:
        assert "Wrong code." in (await second_step(one, phone.code()))[1], "it confirmed the secret"
        code = phone.next_code()
        await second_step(one, code)
        await thief.log_in(name, ADMIN_PASSWORD if name == "admin" else PASSWORD)
        assert "Wrong code." in (await second_step(thief, code))[1]
        assert not await thief.is_logged_in()


async def test_codes_are_not_guessed_from_many_addresses_either(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await start_server()
    async with with_codes(client, monkeypatch) as (one, phone):
        texts = [(await second_step(one, "000000", **{"X-Forwarded-For": f"192.0.2.{n}"}))[1] for n in range(6)]
        assert "Wrong code. 1 attempt left." in texts[3]
        assert "Too many attempts." in texts[5]
        status, text = await second_step(one, phone.next_code(), **{"X-Forwarded-For": "198.51.100.1"})
        assert (status, "Too many attempts." in text) == (401, True), "the right code does not help now"


async def test_a_second_step_wants_a_first(start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await start_server()
    async with with_codes(client, monkeypatch) as (_, phone), visitor(client) as thief:
        await thief.get("/admin/login")
        status, text = await second_step(thief, phone.next_code())
        assert (status, "begin again" in text) == (403, True)
        assert not await thief.is_logged_in()


async def test_a_planted_cookie_does_not_share_the_second_step(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await start_server()
    async with with_codes(client, monkeypatch) as (one, _):
        planted = await one.token("/admin/login")
        await one.log_in("zoe", PASSWORD)
        assert planted not in [kept.value for kept in one.session.cookie_jar]


async def test_an_account_that_changed_meanwhile_begins_again(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, sql: Sql
) -> None:
    client = await start_server()
    async with with_codes(client, monkeypatch) as (one, phone):
        sql("UPDATE admins SET version = gen_random_uuid() WHERE name = 'zoe'")
        assert "begin again" in (await second_step(one, phone.next_code()))[1]


async def test_a_wrong_code_or_password_leaves_codes_off(start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await start_server()
    await make_account(client, "zoe", Role.VIEWER)
    phone = Phone(client, monkeypatch)
    async with logged_in(client, "zoe") as one:
        assert "Wrong password." in await set_up(one, phone, "wrong")
        _, text = await one.post("/admin/account/totp/confirm", code="000000", password=PASSWORD)
        assert "Wrong code: codes stay off." in text
    async with logged_in(client, "zoe"):
        pass


async def test_codes_are_turned_off_with_the_password_only(start_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await start_server()
    async with with_codes(client, monkeypatch) as (one, phone):
        await second_step(one, phone.next_code())
        assert "Wrong password." in (await one.post("/admin/account/totp/off", password="wrong"))[1]
        assert "Codes are off" in (await one.post("/admin/account/totp/off", password=PASSWORD))[1]
    async with logged_in(client, "zoe"):
        pass


async def test_an_admin_turns_codes_off_for_whoever_lost_the_telephone(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await start_server()
    async with with_codes(client, monkeypatch), logged_in(client) as admin:
        assert "without a code now" in (await admin.post("/admin/accounts/zoe/totp-off"))[1]
    async with logged_in(client, "zoe"):
        pass


async def test_without_the_database_the_built_in_account_still_wants_its_code(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, outage: Outage
) -> None:
    client = await start_server(database_url=outage.dsn)
    async with with_codes(client, monkeypatch, "admin") as (_, phone), visitor(client) as one:
        outage.begin()
        _, text = await one.log_in()
        assert 'name="code"' in text
        code = phone.next_code()
        assert (await second_step(one, code))[0] == 200
        async with visitor(client) as thief:
            await thief.log_in()
            assert "Wrong code." in (await second_step(thief, code))[1]
        outage.end()
