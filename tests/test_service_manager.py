"""What systemd hears: that the server is ready, that it lives, and that it ends; by a socket as its own."""

import asyncio
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import run
from tests.eventually import PATIENCE
from tests.test_documentation import read
from tilo_ws.service_manager import READY, ServiceManager


class Systemd:
    """The other end."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + path[1:] if path.startswith("@") else path)
        self._socket.setblocking(False)

    async def hear(self) -> str:
        """The next that it is told."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return self._socket.recv(4096).decode()
                except BlockingIOError:
                    await asyncio.sleep(0.01)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd() -> Iterator[Systemd]:
    with tempfile.TemporaryDirectory() as directory:
        listening = Systemd(str(Path(directory) / "notify"))
        yield listening
        listening.close()


@pytest.mark.parametrize("words", [[], ["--workers", "2"]], ids=["one process", "workers"])
async def test_it_is_told_of_the_start_of_life_and_of_the_end(
    words: list[str], systemd: Systemd, server_directory: Path
) -> None:
    variables = {"NOTIFY_SOCKET": systemd.path, "WATCHDOG_USEC": "300000"}
    async with run(server_directory, *words, **variables) as server:
        while (said := await systemd.hear()) == "WATCHDOG=1":
            pass
        assert said == "READY=1"
        assert [await systemd.hear() for _ in range(3)] == ["WATCHDOG=1"] * 3
        server.tell(signal.SIGTERM)
        while (said := await systemd.hear()) == "WATCHDOG=1":
            pass
        assert said == "STOPPING=1"
        assert await server.ended() == 0
    assert "Traceback" not in server.log


async def test_a_server_that_hangs_gives_no_sign_of_life(systemd: Systemd) -> None:
    """What is told comes from the event loop."""
    manager = ServiceManager({"NOTIFY_SOCKET": systemd.path, "WATCHDOG_USEC": "30000000"})
    [beat] = manager.schedule
    assert beat.interval == 10
    beat.action()
    assert await systemd.hear() == "WATCHDOG=1"


async def test_an_address_without_a_file_is_understood() -> None:
    systemd = Systemd(f"@tilo-test-{os.getpid()}")
    ServiceManager({"NOTIFY_SOCKET": systemd.path}).tell(READY)
    assert await systemd.hear() == READY
    systemd.close()


@pytest.mark.parametrize(
    "environment",
    [{}, {"NOTIFY_SOCKET": "/x"}, {"WATCHDOG_USEC": "9"}, {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"}],
)
def test_without_a_watchdog_for_this_process_nothing_is_repeated(environment: dict[str, str]) -> None:
    assert ServiceManager(environment).schedule == []
    assert environment == {}, "or a child would speak for this process"


def test_one_that_is_gone_keeps_nothing_from_going_on(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell(READY)
    assert "systemd does not hear READY=1: [Errno 2] No such file or directory" in caplog.text


def test_without_systemd_nothing_is_told() -> None:
    ServiceManager({}).tell(READY)


def test_the_unit_waits_for_what_the_server_tells() -> None:
    unit = read("deploy/tilo-ws.service").splitlines()
    assert {"Type=notify", "WatchdogSec=30"} <= set(unit)
