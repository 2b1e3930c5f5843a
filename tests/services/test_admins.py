"""Who may use the dashboard."""

from pathlib import Path
from typing import Any

import pyotp
import pytest

from tests.fakes import FakeClock
from tilo_ws.services.admin_accounts import USERNAME, AdminAccounts
from tilo_ws.services.admins import Admins, WrongPassword, kept_password
from tilo_ws.services.one_time_codes import new_secret
from tilo_ws.storage.database import Database
from tilo_ws.storage.errors import DatabaseAway


def make_admins(database: Database, clock: FakeClock | None = None) -> Admins:
    return Admins(database, AdminAccounts(database), "right", clock=clock or FakeClock())


async def test_attempts_come_back_one_a_minute_for_each_address(database: Database) -> None:
    clock = FakeClock()
    admins = make_admins(database, clock)
    for _ in range(5):
        with pytest.raises(WrongPassword, match="Wrong password"):
            await admins.log_in("admin", "wrong", "192.0.2.1")
    with pytest.raises(WrongPassword, match="Try again in 60 seconds"):
        await admins.log_in("admin", "right", "192.0.2.1")
    await admins.log_in("admin", "right", "192.0.2.2")
    clock.now += 61
    await admins.log_in("admin", "right", "192.0.2.1")


async def test_another_user_has_no_password(database: Database) -> None:
    with pytest.raises(WrongPassword):
        await make_admins(database).log_in("root", "right", "192.0.2.1")


def test_a_made_password_is_kept_for_the_servers_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "data" / "admin-password"
    password = kept_password(file)
    assert len(password) >= 16
    assert kept_password(file) == password
    assert file.stat().st_mode & 0o777 == 0o600
    assert kept_password(tmp_path / "other") != password


def test_an_empty_password_file_is_filled(tmp_path: Path) -> None:
    file = tmp_path / "admin-password"
    file.touch()
    assert kept_password(file)
    assert kept_password(file) == file.read_text().strip()


async def test_passwords_are_not_guessed_from_many_addresses_either(database: Database) -> None:
    admins = make_admins(database)
    for number in range(100):
        with pytest.raises(WrongPassword, match="Wrong password"):
            await admins.log_in("admin", "wrong", f"192.0.2.{number}")
    with pytest.raises(WrongPassword, match="Too many attempts"):
        await admins.log_in("admin", "right", "198.51.100.1")


async def test_addresses_of_one_ipv6_network_share_their_attempts(database: Database) -> None:
    admins = make_admins(database)
    for number in range(5):
        with pytest.raises(WrongPassword, match="Wrong password"):
            await admins.log_in("admin", "wrong", f"2001:db8::{number}")
    with pytest.raises(WrongPassword, match="Too many attempts"):
        await admins.log_in("admin", "right", "2001:db8::99")


async def test_an_outage_finds_codes_on_with_the_first_one_used(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts, clock = AdminAccounts(database), FakeClock()
    admins = Admins(database, accounts, "right", clock=clock, wall_clock=clock)
    account, _ = await admins.log_in(USERNAME, "right", "192.0.2.1")
    secret = new_secret()
    code = pyotp.TOTP(secret).at(int(clock.now))
    turn_on = accounts.set_totp

    async def turn_on_before_an_outage(*arguments: Any, **fields: Any) -> None:
        await turn_on(*arguments, **fields)
        monkeypatch.setattr(accounts, "use_code", away)
        monkeypatch.setattr(accounts, "find", away)

    async def away(*arguments: Any) -> None:
        raise DatabaseAway("a test")

    monkeypatch.setattr(accounts, "set_totp", turn_on_before_an_outage)
    await admins.turn_codes_on(account, secret, code)
    account, needs_code = await admins.log_in(USERNAME, "right", "192.0.2.1")
    assert needs_code
    with pytest.raises(WrongPassword, match="Wrong code"):
        await admins.confirm(account, code, "192.0.2.1")
