"""The settings: read from the environment and from `.env` into one frozen object, or refused with one clear line."""

import dataclasses
import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from psycopg2.extensions import parse_dsn
from redis import Redis
from redis.exceptions import RedisError

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingError(Exception):
    """Settings are wrong. A line for each names it, its value, and what is allowed."""


class _Refused(Exception):
    """A value is not allowed; the text says what is."""


def _text(raw: str) -> str:
    return raw


def _path(raw: str) -> Path:
    return Path(raw)


def _dsn(raw: str) -> str:
    try:
        parts = parse_dsn(raw)
    except psycopg2.ProgrammingError:
        raise _Refused("a PostgreSQL address such as postgresql://user:password@host/database") from None
    if any("," in str(parts.get(key, "")) for key in ("host", "port")):
        raise _Refused("the address of one server, not of several")
    return raw


def _redis_url(raw: str) -> str:
    try:
        url = urlsplit(raw)
        place = url.path if url.scheme == "unix" else url.hostname
        valid = url.scheme in ("redis", "rediss", "unix") and bool(place) and url.port != 0
        Redis.from_url(raw).connection_pool.make_connection()  # which connects to nothing, and knows the options
    except (ValueError, TypeError, RedisError):
        valid = False
    if not valid:
        raise _Refused("a Redis address such as redis://user:password@host:6379, rediss://… for TLS, or unix:///run/redis.sock")
    return raw


def _redis_prefix(raw: str) -> str:
    if not re.fullmatch(r"[\w.-]{1,64}", raw, re.ASCII):
        raise _Refused("up to 64 letters, digits and . _ -")
    return raw


_INFINITY = float("inf")


def _number(least: float, most: float, *, whole: bool = False, above: bool = False) -> Callable[[str], Any]:
    kind = "a whole number" if whole else "a number"
    allowed = f"{kind} {'above' if above else 'from'} {least:,}"
    if most != _INFINITY:
        allowed += f", at most {most:,}" if above else f" to {most:,}"
    elif not above:
        allowed += " up"

    def parse(raw: str) -> float | int:
        if not re.fullmatch(r"-?\d{1,16}" if whole else r"-?\d+(\.\d*)?|-?\.\d+", raw):
            raise _Refused(allowed)
        value = int(raw) if whole else float(raw)
        if not least <= value <= most or (above and value == least):
            raise _Refused(allowed)
        return value

    return parse


