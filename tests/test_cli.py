"""The command line in processes of its own: what it prints, how it ends."""

import asyncio
import contextlib
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg2
import pytest

from tilo_ws import __version__

PROJECT = Path(__file__).parent.parent


class Process:
    """A `python -m tilo_ws` under test. `directory` is where it runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log = ""

    async def wait_for(self, pattern: str, seconds: float = 30) -> re.Match[str]:
        """Reads the log up to a line that matches."""
        assert self.process.stderr is not None
        async with asyncio.timeout(seconds):
            while True:
                if found := re.search(pattern, self.log):
                    return found
                line = await self.process.stderr.readline()
                assert line, f"ended without {pattern!r}: {self.log}"
                self.log += line.decode()

    async def end(self, number: int = signal.SIGINT, seconds: float = 30) -> int:
        self.process.send_signal(number)
        return await self.ended(seconds)

    async def ended(self, seconds: float = 30) -> int:
        _, rest = await asyncio.wait_for(self.process.communicate(), seconds)
        self.log += rest.decode()
        assert self.process.returncode is not None
        return self.process.returncode


@contextlib.asynccontextmanager
async def run(directory: Path, *words: str, **variables: str) -> AsyncIterator[Process]:
    """Starts the command with these variables and nothing of PostgreSQL in its PATH."""
    environment = {"PYTHONPATH": str(PROJECT), "PATH": "", "HOME": str(directory), "TILO_ADMIN_PASSWORD": "x", "PORT": "0"}
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tilo_ws",
        *words,
        cwd=directory,
        env=environment | variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    process = Process(started)
    try:
        yield process
    finally:
        if started.returncode is None:
            started.kill()
            await started.communicate()


async def output(directory: Path, *words: str, **variables: str) -> tuple[int, str, str]:
    """Exit status, stdout, stderr of a command that ends by itself."""
    async with run(directory, *words, **variables) as process:
        out, err = await asyncio.wait_for(process.process.communicate(), 60)
        assert process.process.returncode is not None
        return process.process.returncode, out.decode(), err.decode()


async def test_help_names_the_commands(place: Path) -> None:
    status, out, _ = await output(place, "--help")
    assert status == 0
    assert all(word in out for word in ("serve", "migrate", "check"))
    assert await output(place, "--version") == (0, f"{__version__}\n", "")


async def test_a_wrong_setting_is_one_line(place: Path) -> None:
    assert await output(place, PORT="http") == (1, "", "tilo_ws: PORT='http': allowed is a whole number from 0 to 65535\n")


async def test_the_environment_wins_over_the_file(place: Path) -> None:
    (place / ".env").write_text("PORT=nonsense\nTILO_LOG_LEVEL=loud\n")
    status, _, err = await output(place, PORT="0")
    assert (status, err) == (1, "tilo_ws: TILO_LOG_LEVEL='loud': allowed is one of debug, info, warning, error\n")


@pytest.mark.parametrize("command", ["serve", "migrate", "check"])
async def test_a_database_that_cannot_be_reached_is_one_line_within_10_s(command: str, place: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    started = time.monotonic()
    status, out, err = await output(place, command, DATABASE_URL=f"postgresql://u:secret@127.0.0.1:{port}/d")
    assert time.monotonic() - started < 10
    assert status == 1
    [line] = [line for line in (out + err).splitlines() if "settings: ok" not in line]
    assert "refused" in line
    assert "secret" not in out + err


async def test_a_port_in_use_is_one_line(place: Path, dsn: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, _, err = await output(place, DATABASE_URL=dsn, HOST="127.0.0.1", PORT=port)
    assert status == 1
    assert err.splitlines()[-1] == f"tilo_ws: cannot listen on 127.0.0.1:{port}: Address already in use"
    assert "Traceback" not in err


async def test_a_server_keeps_its_data_over_restarts_and_leaves_nothing_running(place: Path) -> None:
    for start in (1, 2):
        async with run(place) as server:
            await server.wait_for("listening on")
            if start == 1:
                assert "made a password" not in server.log, "one was given"
            began = time.monotonic()
            assert await server.end(signal.SIGINT if start == 1 else signal.SIGTERM) == 0
            assert time.monotonic() - began < 5
            assert "ended" in server.log
            assert "Traceback" not in server.log
            assert ("applied 0001" in server.log) == (start == 1)
    assert processes_of(place) == []


def processes_of(directory: Path) -> list[str]:
    """The command lines that name this directory."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            lines.append((process / "cmdline").read_text().replace("\0", " "))
    return [line for line in lines if str(directory) in line]


async def test_a_second_server_on_the_same_data_directory_is_told(place: Path) -> None:
    async with run(place) as first:
        await first.wait_for("listening on")
        status, _, err = await output(place)
        assert status == 1
        assert "data" in err.splitlines()[-1]
        assert "Traceback" not in err
        assert await first.end() == 0


async def test_a_server_killed_is_back_at_once(place: Path) -> None:
    async with run(place) as first:
        await first.wait_for("listening on")
        await first.end(signal.SIGKILL)
    began = time.monotonic()
    async with run(place) as second:
        await second.wait_for("listening on")
        assert time.monotonic() - began < 15, "the lease of a process that is gone is not waited for"
        assert await second.end() == 0


async def test_a_server_that_loses_its_lease_ends_with_one_line(place: Path, dsn: str) -> None:
    async with run(place, DATABASE_URL=dsn) as server:
        await server.wait_for("listening on")
        connection = psycopg2.connect(dsn)
        connection.autocommit = True
        connection.cursor().execute(
            "UPDATE server_lease SET holder = gen_random_uuid(), machine = 'm', process = '7', address = 'other:1',"
            " renewed_at = now()"
        )
        connection.close()
        assert await server.ended() == 1
        assert "another server uses this database: other:1, process 7" in server.log


async def test_migrate_and_check_tell_what_they_did(place: Path) -> None:
    assert (await output(place, "check"))[:2] == (
        0,
        "settings: ok\ndatabase: ok, PostgreSQL 18.4, 1 migrations to apply at the next start\n",
    )
    assert (await output(place, "migrate"))[:2] == (0, "applied 0001 initial\n")
    assert (await output(place, "migrate"))[:2] == (0, "the schema is up to date\n")
    status, out, _ = await output(place, "migrate", "--new-epoch")
    assert status == 0
    assert re.fullmatch(r"the schema is up to date\nnew epoch [0-9a-f-]{36}\n", out)
