"""The life of the embedded PostgreSQL, with real processes: what survives which end, and what is left behind."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.storage.server_process import StartServer, dropping_to, execute, home_of, postmaster, wait_until_free
from tilo_ws.storage.embedded import EmbeddedPostgres, EmbeddedPostgresError
from tilo_ws.storage.file_lock import open_locked
from tilo_ws.storage.postgres_binaries import programs_for
from tilo_ws.storage.postgres_cluster import is_ready
from tilo_ws.storage.postgres_home import find_home

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel does not tell or end processes so")


def _notes(dsn: str) -> list[object]:
    return [text for (text,) in execute(dsn, "SELECT text FROM notes")]


def _temporary_files() -> list[Path]:
    return list(Path(tempfile.gettempdir()).iterdir())


def test_data_survives_stop_and_start(data: Path, start: StartServer) -> None:
    first = start(data)
    execute(first.first_line(), "INSERT INTO notes VALUES ('new')")
    first.end()

    assert _notes(start(data).first_line()) == ["kept", "new"]


@only_linux
def test_a_killed_server_takes_postgresql_along(data: Path, start: StartServer) -> None:
    server = start(data)
    server.first_line()

    server.end(signal.SIGKILL)
    wait_until_free(server.home)

    assert "database system is shut down" in server.home.log.read_text()


def test_a_server_that_starts_right_after_a_killed_one_has_the_committed_data(data: Path, start: StartServer) -> None:
    first = start(data)
    execute(first.first_line(), "INSERT INTO notes VALUES ('new')")

    first.end(signal.SIGKILL)

    assert _notes(start(data).first_line()) == ["kept", "new"]


def test_killing_postgresql_and_the_server_loses_nothing_committed(data: Path, start: StartServer) -> None:
    first = start(data)
    execute(first.first_line(), "INSERT INTO notes VALUES ('new')")

    os.kill(postmaster(first.home), signal.SIGKILL)
    first.end(signal.SIGKILL)

    assert _notes(start(data).first_line()) == ["kept", "new"]


def test_ctrl_c_reaches_the_server_but_not_postgresql(data: Path, start: StartServer) -> None:
    server = start(data)
    server.first_line()
    assert os.getsid(postmaster(server.home)) != os.getsid(server.process.pid)

    server.end(signal.SIGINT)

    assert server.process.returncode == 0
    assert _notes(start(data).first_line()) == ["kept", "last flush"]


def test_a_second_server_is_refused_and_the_first_goes_on(data: Path, start: StartServer) -> None:
    first = start(data)
    dsn = first.first_line()

    error = start(data).first_line()

    assert f"{data} is in use by another server (process {first.process.pid})" in error
    assert _notes(dsn) == ["kept"]


def test_stop_leaves_no_process_and_no_temporary_directory(data: Path, start: StartServer) -> None:
    server = start(data)
    server.first_line()
    assert len(_temporary_files()) == 1

    server.end()

    lock = open_locked(server.home.postgresql_lock)
    assert lock is not None
    os.close(lock)
    assert _temporary_files() == []


def test_the_socket_directory_of_a_killed_server_is_removed_by_the_next(data: Path, start: StartServer) -> None:
    first = start(data)
    first.first_line()
    first.end(signal.SIGKILL)

    second = start(data)
    second.first_line()

    assert _temporary_files() == [second.home.socket_link.readlink()]


def test_only_its_user_can_reach_the_socket_and_no_port_is_open(data: Path, start: StartServer) -> None:
    server = start(data)
    dsn = server.first_line()

    assert server.home.socket_link.stat().st_mode & 0o777 == 0o700
    assert execute(dsn, "SHOW listen_addresses") == [("",)]


def test_the_socket_path_is_short_where_that_of_temporary_files_is_long(
    place: Path, embedded: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = place / ("long" * 25)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))

    assert _notes(embedded.start()) == ["kept"]


def test_acknowledged_means_stored(embedded: EmbeddedPostgres) -> None:
    dsn = embedded.start()

    shown = [execute(dsn, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")]

    assert shown == [[("on",)], [("on",)], [("on",)]]


def test_why_postgresql_did_not_start_is_quoted_and_nothing_is_left(data: Path, embedded: EmbeddedPostgres) -> None:
    (home_of(data).cluster / "postgresql.conf").write_text("no setting\n")

    with pytest.raises(EmbeddedPostgresError, match=r'parameter "no" .* contains errors') as failure:
        embedded.start()

    assert "\n" not in str(failure.value)
    assert _temporary_files() == []


def test_stop_may_be_called_twice_and_after_postgresql_died(data: Path, embedded: EmbeddedPostgres) -> None:
    embedded.start()
    os.kill(postmaster(home_of(data)), signal.SIGKILL)

    embedded.stop()
    embedded.stop()

    assert _notes(embedded.start()) == ["kept"]


def test_only_the_main_thread_may_start_it(embedded: EmbeddedPostgres) -> None:
    errors: list[str] = []

    def start() -> None:
        try:
            embedded.start()
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()

    assert errors == ["PostgreSQL ends with the thread that started it: start it from the main thread"]


@contextmanager
def _started_by_hand(data: Path, lock: int | None) -> Iterator[subprocess.Popen[bytes]]:
    home = find_home(data)
    options = ["-D", str(home.cluster), "--listen_addresses=", f"--unix_socket_directories={tempfile.gettempdir()}"]
    process = subprocess.Popen(
        [programs_for(home.account) / "postgres", *options],
        env={"LC_ALL": "C"},
        stderr=subprocess.DEVNULL,
        pass_fds=() if lock is None else (lock,),
        **dropping_to(home.account),
    )
    try:
        while not is_ready(home, process.pid):
            assert process.poll() is None
            time.sleep(0.01)
        yield process
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait()


@contextmanager
def _innocent_process_in_pid_file(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    # Of PostgreSQL's own user: those of others PostgreSQL itself does not mistake for a PostgreSQL.
    home = find_home(data)
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, **dropping_to(home.account)) as innocent:
        (home.cluster / "postmaster.pid").write_text(f"{innocent.pid}\n")
        yield innocent


def test_an_orphaned_postgresql_is_ended_before_the_next_start(data: Path, embedded: EmbeddedPostgres) -> None:
    lock = open_locked(home_of(data).postgresql_lock)
    assert lock is not None
    with _started_by_hand(data, lock) as orphan:
        os.close(lock)

        assert _notes(embedded.start()) == ["kept"]

        assert orphan.wait() == 0


@only_linux
def test_a_postgresql_that_somebody_else_started_is_left_alone(data: Path, embedded: EmbeddedPostgres) -> None:
    with _started_by_hand(data, lock=None) as stranger:
        with pytest.raises(EmbeddedPostgresError, match=rf"has not started \(process {stranger.pid}\)"):
            embedded.start()

        assert stranger.poll() is None


def test_a_stale_pid_file_does_not_hurt_the_innocent(data: Path, embedded: EmbeddedPostgres) -> None:
    with _innocent_process_in_pid_file(data) as innocent:
        assert _notes(embedded.start()) == ["kept"]
        embedded.stop()

        assert innocent.poll() is None


@only_linux
def test_a_stale_pid_file_does_not_hurt_the_innocent_while_something_of_postgresql_is_left(
    data: Path, embedded: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [open_locked(home_of(data).postgresql_lock)]

    def sleep(_: float) -> None:
        while held:
            os.close(held.pop() or -1)

    monkeypatch.setattr(time, "sleep", sleep)
    with _innocent_process_in_pid_file(data) as innocent:
        assert _notes(embedded.start()) == ["kept"]

        assert not held
        assert innocent.poll() is None