def _flag(raw: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    try:
        return words[raw.lower()]
    except KeyError:
        raise _Refused("true or false") from None


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if raw.lower() not in allowed:
            raise _Refused("one of " + ", ".join(allowed))
        return raw.lower()

    return parse


def _networks(raw: str) -> tuple[IPNetwork, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in raw.split(",") if part.strip())
    except ValueError:
        raise _Refused("addresses or networks such as 127.0.0.1,10.0.0.0/8, separated by commas") from None


_ORIGIN = re.compile(r"https?://([^\s/:@\[\]]+|\[[0-9a-f:]+\])(:\d{1,5})?")


def _origins(raw: str) -> tuple[str, ...]:
    origins = tuple(origin.strip().lower() for origin in raw.split(",") if origin.strip())
    if not all(origin == "*" or _ORIGIN.fullmatch(origin) for origin in origins):
        raise _Refused("origins such as https://tilo.life,http://localhost:3000, separated by commas, or *")
    return tuple(re.sub(r"^(http://.*):80$|^(https://.*):443$", r"\1\2", origin) for origin in origins)


def _names(raw: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in raw.split(",") if name.strip())


_COUNT = _number(0, 2**31, whole=True)
_FROM_ZERO = _number(0, _INFINITY)


def _setting(name: str, default: str | None, parse: Callable[[str], Any], *, secret: bool = False) -> Any:
    return dataclasses.field(
        default=None if default is None else parse(default),
        metadata={"name": name, "default": default, "parse": parse, "secret": secret},
        repr=not secret,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting, as `.env.example` explains them. Durations are in seconds unless the name says otherwise."""

    database_url: str | None = _setting("DATABASE_URL", None, _dsn, secret=True)
    redis_url: str | None = _setting("REDIS_URL", None, _redis_url, secret=True)
    redis_prefix: str = _setting("TILO_REDIS_PREFIX", "tilo", _redis_prefix)
    host: str = _setting("HOST", "0.0.0.0", _text)
    port: int = _setting("PORT", "8765", _number(0, 65535, whole=True))
    data_dir: Path = _setting("TILO_DATA_DIR", "data", _path)
    pool_min: int = _setting("TILO_POOL_MIN", "5", _number(1, 1000, whole=True))
    pool_max: int = _setting("TILO_POOL_MAX", "20", _number(1, 1000, whole=True))
    cleanup_interval: float = _setting("TILO_CLEANUP_INTERVAL", "5", _number(0, 86400, above=True))
    chat_retention: float = _setting("TILO_CHAT_RETENTION", "86400", _FROM_ZERO)
    audit_retention: float = _setting("TILO_AUDIT_RETENTION", "31536000", _FROM_ZERO)
    connection_timeout: float = _setting("TILO_CONNECTION_TIMEOUT", "60", _FROM_ZERO)
    max_message_length: int = _setting("TILO_MAX_MESSAGE_LENGTH", "500", _COUNT)
    max_nickname_length: int = _setting("TILO_MAX_NICKNAME_LENGTH", "32", _COUNT)
    max_frame_bytes: int = _setting("TILO_MAX_FRAME_BYTES", "16384", _COUNT)
    chat_rate: float = _setting("TILO_CHAT_RATE", "2", _FROM_ZERO)
    chat_burst: float = _setting("TILO_CHAT_BURST", "10", _number(1, _INFINITY))
    command_rate: float = _setting("TILO_COMMAND_RATE", "20", _FROM_ZERO)
    command_burst: float = _setting("TILO_COMMAND_BURST", "60", _number(1, _INFINITY))
    max_connections: int = _setting("TILO_MAX_CONNECTIONS", "0", _COUNT)
    max_connections_per_ip: int = _setting("TILO_MAX_CONNECTIONS_PER_IP", "100", _COUNT)
    max_connections_per_player: int = _setting("TILO_MAX_CONNECTIONS_PER_PLAYER", "0", _COUNT)
    connect_rate: float = _setting("TILO_CONNECT_RATE", "0", _FROM_ZERO)
    handshake_timeout: float = _setting("TILO_HANDSHAKE_TIMEOUT", "10", _FROM_ZERO)
    allowed_origins: tuple[str, ...] = _setting("TILO_ALLOWED_ORIGINS", "*", _origins)
    trusted_proxies: tuple[IPNetwork, ...] = _setting("TILO_TRUSTED_PROXIES", "127.0.0.1,::1", _networks)
    max_score: int = _setting("TILO_MAX_SCORE", "0", _number(0, 2**53 - 1, whole=True))
    max_score_per_second: float = _setting("TILO_MAX_SCORE_PER_SECOND", "0", _FROM_ZERO)
    slow_mode: float = _setting("TILO_SLOW_MODE", "0", _FROM_ZERO)
    repeat_window: float = _setting("TILO_REPEAT_WINDOW", "0", _FROM_ZERO)
    words_file: Path | None = _setting("TILO_WORDS_FILE", None, _path)
    words_action: str = _setting("TILO_WORDS_ACTION", "mask", _choice("mask", "refuse"))
    links: str = _setting("TILO_LINKS", "allow", _choice("allow", "refuse"))
    reserved_names: tuple[str, ...] = _setting("TILO_RESERVED_NAMES", "admin,system,server,moderator", _names)
    auth_secret: str | None = _setting("TILO_AUTH_SECRET", None, _text, secret=True)
    auth_public_key: Path | None = _setting("TILO_AUTH_PUBLIC_KEY", None, _path)
    auth_jwks_file: Path | None = _setting("TILO_AUTH_JWKS_FILE", None, _path)
    auth_audience: str | None = _setting("TILO_AUTH_AUDIENCE", None, _text)
    auth_issuer: str | None = _setting("TILO_AUTH_ISSUER", None, _text)
    auth_required: bool = _setting("TILO_AUTH_REQUIRED", "false", _flag)
    admin_password: str | None = _setting("TILO_ADMIN_PASSWORD", None, _text, secret=True)
    api_key: str | None = _setting("TILO_API_KEY", None, _text, secret=True)
    metrics_token: str | None = _setting("TILO_METRICS_TOKEN", None, _text, secret=True)
    demo: bool | None = _setting("TILO_DEMO", None, _flag)
    drain_seconds: float = _setting("TILO_DRAIN_SECONDS", "5", _number(0, 3600))
    log_level: str = _setting("TILO_LOG_LEVEL", "info", _choice("debug", "info", "warning", "error"))
    log_format: str = _setting("TILO_LOG_FORMAT", "text", _choice("text", "json"))
    flush_interval_ms: float = _setting("TILO_FLUSH_INTERVAL_MS", "20", _number(0, 60_000))

    @property
    def shows_demo(self) -> bool:
        """Whether `/` is the demo game: with the embedded database, unless a setting says otherwise."""
        return self.database_url is None if self.demo is None else self.demo


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from variables; an empty one counts as unset. Raises SettingError with a line for each wrong one."""
    values, errors = {}, []
    for field in dataclasses.fields(Settings):
        raw = environment.get(field.metadata["name"], "").strip()
        try:
            if raw:
                values[field.name] = _parsed(field, raw)
        except SettingError as error:
            errors.append(str(error))
    if errors:
        raise SettingError("\n".join(errors))
    settings = Settings(**values)
    if settings.pool_min > settings.pool_max:
        raise SettingError(f"TILO_POOL_MIN={settings.pool_min}: allowed is at most TILO_POOL_MAX, {settings.pool_max}")
    return settings


def _parsed(field: "dataclasses.Field[Any]", raw: str) -> Any:
    name = field.metadata["name"]
    try:
        return field.metadata["parse"](raw)
    except _Refused as allowed:
        shown = "(hidden)" if field.metadata["secret"] else repr(raw)
        raise SettingError(f"{name}={shown}: allowed is {allowed}") from None


def setting_names() -> list[str]:
    """The variables, in the order of the documents."""
    return [field.metadata["name"] for field in dataclasses.fields(Settings)]


def unknown_settings(environment: Mapping[str, str]) -> list[str]:
    """One line for each variable that looks like a setting and is none: most often a misspelt name."""
    known = setting_names()
    lines = []
    for name in sorted(environment):
        if name.startswith("TILO_") and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            lines.append(f"{name} is no setting of this server" + (f"; did you mean {close[0]}?" if close else ""))
    return lines
