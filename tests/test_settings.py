"""Settings from the environment: right, wrong, and misspelt."""

import ipaddress

import pytest

from tilo_ws.settings import SettingError, Settings, read_settings, setting_names, unknown_settings


def test_without_variables_the_defaults_hold() -> None:
    assert read_settings({}) == Settings()
    assert (Settings().port, Settings().pool_max, Settings().max_message_length) == (8765, 20, 500)


def test_an_empty_variable_counts_as_unset() -> None:
    assert read_settings({"PORT": "", "DATABASE_URL": "  "}) == Settings()


def test_values_are_read() -> None:
    settings = read_settings(
        {
            "PORT": "80",
            "TILO_CHAT_RATE": ".5",
            "TILO_DEMO": "No",
            "TILO_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "TILO_LOG_LEVEL": "DEBUG",
        }
    )
    assert (settings.port, settings.chat_rate, settings.demo, settings.log_level) == (80, 0.5, False, "debug")
    assert settings.trusted_proxies == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1"))


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("PORT", "http", "a whole number from 0 to 65,535"),
        ("PORT", "65536", "a whole number from 0 to 65,535"),
        ("PORT", "80.5", "a whole number from 0 to 65,535"),
        ("TILO_POOL_MIN", "0", "a whole number from 1 to 1,000"),
        ("TILO_CLEANUP_INTERVAL", "0", "a number above 0, at most 86,400"),
        ("TILO_CHAT_RETENTION", "-1", "a number from 0 up"),
        ("TILO_CHAT_RATE", "nan", "a number from 0 up"),
        ("TILO_CHAT_RATE", "inf", "a number from 0 up"),
        ("TILO_CHAT_BURST", "0.5", "a number from 1 up"),
        ("TILO_DEMO", "maybe", "true or false"),
        ("TILO_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("TILO_TRUSTED_PROXIES", "localhost", "addresses or networks such as"),
    ],
)
def test_a_wrong_value_names_the_setting_the_value_and_what_is_allowed(name: str, value: str, allowed: str) -> None:
    with pytest.raises(SettingError) as refused:
        read_settings({name: value})
    assert str(refused.value).startswith(f"{name}={value!r}: allowed is {allowed}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("url", ["localhost", "mysql://x", "postgresql://a,b/x", "postgresql://u:hidden@a:1,b:2/x"])
def test_a_wrong_database_url_is_not_shown(url: str) -> None:
    with pytest.raises(SettingError, match=r"DATABASE_URL=\(hidden\): allowed is") as refused:
        read_settings({"DATABASE_URL": url})
    assert url not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        *("localhost:6379", "http://hidden@x", "redis://", "redis://u:hidden@h:x", "unix://"),
        *("redis://u:hidden@h?db=x", "redis://u:hidden@h?ssl_ca_certs=x", "rediss://u:hidden@h?ca=x"),
    ],
)
def test_a_wrong_redis_url_is_not_shown(url: str) -> None:
    with pytest.raises(SettingError, match=r"REDIS_URL=\(hidden\): allowed is a Redis address") as refused:
        read_settings({"REDIS_URL": url})
    assert "hidden@" not in str(refused.value)


def test_a_redis_prefix_cannot_break_the_hash_tag() -> None:
    with pytest.raises(SettingError, match="TILO_REDIS_PREFIX='a}b': allowed is"):
        read_settings({"TILO_REDIS_PREFIX": "a}b"})


def test_secrets_are_not_in_the_representation() -> None:
    settings = read_settings(
        {"DATABASE_URL": "postgresql://u:secret1@h/d", "TILO_ADMIN_PASSWORD": "secret2", "TILO_API_KEY": "secret3"}
    )
    assert "secret" not in repr(settings)


def test_the_pool_cannot_start_larger_than_it_may_be() -> None:
    with pytest.raises(SettingError, match="TILO_POOL_MIN=30: allowed is at most TILO_POOL_MAX, 20"):
        read_settings({"TILO_POOL_MIN": "30"})


def test_a_misspelt_name_is_noticed() -> None:
    assert unknown_settings({"TILO_CHAT_RETENTON": "1", "TILO_API_KEY": "x", "PATH": "/bin"}) == [
        "TILO_CHAT_RETENTON is no setting of this server; did you mean TILO_CHAT_RETENTION?"
    ]


def test_the_demo_is_shown_with_the_embedded_database_unless_told_otherwise() -> None:
    assert read_settings({}).shows_demo
    assert not read_settings({"DATABASE_URL": "postgresql://h/d"}).shows_demo
    assert read_settings({"DATABASE_URL": "postgresql://h/d", "TILO_DEMO": "true"}).shows_demo
    assert not read_settings({"TILO_DEMO": "false"}).shows_demo
    assert len(setting_names()) == len(set(setting_names()))


def test_every_wrong_setting_has_its_line() -> None:
    with pytest.raises(SettingError) as refused:
        read_settings({"PORT": "x", "TILO_DEMO": "maybe"})
    assert [line.partition("=")[0] for line in str(refused.value).splitlines()] == ["PORT", "TILO_DEMO"]
