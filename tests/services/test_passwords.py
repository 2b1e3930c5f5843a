"""The admin's password, plain and as a hash."""

import re
import subprocess
import sys

import pytest

from tests.command import PROJECT
from tilo_ws.from_settings import admin_password
from tilo_ws.services.passwords import Password, hashed
from tilo_ws.settings import SettingError, read_settings


@pytest.mark.parametrize("given", ["correct horse", hashed("correct horse")], ids=["plain", "a hash"])
def test_only_the_password_matches(given: str) -> None:
    password = Password(given)
    assert password.matches("correct horse")
    for wrong in ("", "correct hors", "correct horse ", given + "x", "\udcff"):
        assert not password.matches(wrong)


def test_a_hash_is_another_one_each_time_and_does_not_match_itself() -> None:
    first, second = hashed("x"), hashed("x")
    assert first != second
    assert first.startswith("scrypt$15$8$1$")
    assert not Password(first).matches(first)


@pytest.mark.parametrize(
    "given",
    [
        "scrypt$",
        "scrypt$15$8$1$c2FsdA==$short",
        hashed("x").replace("$15$", "$30$"),
        hashed("x").replace("$8$", "$0$"),
        hashed("x") + "=",
    ],
    ids=["empty", "short", "too much memory", "no blocks", "no base64"],
)
def test_a_hash_that_cannot_be_read_stops_the_start_and_is_not_shown(given: str) -> None:
    with pytest.raises(SettingError, match=r"TILO_ADMIN_PASSWORD=\(hidden\): allowed is a"):
        admin_password(read_settings({"TILO_ADMIN_PASSWORD": given}))


def test_the_line_in_the_documents_makes_a_hash() -> None:
    [code] = re.findall(r'python -c "(.*)"', (PROJECT / "docs" / "security.md").read_text(encoding="utf-8"))
    command = [sys.executable, "-c", code]
    made = subprocess.run(command, input="correct horse\n", capture_output=True, text=True, check=True, cwd=PROJECT)
    assert Password(made.stdout.strip()).matches("correct horse")
