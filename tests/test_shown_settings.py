"""What the dashboard shows of the settings."""

from pathlib import Path

import pytest

from tests.command import PROJECT
from tilo_ws.settings import read_settings, setting_names
from tilo_ws.shown_settings import meanings_of, origin_of, shown_settings, without_password

SECRETS = {
    "DATABASE_URL": "postgresql://tilo:pass%20word@db.example.com:6432/game?sslmode=require&sslpassword=hush",
    "TILO_ADMIN_PASSWORD": "open sesame",
    "TILO_API_KEY": "key",
    "TILO_AUTH_SECRET": "0123456789abcdef0123456789abcdef",
}


def test_every_setting_is_shown_in_order_with_its_meaning() -> None:
    shown = shown_settings(read_settings({}))
    assert [setting.name for setting in shown] == setting_names()
    assert all(setting.meaning for setting in shown)


def test_the_defaults_are_shown_as_they_are_documented() -> None:
    for setting in shown_settings(read_settings({})):
        assert setting.value == setting.default, setting.name


def test_of_a_secret_only_that_it_is_set_is_shown() -> None:
    shown = {setting.name: setting.value for setting in shown_settings(read_settings(SECRETS))}
    assert shown["TILO_ADMIN_PASSWORD"] == shown["TILO_API_KEY"] == shown["TILO_AUTH_SECRET"] == "set"
    assert shown["DATABASE_URL"] == "postgresql://tilo:(hidden)@db.example.com:6432/game"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql:///game", "postgresql:///game"),
        ("postgres://db.example.com/game?user=tilo&password=hush", "postgresql://tilo:(hidden)@db.example.com/game"),
        ("host=::1 user=tilo password='hu sh' dbname=game", "postgresql://tilo:(hidden)@[::1]/game"),
        ("redis://:hush@cache.example.com:6380/2", "redis://:(hidden)@cache.example.com:6380/2"),
        ("rediss://tilo:hush@cache.example.com?password=hush#hush", "rediss://tilo:(hidden)@cache.example.com"),
        ("redis://cache.example.com", "redis://cache.example.com"),
        ("unix:///run/redis.sock?password=hush", "unix:///run/redis.sock"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert without_password(address) == shown


@pytest.mark.parametrize(
    ("environment", "env_file", "origin"),
    [
        ({}, {}, "default"),
        ({"PORT": "1"}, {"PORT": "2"}, "environment"),
        ({"PORT": ""}, {"PORT": "2"}, "default"),
        ({}, {"PORT": "2"}, ".env"),
        ({}, {"PORT": None}, "default"),
    ],
)
def test_the_environment_wins_over_the_file(environment: dict[str, str], env_file: dict[str, str | None], origin: str) -> None:
    assert origin_of("PORT", environment, env_file) == origin


def test_settings_that_stand_together_share_the_comment_above_them() -> None:
    example = "# About the file.\n\n# Where to\n# listen.\n#HOST=::\n#PORT=1\n# A file.\n#WORDS=\n"
    assert meanings_of(example) == {"HOST": "Where to listen.", "PORT": "Where to listen.", "WORDS": "A file."}


def test_the_package_holds_the_example_file_itself() -> None:
    link = Path(PROJECT / "tilo_ws" / "settings.env")
    assert link.is_symlink()
    assert link.resolve() == PROJECT / ".env.example"
