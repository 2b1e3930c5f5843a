"""The database on disk: whole or not there, and of the right version."""

import signal
import sys
import time
from pathlib import Path

import pytest

from tests.storage.embedded.server_process import StartServer, execute, home_of
from tilo_ws.storage.embedded import EmbeddedPostgres, EmbeddedPostgresError


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere initdb outlives the server")
def test_a_server_killed_during_initdb_leaves_no_half_database(open_place: Path, start: StartServer) -> None:
    first = start(open_place / "data")
    unfinished = first.home.directory / "cluster.unfinished"
    deadline = time.monotonic() + 30
    while not (unfinished / "PG_VERSION").exists():
        assert time.monotonic() < deadline
        time.sleep(0.001)

    first.end(signal.SIGKILL)

    assert not first.home.cluster.exists()
    assert execute(start(open_place / "data").first_line(), "SELECT 1") == [(1,)]
    assert not unfinished.exists()


def test_text_is_sorted_by_code_point_and_folded_beyond_ascii(embedded: EmbeddedPostgres) -> None:
    dsn = embedded.start()

    assert execute(dsn, "SELECT lower('ÄÖ'), 'Z' < 'a', 'z' < 'ä', getdatabaseencoding()") == [("äö", True, True, "UTF8")]


def test_another_major_version_is_a_clear_error(data: Path, embedded: EmbeddedPostgres) -> None:
    (home_of(data).cluster / "PG_VERSION").write_text("17\n")

    with pytest.raises(EmbeddedPostgresError, match=r"is of PostgreSQL 17, this server brings PostgreSQL 18: .*pg_dump"):
        embedded.start()


def test_a_directory_that_is_no_database_is_left_alone(data: Path, embedded: EmbeddedPostgres) -> None:
    (home_of(data).cluster / "PG_VERSION").unlink()

    with pytest.raises(EmbeddedPostgresError, match="is not a database of PostgreSQL"):
        embedded.start()

    assert (home_of(data).cluster / "base").is_dir()
