"""Workers that are no servers: when they are started, replaced, changed and killed."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.eventually import PATIENCE, eventually
from tilo_ws.sockets import bind_shared
from tilo_ws.workers import Worker, Workers

# Answers every connection with its number and process. Files in its directory make it behave badly.
_WORKER = """
import os, pathlib, selectors, signal, socket, sys
if pathlib.Path("broken").exists():
    sys.exit(3)
signal.signal(signal.SIGTERM, signal.SIG_IGN if pathlib.Path("stubborn").exists() else lambda *_: sys.exit(0))
number, *descriptors = map(int, sys.argv[1:])
os.write(1, b"ready\\n")
if not os.read(0, 64):
    sys.exit(0)
selector = selectors.DefaultSelector()
selector.register(0, selectors.EVENT_READ)
for listener in [socket.socket(fileno=one) for one in descriptors]:
    listener.setblocking(False)
    listener.listen(100)
    selector.register(listener, selectors.EVENT_READ)
while True:
    if not pathlib.Path("hanging").exists():
        os.write(1, b"alive\\n")
    for key, _ in selector.select(0.2):
        if key.fd == 0:
            sys.exit(0)
        try:
            connection, _ = key.fileobj.accept()
        except BlockingIOError:
            continue  # the other one of a change has it
        connection.sendall(f"{number} {os.getpid()}".encode())
        connection.close()
"""


class Crew:
    """Some workers that are kept running in `directory`."""

    def __init__(self, directory: Path, count: int, silence_limit: float) -> None:
        self.directory = directory
        self.sockets = bind_shared("127.0.0.1", 0, count)
        program = directory / "worker.py"
        program.write_text(_WORKER)
        self.workers = Workers(
            self.sockets, [sys.executable, str(program)], backlog=100, retry_interval=0.05, silence_limit=silence_limit
        )
        self.told_to_change = asyncio.Event()

    async def answers(self, count: int = 60) -> dict[int, int]:
        """Number and process of each worker that answers one of so many connections."""
        port = self.sockets[0][0].getsockname()[1]
        seen = {}
        for _ in range(count):
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                number, pid = map(int, (await reader.read()).split())
                writer.close()
            seen[number] = pid
        return seen


@contextlib.asynccontextmanager
async def crew_of(directory: Path, count: int, silence_limit: float = PATIENCE) -> AsyncIterator[Crew]:
    """Starts that many, keeps them running and ends them."""
    crew = Crew(directory, count, silence_limit)
    assert await crew.workers.start()
    keeping = asyncio.create_task(crew.workers.keep(crew.told_to_change))
    yield crew
    keeping.cancel()
    crew.workers.end()
    assert await crew.workers.ended(PATIENCE)


@pytest.fixture(autouse=True)
def _in_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def test_all_of_them_take_connections(tmp_path: Path) -> None:
    async with crew_of(tmp_path, 3) as crew:
        assert set(await crew.answers()) == {1, 2, 3}


async def test_nobody_listens_before_all_can(tmp_path: Path) -> None:
    """Those who wait for the server would all come to the first, and stay there."""
    crew = Crew(tmp_path, 2, PATIENCE)
    listening: list[bool] = []
    launch = crew.workers._launch

    async def look_and_launch(number: int) -> Worker:
        listening.append(any(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) for [one] in crew.sockets))
        return await launch(number)

    crew.workers._launch = look_and_launch  # type: ignore[method-assign]
    assert await crew.workers.start()
    assert listening == [False, False]
    assert set(await crew.answers()) == {1, 2}
    crew.workers.end()
    assert await crew.workers.ended(PATIENCE)


async def test_one_that_dies_is_replaced_and_who_comes_meanwhile_waits_for_its_successor(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with crew_of(tmp_path, 2) as crew:
        before = await crew.answers()
        os.kill(before[2], signal.SIGKILL)
        after = await crew.answers()  # all are answered: none was refused
        assert after[1] == before[1]
        assert after[2] != before[2]
    assert f"worker 2 (process {before[2]}) has ended by itself (status -9): starting another" in caplog.text


async def test_one_that_gives_no_sign_of_life_is_killed_and_replaced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with crew_of(tmp_path, 1, silence_limit=2.0) as crew:
        first = (await crew.answers(1))[1]
        (tmp_path / "hanging").touch()
        await eventually(lambda: f"worker 1 (process {first}) has given no sign of life for 2 s: killing it" in caplog.text)
        (tmp_path / "hanging").unlink()
        assert (await crew.answers(1))[1] != first
    assert f"worker 1 (process {first}) has ended by itself (status -9): starting another" in caplog.text


async def test_one_that_cannot_start_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with crew_of(tmp_path, 1) as crew:
        (tmp_path / "broken").touch()
        first = (await crew.answers(1))[1]
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: caplog.text.count("has not started (status 3)") == 2)
        (tmp_path / "broken").unlink()
        assert (await crew.answers(1))[1] != first


async def test_one_that_cannot_even_be_launched_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with crew_of(tmp_path, 1) as crew:
        command, crew.workers._command = crew.workers._command, [str(tmp_path / "nothing")]
        os.kill((await crew.answers(1))[1], signal.SIGKILL)
        await eventually(lambda: "worker 1 cannot be started" in caplog.text)
        crew.workers._command = command
        assert await crew.answers(1)


async def test_all_are_changed_for_new_ones_and_nobody_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with crew_of(tmp_path, 2) as crew:
        before = await crew.answers()
        crew.told_to_change.set()
        while "have been changed" not in caplog.text:
            await crew.answers(1)
        after = await crew.answers()
        assert set(after) == {1, 2}
        assert not set(after.values()) & set(before.values())
        assert "by itself" not in caplog.text


async def test_a_new_one_that_cannot_start_leaves_the_old_ones_at_work(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with crew_of(tmp_path, 2) as crew:
        before = await crew.answers()
        (tmp_path / "broken").touch()
        crew.told_to_change.set()
        await eventually(lambda: "the workers from 1 on stay as they are" in caplog.text)
        assert await crew.answers() == before
        (tmp_path / "broken").unlink()


async def test_one_that_dies_while_it_is_being_changed_is_replaced_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with crew_of(tmp_path, 1) as crew:
        first = (await crew.answers(1))[1]
        crew.told_to_change.set()
        await eventually(crew.workers._changing[0].locked)
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: "have been changed" in caplog.text)
        assert (await crew.answers(1))[1] != first
        assert len(crew.workers._alive) == 1
        assert "by itself" not in caplog.text


async def test_without_its_first_worker_none_is_started(tmp_path: Path) -> None:
    crew = Crew(tmp_path, 2, PATIENCE)
    (tmp_path / "broken").touch()
    assert not await crew.workers.start()
    assert len(crew.workers._alive) == 1
    crew.workers.end()
    assert not await crew.workers.ended(PATIENCE)


async def test_one_that_does_not_end_is_killed_in_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    crew = Crew(tmp_path, 2, PATIENCE)
    (tmp_path / "stubborn").touch()
    assert await crew.workers.start()
    crew.workers.end()
    assert not await crew.workers.ended(0.1)
    assert "2 workers have not ended within 0.1 s: killing them" in caplog.text
