"""Where the pages, the client library and the SQL files are: beside the package in a checkout, inside it once installed."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


TEMPLATES = _folder("templates")
STATIC = _folder("static")
MIGRATIONS = _folder("sql") / "migrations"
QUERIES = _folder("sql") / "queries"
SETTINGS_EXPLAINED = _PACKAGE / "settings.env"
"""A link to `.env.example`, and its copy in a wheel."""
