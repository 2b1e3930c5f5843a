"""The life of the embedded Valkey, with real processes: what it leaves behind after which end."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.eventually import PATIENCE
from tests.storage.embedded.valkey_process import answers, ask, first_line, is_gone, pid_of, server_process, wait_until
from tilo_ws.storage.embedded import EmbeddedError, EmbeddedValkey
from tilo_ws.storage.embedded.account import unprivileged_account
from tilo_ws.storage.embedded.valkey import find_program

StartServer = Callable[[Path], "subprocess.Popen[str]"]

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel does not end processes so")


@pytest.fixture
def start() -> Iterator[StartServer]:
    """Starts a server in a process of its own that does nothing but keep its embedded Valkey."""
    servers: list[subprocess.Popen[str]] = []

    def start_server(data: Path) -> "subprocess.Popen[str]":
        servers.append(server_process(data))
        return servers[-1]

    yield start_server
    for server in servers:
        server.kill()
        server.communicate()


def test_it_answers_on_a_socket_and_begins_empty_each_time(valkey: EmbeddedValkey) -> None:
    path = valkey.start()
    assert ask(path, "SET", "key", "value") == "+OK"
    valkey.stop()

    assert ask(valkey.start(), "DBSIZE") == ":0"


def test_no_port_is_open_nothing_is_written_and_memory_is_bounded(valkey: EmbeddedValkey) -> None:
    path = valkey.start()

    for name, value in {
        "port": "0",
        "save": "$0",  # a text of no length
        "appendonly": "no",
        "maxmemory": str(256 * 1024 * 1024),
        "maxmemory-policy": "noeviction",
    }.items():
        assert ask(path, "CONFIG", "GET", name).split("\r\n")[-1] == value, name
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_its_log_is_quiet(valkey: EmbeddedValkey, open_place: Path) -> None:
    valkey.start()
    said = (open_place / "data" / "valkey" / "valkey.log").read_text().splitlines()
    assert [line for line in said if "overcommit" not in line] == [], "of the machine's own setting it warns"


def test_stop_leaves_no_process_and_no_temporary_directory(valkey: EmbeddedValkey) -> None:
    pid = pid_of(valkey.start())

    valkey.stop()
    valkey.stop()

    assert is_gone(pid)
    assert list(Path(tempfile.gettempdir()).iterdir()) == []


@only_linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_server_takes_valkey_along(open_place: Path, start: StartServer, number: int) -> None:
    server = start(open_place / "data")
    pid = pid_of(first_line(server))

    server.send_signal(number)
    server.wait()

    wait_until(lambda: is_gone(pid))


def test_a_server_that_starts_right_after_a_killed_one_has_the_socket_directory_to_itself(
    open_place: Path, start: StartServer
) -> None:
    first = start(open_place / "data")
    first_line(first)
    first.kill()

    path = first_line(start(open_place / "data"))

    assert ask(path, "PING") == "+PONG"
    assert list(Path(tempfile.gettempdir()).iterdir()) == [Path(path).parent]


def test_the_wheel_is_never_imported(open_place: Path, start: StartServer) -> None:
    server = start(open_place / "data")
    first_line(server)
    server.communicate()
    assert server.returncode == 0


def test_an_orphan_is_ended_by_the_next_start(valkey: EmbeddedValkey, open_place: Path) -> None:
    left = open_place / "left"
    left.mkdir()
    program = find_program()
    with subprocess.Popen(
        [program, "--port", "0", "--unixsocket", str(left / "valkey.sock"), "--save", ""], stdout=subprocess.DEVNULL
    ) as orphan:
        wait_until(lambda: answers(left / "valkey.sock"))
        (open_place / "data" / "valkey").mkdir(parents=True)
        (open_place / "data" / "valkey" / "socket").symlink_to(left)

        assert ask(valkey.start(), "PING") == "+PONG"

        assert orphan.wait(PATIENCE) == 0
    assert not left.exists()


def test_a_second_server_is_refused_and_the_first_goes_on(valkey: EmbeddedValkey, open_place: Path) -> None:
    path = valkey.start()

    with pytest.raises(EmbeddedError, match=rf"data is in use by another server \(process {os.getpid()}\)"):
        EmbeddedValkey(open_place / "data").start()

    assert ask(path, "PING") == "+PONG"


def test_ctrl_c_does_not_reach_valkey(valkey: EmbeddedValkey) -> None:
    assert os.getsid(pid_of(valkey.start())) != os.getsid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a server as another user")
def test_an_ordinary_user_starts_it_too(open_place: Path) -> None:
    server = server_process(open_place / "data", ordinary=True)
    path = first_line(server)
    assert Path(f"/proc/{pid_of(path)}").stat().st_uid == unprivileged_account().uid
    server.communicate()
    assert server.returncode == 0


def test_long_paths_with_odd_characters_work(open_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = open_place / 'it\'s "mine", {too}'
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    valkey = EmbeddedValkey(open_place / ("long" * 50) / ("path" * 50) / 'it\'s "data"')

    path = valkey.start()

    assert path.is_relative_to(temporary)
    assert ask(path, "PING") == "+PONG"
    valkey.stop()


def test_only_the_main_thread_may_start_it(valkey: EmbeddedValkey) -> None:
    errors: list[str] = []

    def start() -> None:
        try:
            valkey.start()
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()

    assert errors == ["Valkey ends with the thread that started it: start it from the main thread"]
