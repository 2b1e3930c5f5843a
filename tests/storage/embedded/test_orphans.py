"""What a killed server left, or what only looks like it: ended, or left alone."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.storage.embedded.server_process import dropping_to, home_of, notes
from tilo_ws.storage.embedded import EmbeddedPostgres, EmbeddedPostgresError
from tilo_ws.storage.embedded.binaries import programs_for
from tilo_ws.storage.embedded.cluster import Cluster
from tilo_ws.storage.embedded.file_lock import lock
from tilo_ws.storage.embedded.home import find_home

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel does not tell or end processes so")


@contextmanager
def _started_by_hand(data: Path, *inherited: int) -> Iterator[subprocess.Popen[bytes]]:
    home = find_home(data)
    options = ["-D", str(home.cluster), "--listen_addresses=", f"--unix_socket_directories={tempfile.gettempdir()}"]
    process = subprocess.Popen(
        [programs_for(home.account) / "postgres", *options],
        env={"LC_ALL": "C"},
        stderr=subprocess.DEVNULL,
        pass_fds=inherited,
        **dropping_to(home.account),
    )
    try:
        while not Cluster(home).is_ready(process.pid):
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
    held = lock(home_of(data).postgresql_lock)
    with _started_by_hand(data, held) as orphan:
        os.close(held)

        assert notes(embedded.start()) == ["kept"]

        assert orphan.wait() == 0


@only_linux
def test_a_postgresql_that_somebody_else_started_is_left_alone(data: Path, embedded: EmbeddedPostgres) -> None:
    with _started_by_hand(data) as stranger:
        with pytest.raises(EmbeddedPostgresError, match=rf"has not started \(process {stranger.pid}\)"):
            embedded.start()

        assert stranger.poll() is None


def test_a_stale_pid_file_does_not_hurt_the_innocent(data: Path, embedded: EmbeddedPostgres) -> None:
    with _innocent_process_in_pid_file(data) as innocent:
        assert notes(embedded.start()) == ["kept"]
        embedded.stop()

        assert innocent.poll() is None


@only_linux
def test_a_stale_pid_file_does_not_hurt_the_innocent_while_something_of_postgresql_is_left(
    data: Path, embedded: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [lock(home_of(data).postgresql_lock)]

    def sleep(_: float) -> None:
        while held:
            os.close(held.pop())

    monkeypatch.setattr(time, "sleep", sleep)
    with _innocent_process_in_pid_file(data) as innocent:
        assert notes(embedded.start()) == ["kept"]

        assert not held
        assert innocent.poll() is None
