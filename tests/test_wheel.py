"""The wheel: everything that the server reads lies inside, and an installed one finds it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.command import PROJECT

FOLDERS = ("templates", "static", "sql")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A directory with the unpacked wheel."""
    source = tmp_path / "source"
    for folder in ("tilo_ws", *FOLDERS):
        shutil.copytree(PROJECT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "setup.cfg", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(PROJECT / file, source)
    offline = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *offline, f"--wheel-dir={tmp_path}", str(source)], check=True)
    [wheel] = tmp_path.glob("tilo_ws-*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    return tmp_path / "installed"


def files_in(directory: Path) -> set[str]:
    return {str(file.relative_to(directory)) for file in directory.rglob("*") if file.is_file()}


def test_a_wheel_holds_every_module_page_and_statement_and_finds_them(installed: Path) -> None:
    package = installed / "tilo_ws"
    code = {file for file in files_in(PROJECT / "tilo_ws") if "__pycache__" not in file}
    beside = {f"{folder}/{file}" for folder in FOLDERS for file in files_in(PROJECT / folder)}
    assert files_in(package) == code | beside

    show = "from tilo_ws import resources as r; print(r.TEMPLATES, r.STATIC, r.MIGRATIONS, r.QUERIES)"
    shown = subprocess.check_output([sys.executable, "-c", show], env={"PYTHONPATH": str(installed)}, cwd=installed, text=True)
    assert shown.split() == [str(package / name) for name in ("templates", "static", "sql/migrations", "sql/queries")]
