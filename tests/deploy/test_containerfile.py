"""deploy/Containerfile: linted, and what it copies is all that the server needs. No image is built: that wants a base image."""

import asyncio
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import PROJECT, run

FILE = PROJECT / "deploy" / "Containerfile"
LINTER = Path(sys.executable).parent / "hadolint"


@pytest.mark.skipif(not LINTER.exists(), reason="hadolint comes for Linux only")
def test_the_linter_finds_nothing() -> None:
    assert subprocess.run([LINTER, FILE], capture_output=True, text=True, check=False).stdout == ""


def test_what_is_copied_is_what_the_engine_is_given() -> None:
    given = re.findall(r"^!(\S+)$", (PROJECT / ".dockerignore").read_text(), re.MULTILINE)
    assert sorted(given) == sorted(copied())


async def test_a_server_of_nothing_but_that_serves_and_passes_its_health_check(dsn: str, tmp_path: Path) -> None:
    for name in copied():
        if (source := PROJECT / name).is_dir():
            shutil.copytree(source, tmp_path / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    data = tmp_path / "data"
    async with run(tmp_path, PYTHONPATH="", DATABASE_URL=dsn, TILO_DATA_DIR=str(data)) as server:
        url = await server.listening()
        program, *words = [word.replace("http://127.0.0.1:8765", url) for word in health_check()]
        assert program == "python"
        check = await asyncio.create_subprocess_exec(sys.executable, *words)
        assert await check.wait() == 0
        assert await server.end(signal.SIGTERM) == 0
    assert not data.exists(), "with a database and a password of its own it needs no volume"


def copied() -> list[str]:
    """What of the checkout gets into the image."""
    lines = re.findall(r"^COPY (.+)$", FILE.read_text(), re.MULTILINE)
    return [source for line in lines for source in shlex.split(line)[:-1]]


def health_check() -> list[str]:
    """The command that the engine runs in the container."""
    [words] = re.findall(r"^ +CMD (\[.+\])$", FILE.read_text(), re.MULTILINE)
    command: list[str] = json.loads(words)
    return command
