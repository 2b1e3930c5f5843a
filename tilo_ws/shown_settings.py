"""What the dashboard shows of the settings: value, default, origin and meaning of each, and no secret."""

import dataclasses
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from dotenv import dotenv_values
from psycopg2.extensions import parse_dsn

from tilo_ws import resources
from tilo_ws.settings import Settings
from tilo_ws.web.shown_setting import ShownSetting

_HIDDEN = "(hidden)"


def shown_settings(settings: Settings) -> list[ShownSetting]:
    """All settings in the order of the documents: call it at the start, while `.env` is what was read."""
    meanings = meanings_of(resources.SETTINGS_EXPLAINED.read_text(encoding="utf-8"))
    env_file = dotenv_values(".env")
    return [
        ShownSetting(
            name=field.metadata["name"],
            value=_shown(field, getattr(settings, field.name)),
            default=field.metadata["default"] or "",
            origin=origin_of(field.metadata["name"], os.environ, env_file),
            meaning=meanings[field.metadata["name"]],
        )
        for field in dataclasses.fields(settings)
    ]


def meanings_of(example: str) -> dict[str, str]:
    """The comment above each setting of `.env.example`; those that stand together share it."""
    blocks = re.findall(r"((?:^# .*\n)+)((?:^#\w+=.*\n?)+)", example, re.MULTILINE)
    return {
        name: " ".join(line.removeprefix("# ") for line in comment.splitlines())
        for comment, names in blocks
        for name in re.findall(r"^#(\w+)=", names, re.MULTILINE)
    }


def origin_of(name: str, environment: Mapping[str, str], env_file: Mapping[str, str | None]) -> str:
    """The environment wins also where it is empty, which counts as unset."""
    if name in environment:
        return "environment" if environment[name].strip() else "default"
    return ".env" if (env_file.get(name) or "").strip() else "default"


def without_password(address: str) -> str:
    """An address of PostgreSQL or Redis: of what can stand in one, only the parts that are known to hold no secret."""
    try:
        parts: dict[str, str] = parse_dsn(address)
    except psycopg2.ProgrammingError:
        url = urlsplit(address)
        return _address(url.scheme, url.username, url.password, url.hostname, url.port, url.path.removeprefix("/"))
    named = [parts.get(name) for name in ("user", "password", "host", "port", "dbname")]
    return _address("postgresql", *named)


def _address(scheme: str, user: str | None, password: str | None, host: str | None, port: object, path: str | None) -> str:
    account = f"{user or ''}{f':{_HIDDEN}' if password else ''}"
    place = f"[{host}]" if ":" in (host or "") else host or ""
    return f"{scheme}://{account}{'@' if account else ''}{place}{f':{port}' if port else ''}{f'/{path}' if path else ''}"


def _shown(field: "dataclasses.Field[Any]", value: Any) -> str:
    if value is None:
        return ""
    if field.metadata["secret"]:
        return without_password(value) if field.metadata["name"].endswith("_URL") else "set"
    return _text(value)


def _text(value: Any) -> str:
    """A value as it can be written into `.env`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, tuple):
        return ",".join(re.sub(r"^([\d.]+)/32$|^([\da-f:]+)/128$", r"\1\2", str(one)) for one in value)
    return str(value)
