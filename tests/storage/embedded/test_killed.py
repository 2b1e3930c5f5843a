"""PostgreSQL killed under a running server: started again, with everything that was committed."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from tests.eventually import PATIENCE
from tests.storage.embedded.server_process import execute, home_of, notes, postmaster
from tilo_ws.storage.embedded import EmbeddedPostgres


def succeeds_in_time(action: Callable[[], object], embedded: EmbeddedPostgres) -> object:
    """Calls an action until it succeeds, with PostgreSQL looked after meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while True:
        embedded.keep_running()
        try:
            return action()
        except psycopg2.Error:  # also a connection that has just been made
            assert time.monotonic() < deadline, "PostgreSQL does not come back"
            time.sleep(0.01)


def test_a_killed_postgresql_is_started_again(data: Path, embedded: EmbeddedPostgres, caplog: pytest.LogCaptureFixture) -> None:
    dsn = embedded.start()
    embedded.keep_running()
    killed = postmaster(home_of(data))
    os.kill(killed, signal.SIGKILL)

    assert succeeds_in_time(lambda: notes(dsn), embedded) == ["kept"]
    assert postmaster(home_of(data)) != killed
    assert [record.message for record in caplog.records] == ["PostgreSQL has ended by itself (status -9): starting it again"]
    embedded.stop()
    embedded.keep_running()
    assert embedded.start()


def test_a_killed_backend_takes_nothing_with_it(embedded: EmbeddedPostgres) -> None:
    dsn = embedded.start()
    [(pid,)] = execute(dsn, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGKILL)
    assert succeeds_in_time(lambda: notes(dsn), embedded) == ["kept"]


def test_one_that_does_not_come_up_again_is_told_once_and_tried_on(
    data: Path, embedded: EmbeddedPostgres, caplog: pytest.LogCaptureFixture
) -> None:
    dsn = embedded.start()
    embedded.keep_running()
    configuration = home_of(data).cluster / "postgresql.conf"
    right = configuration.read_text()
    configuration.write_text("no setting\n")
    os.kill(postmaster(home_of(data)), signal.SIGKILL)
    log = home_of(data).log
    deadline = time.monotonic() + PATIENCE
    while not (log.exists() and "contains errors" in log.read_text()):
        assert time.monotonic() < deadline
        embedded.keep_running()
        time.sleep(0.01)
    configuration.write_text(right)
    assert succeeds_in_time(lambda: notes(dsn), embedded) == ["kept"]
    assert len(caplog.records) == 1
