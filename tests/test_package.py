"""The package: sdist and wheel hold everything that the server reads, and an installed one runs from any directory."""

import shutil
import site
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.command import PROJECT, run
from tests.conftest import open_directory
from tilo_ws import __version__

FOLDERS = ("templates", "static", "sql")
SCRIPT = "realtime/scripts/probe.lua"
"""Stands for the scripts that Redis runs."""


@pytest.fixture(scope="module")
def built() -> Iterator[Path]:
    """A directory with the sdist and, made from that alone, the wheel."""
    with open_directory() as directory:
        source = directory / "source"
        ignored = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info", "node_modules", "screenshots")
        shutil.copytree(PROJECT, source, symlinks=True, ignore=ignored)
        shutil.copy(PROJECT / ".env.example", source)
        script = source / "tilo_ws" / SCRIPT
        script.parent.mkdir(exist_ok=True)
        script.write_text("return 1\n")
        building = [sys.executable, "-m", "build", "--no-isolation", f"--outdir={directory}", str(source)]
        subprocess.run(building, check=True, stdout=subprocess.DEVNULL)
        yield directory


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [wheel] = built.glob("*.whl")
    return wheel


def files_in(directory: Path) -> set[str]:
    """Those of the checkout, as the wheel is to have them."""
    return {
        str(file.relative_to(directory)) for file in directory.rglob("*") if file.is_file() and "__pycache__" not in str(file)
    }


def environment(directory: Path) -> Path:
    """A fresh virtual environment without pip. Returns its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory)], check=True)
    return directory / "bin" / "python"


def install(python: Path, *arguments: object) -> None:
    """By this environment's pip into that one."""
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", *map(str, arguments)], check=True, timeout=600)


def test_the_wheel_holds_every_module_page_statement_and_script(wheel: Path) -> None:
    inside = {name.removeprefix("tilo_ws/") for name in zipfile.ZipFile(wheel).namelist() if name.startswith("tilo_ws/")}
    beside = {f"{folder}/{file}" for folder in FOLDERS for file in files_in(PROJECT / folder)}
    assert inside == files_in(PROJECT / "tilo_ws") | beside | {SCRIPT}


def test_the_sdist_holds_what_the_wheel_is_made_of_and_no_half_of_the_tests(built: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        top = {name.partition("/")[2].partition("/")[0] for name in archive.getnames()}
    project = {"pyproject.toml", "setup.cfg", "requirements.txt", "requirements-tracing.txt", "MANIFEST.in"}
    documents = {"README.md", "CHANGELOG.md", "LICENSE", ".env.example"}
    assert top - {"", "PKG-INFO", "tilo_ws.egg-info"} == {"tilo_ws", *FOLDERS} | project | documents


async def test_an_installed_server_runs_from_any_directory(wheel: Path, server_directory: Path, dsn: str) -> None:
    python = environment(server_directory / "environment")
    install(python, "--no-deps", "--no-index", wheel)
    [packages] = (server_directory / "environment").glob("lib/*/site-packages")
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    elsewhere = server_directory / "elsewhere"
    elsewhere.mkdir()

    command = (str(python.with_name("tilo-ws")),)
    async with run(elsewhere, command=command, DATABASE_URL=dsn, TILO_DEMO="true", PYTHONPATH="") as server:
        url = await server.listening()
        async with aiohttp.ClientSession(url) as session:
            for path, text in {
                "/": "websocket-client.js",
                "/static/websocket-client.js": "TiloWebSocket",
                "/admin/login": "csrf_token",
                "/readyz": '"ready"',
            }.items():
                async with session.get(path) as response:
                    assert response.status == 200, path
                    assert text in await response.text(), path
        assert await server.end() == 0
        assert "Traceback" not in server.log

    async with run(elsewhere, "--help", command=command, PYTHONPATH="") as helping:
        shown, _ = await helping.process.communicate()
        assert shown.startswith(b"usage: tilo-ws ")


@pytest.mark.long
def test_the_sdist_brings_what_it_needs_into_an_empty_environment(built: Path, server_directory: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    python = environment(server_directory / "environment")
    install(python, sdist)
    command = str(python.with_name("tilo-ws"))
    clean = {"HOME": str(server_directory), "PATH": ""}
    assert subprocess.check_output([command, "--version"], env=clean, text=True) == f"{__version__}\n"
    checked = subprocess.check_output([command, "check"], cwd=server_directory, env=clean, text=True)
    assert checked.startswith("settings: ok\ndatabase: ok, PostgreSQL 18.")
