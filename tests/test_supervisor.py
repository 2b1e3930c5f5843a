"""`--workers 2`, in processes of its own: served by both, ended with all that belongs to it."""

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import psutil
import pytest

from tests.command import Process, output, run
from tests.conftest import Sql, Transaction
from tests.eventually import PATIENCE, eventually
from tests.test_cli import LEASE_EXPIRY
from tests.web.conversation import CHAT, Socket, close_code, hear
from tests.worker_processes import has_ended, workers_of


def connections_of(worker: psutil.Process) -> int:
    return sum(connection.status == psutil.CONN_ESTABLISHED for connection in worker.net_connections("tcp"))


@contextlib.asynccontextmanager
async def players_on(url: str, count: int) -> AsyncIterator[list[Socket]]:
    """So many connections."""
    async with aiohttp.ClientSession() as session, contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(session.ws_connect(f"{url}/ws")) for _ in range(count)]


@contextlib.asynccontextmanager
async def reading(server: Process) -> AsyncIterator[str]:
    """The address of the server, whose log is read meanwhile: it would wait for a full pipe."""
    url = await server.listening()
    task = asyncio.create_task(server.ended(seconds=None))
    yield url
    await asyncio.wait_for(task, PATIENCE)


async def test_both_serve_and_a_signal_sends_everybody_away_and_ends_everything(server_directory: Path) -> None:
    async with run(server_directory, "--workers", "2") as server, reading(server) as url:
        workers = workers_of(server.process.pid)
        everything = psutil.Process(server.process.pid).children(recursive=True)
        async with players_on(url, 30) as players:
            assert set(workers) == {1, 2}
            assert min(map(connections_of, workers.values())) > 2, "far below anything that chance makes of 15"
            server.tell(signal.SIGTERM)
            assert {await close_code(player) for player in players} == {1012}
    assert server.process.returncode == 0
    assert not any(process.is_running() for process in everything)
    assert "INFO worker 2 tilo_ws.server: ended" in server.log
    assert "Traceback" not in server.log


async def test_changed_for_new_ones_it_refuses_nobody(server_directory: Path) -> None:
    async with run(server_directory, "serve", "--workers", "2") as server:
        url = await server.listening()
        before = workers_of(server.process.pid)
        async with players_on(url, 10) as players, aiohttp.ClientSession(url) as session:
            leaving = asyncio.gather(*map(close_code, players))
            server.tell(signal.SIGHUP)
            changed = asyncio.create_task(server.wait_for("2 workers have been changed for new ones"))
            statuses = set()
            while not changed.done():
                async with session.get("/readyz") as response:
                    statuses.add(response.status)
            await changed
            assert statuses == {200}, "503 is of a worker that leaves"
            assert set(await leaving) == {1012}
        after = workers_of(server.process.pid)
        assert after.keys() == before.keys()
        assert not {worker.pid for worker in after.values()} & {worker.pid for worker in before.values()}
        assert await server.end() == 0


async def test_a_killed_supervisor_leaves_nothing_running_and_is_back_in_seconds(server_directory: Path) -> None:
    async with run(server_directory, "--workers", "2") as server:
        url = await server.listening()
        everything = psutil.Process(server.process.pid).children(recursive=True)
        async with players_on(url, 4) as players:
            leaving = asyncio.gather(*map(close_code, players))
            server.tell(signal.SIGKILL)
            assert set(await leaving) == {1012}
        await eventually(lambda: all(map(has_ended, everything)))
        assert await server.ended() == -signal.SIGKILL
    began = time.monotonic()
    async with run(server_directory, "--workers", "2") as second:
        await second.listening()
        assert time.monotonic() - began < LEASE_EXPIRY, "the lease of those that are gone is not waited for"
        assert await second.end() == 0


async def test_ctrl_c_ends_it_in_good_order(server_directory: Path, dsn: str) -> None:
    async with run(server_directory, "--workers", "2", DATABASE_URL=dsn) as server:
        await server.listening()
        group = os.getpgid(server.process.pid)
        workers = workers_of(server.process.pid).values()
        assert all(os.getpgid(worker.pid) != group for worker in workers), "Ctrl-C goes to the group"
        assert await server.end(signal.SIGINT) == 0


async def test_a_second_signal_ends_all_at_once(server_directory: Path, dsn: str, sql: Sql, transaction: Transaction) -> None:
    async with run(server_directory, "--workers", "2", DATABASE_URL=dsn) as server:
        url = await server.listening()
        workers = workers_of(server.process.pid)
        async with players_on(url, 1) as [player]:
            transaction.begin("LOCK TABLE chat_messages")
            await player.send_json(CHAT | {"ref": 1})
            await hear(player, "chat")
            server.tell(signal.SIGTERM)
            await server.wait_for(r"worker \d tilo_ws.server: ending\n")
            assert await server.end(signal.SIGTERM) == 1
        await eventually(lambda: all(map(has_ended, workers.values())))
    transaction.end()


async def test_why_it_cannot_start_is_one_line(server_directory: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        status, out, err = await output(
            server_directory, "--workers", "2", DATABASE_URL=f"postgresql://u:secret@127.0.0.1:{port}/d"
        )
    assert (status, out) == (1, "")
    assert len([line for line in err.splitlines() if "refused" in line]) == 1
    assert "secret" not in err
    assert "Traceback" not in err


async def test_an_address_in_use_is_one_line(server_directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        port = str(taken.getsockname()[1])
        status, out, err = await output(server_directory, "--workers", "2", PORT=port)
    assert (status, out) == (1, "")
    assert err == f"tilo_ws: cannot listen on 127.0.0.1:{port}: Address already in use\n"


@pytest.mark.parametrize("count", ["0", "-1", "two", "65", ""])
async def test_a_number_of_workers_that_makes_no_sense_is_refused(count: str, server_directory: Path) -> None:
    status, _, err = await output(server_directory, f"--workers={count}")
    assert status == 2
    assert f"argument --workers: {count!r}: allowed is a whole number from 1 to 64" in err
