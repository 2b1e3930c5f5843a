"""The command line in processes of its own: what it prints, how it ends."""

import contextlib
import re
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.command import output, run
from tests.conftest import Sql
from tilo_ws import __version__, resources

LEASE_EXPIRY = 15.0
"""Seconds after which any lease is free."""


async def test_help_names_the_commands(server_directory: Path) -> None:
    status, out, _ = await output(server_directory, "--help")
    assert status == 0
    assert all(word in out for word in ("serve", "migrate", "check"))
    assert await output(server_directory, "--version") == (0, f"{__version__}\n", "")


async def test_a_wrong_setting_is_one_line(server_directory: Path) -> None:
    assert await output(server_directory, PORT="http") == (
        1,
        "",
        "tilo_ws: PORT='http': allowed is a whole number from 0 to 65,535\n",
    )


async def test_the_environment_wins_over_the_file(server_directory: Path) -> None:
    (server_directory / ".env").write_text("PORT=nonsense\nTILO_LOG_LEVEL=loud\n")
    status, _, err = await output(server_directory, PORT="0")
    assert (status, err) == (1, "tilo_ws: TILO_LOG_LEVEL='loud': allowed is one of debug, info, warning, error\n")


@pytest.mark.parametrize("command", ["serve", "migrate", "check"])
async def test_a_database_that_cannot_be_reached_is_one_line_within_10_s(command: str, server_directory: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    started = time.monotonic()
    status, out, err = await output(server_directory, command, DATABASE_URL=f"postgresql://u:secret@127.0.0.1:{port}/d")
    assert time.monotonic() - started < 10
    assert status == 1
    [line] = [line for line in (out + err).splitlines() if "settings: ok" not in line]
    assert "refused" in line
    assert "secret" not in out + err


async def test_a_port_in_use_is_one_line(server_directory: Path, dsn: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, _, err = await output(server_directory, DATABASE_URL=dsn, HOST="127.0.0.1", PORT=port)
    assert status == 1
    assert err.splitlines()[-1] == f"tilo_ws: cannot listen on 127.0.0.1:{port}: Address already in use"
    assert "Traceback" not in err


async def test_a_server_keeps_its_data_over_restarts_and_leaves_nothing_running(server_directory: Path) -> None:
    for start in (1, 2):
        async with run(server_directory) as server:
            await server.listening()
            if start == 1:
                assert "made a password" not in server.log, "one was given"
            began = time.monotonic()
            assert await server.end(signal.SIGINT if start == 1 else signal.SIGTERM) == 0
            assert time.monotonic() - began < 5
            assert "ended" in server.log
            assert "Traceback" not in server.log
            assert ("applied 0001" in server.log) == (start == 1)
    assert processes_of(server_directory) == []


def processes_of(directory: Path) -> list[str]:
    """The command lines that name this directory."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            lines.append((process / "cmdline").read_text().replace("\0", " "))
    return [line for line in lines if str(directory) in line]


async def test_a_second_server_on_the_same_data_directory_is_told(server_directory: Path) -> None:
    async with run(server_directory) as first:
        await first.listening()
        status, _, err = await output(server_directory)
        assert status == 1
        assert "data" in err.splitlines()[-1]
        assert "Traceback" not in err
        assert await first.end() == 0


async def test_a_server_killed_is_back_at_once(server_directory: Path) -> None:
    async with run(server_directory) as first:
        await first.listening()
        await first.end(signal.SIGKILL)
    began = time.monotonic()
    async with run(server_directory) as second:
        await second.listening()
        assert time.monotonic() - began < LEASE_EXPIRY, "the lease of a process that is gone is not waited for"
        assert await second.end() == 0


async def test_a_server_that_loses_its_lease_ends_with_one_line(server_directory: Path, dsn: str, sql: Sql) -> None:
    async with run(server_directory, DATABASE_URL=dsn) as server:
        await server.listening()
        sql(
            "UPDATE server_lease SET holder = gen_random_uuid(), machine = 'm', process = '7', address = 'other:1',"
            " renewed_at = now()"
        )
        assert await server.ended() == 1
        assert "another server uses this database: other:1, process 7" in server.log


async def test_migrate_and_check_tell_what_they_did(server_directory: Path) -> None:
    names = [file.stem.split("_", 1) for file in sorted(resources.MIGRATIONS.glob("*.sql"))]
    status, out, _ = await output(server_directory, "check")
    assert status == 0
    assert re.fullmatch(
        rf"settings: ok\ndatabase: ok, PostgreSQL \d+\.\d+, migrations to apply at the next start: {len(names)}\n", out
    )
    applied = "".join(f"applied {number} {name}\n" for number, name in names)
    assert (await output(server_directory, "migrate"))[:2] == (0, applied)
    assert (await output(server_directory, "migrate"))[:2] == (0, "the schema is up to date\n")
    status, out, _ = await output(server_directory, "migrate", "--new-epoch")
    assert status == 0
    assert re.fullmatch(r"the schema is up to date\nnew epoch [0-9a-f-]{36}\n", out)
