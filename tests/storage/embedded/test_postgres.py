"""The life of the embedded PostgreSQL, with real processes: what survives which end, and what is left behind."""

import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from tests.storage.embedded.server_process import StartServer, execute, home_of, notes, postmaster, wait_until_free
from tilo_ws.storage.embedded import EmbeddedPostgres, EmbeddedPostgresError
from tilo_ws.storage.embedded.file_lock import try_lock


def _temporary_files() -> list[Path]:
    return list(Path(tempfile.gettempdir()).iterdir())


def test_data_survives_stop_and_start(data: Path, start: StartServer) -> None:
    first = start(data)
    execute(first.first_line(), "INSERT INTO notes VALUES ('new')")
    first.end()

    assert notes(start(data).first_line()) == ["kept", "new"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel does not tell or end processes so")
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

    assert notes(start(data).first_line()) == ["kept", "new"]


def test_killing_postgresql_and_the_server_loses_nothing_committed(data: Path, start: StartServer) -> None:
    first = start(data)
    execute(first.first_line(), "INSERT INTO notes VALUES ('new')")

    os.kill(postmaster(first.home), signal.SIGKILL)
    first.end(signal.SIGKILL)

    assert notes(start(data).first_line()) == ["kept", "new"]


def test_ctrl_c_reaches_the_server_but_not_postgresql(data: Path, start: StartServer) -> None:
    server = start(data)
    server.first_line()
    assert os.getsid(postmaster(server.home)) != os.getsid(server.process.pid)

    server.end(signal.SIGINT)

    assert server.process.returncode == 0
    assert notes(start(data).first_line()) == ["kept", "last flush"]


def test_a_second_server_is_refused_and_the_first_goes_on(data: Path, start: StartServer) -> None:
    first = start(data)
    dsn = first.first_line()

    error = start(data).first_line()

    assert f"{data} is in use by another server (process {first.process.pid})" in error
    assert notes(dsn) == ["kept"]


def test_stop_leaves_no_process_and_no_temporary_directory(data: Path, start: StartServer) -> None:
    server = start(data)
    server.first_line()
    assert len(_temporary_files()) == 1

    server.end()

    free = try_lock(server.home.postgresql_lock)
    assert free is not None
    os.close(free)
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
    open_place: Path, embedded: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = open_place / ("long" * 25)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))

    assert notes(embedded.start()) == ["kept"]


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

    assert notes(embedded.start()) == ["kept"]


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
