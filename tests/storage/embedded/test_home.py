"""Where the embedded PostgreSQL keeps its files: long paths, closed directories, and root's ways around them."""

import logging
import os
import pwd
from pathlib import Path

import pytest

from tests.storage.embedded.server_process import StartServer, execute, postmaster
from tilo_ws.storage.embedded import EmbeddedPostgres, EmbeddedPostgresError
from tilo_ws.storage.embedded.account import Account, own_account
from tilo_ws.storage.embedded.home import find_home

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run PostgreSQL as another user")


@pytest.fixture
def closed(open_place: Path) -> Path:
    """A directory that only its owner can enter, such as /root."""
    (open_place / "closed").mkdir(mode=0o700)
    return open_place / "closed"


def test_a_very_long_path_with_odd_characters_works(open_place: Path, start: StartServer) -> None:
    data = open_place / ("long" * 50) / ("path" * 50) / 'it\'s "data", mine'

    assert execute(start(data).first_line(), "SELECT 1") == [(1,)]


@pytest.mark.parametrize("start", ["ordinary user"], indirect=True)
def test_a_directory_that_cannot_be_written_is_one_clear_line(open_place: Path, start: StartServer) -> None:
    (open_place / "closed").mkdir(mode=0o555)

    error = start(open_place / "closed" / "data").first_line()

    assert error == f"the embedded PostgreSQL cannot start: {open_place}/closed/data: Permission denied"


def test_a_file_in_the_way_is_one_clear_line(open_place: Path) -> None:
    (open_place / "file").touch()

    with pytest.raises(EmbeddedPostgresError, match=f"cannot start: {open_place}/file/data: Not a directory"):
        EmbeddedPostgres(open_place / "file" / "data").start()


@only_root
def test_root_runs_postgresql_as_nobody(open_place: Path) -> None:
    embedded = EmbeddedPostgres(open_place / "data")
    embedded.start()

    assert Path(f"/proc/{postmaster(find_home(open_place / 'data'))}").stat().st_uid == pwd.getpwnam("nobody").pw_uid

    embedded.stop()


@only_root
def test_root_keeps_the_data_elsewhere_below_a_closed_directory_and_says_so(
    closed: Path, state_directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        home = find_home(closed / "data")

    assert home.directory.parent == state_directory
    assert [record.getMessage() for record in caplog.records] == [
        f"user nobody cannot reach {closed}/data/postgresql: the database is in {home.directory}"
    ]


@only_root
def test_data_kept_elsewhere_is_found_again_even_when_the_directory_has_been_opened(
    closed: Path, state_directory: Path
) -> None:
    embedded = EmbeddedPostgres(closed / "data")
    execute(embedded.start(), "CREATE TABLE notes (text text)")
    embedded.stop()
    assert closed.stat().st_mode & 0o777 == 0o700
    closed.chmod(0o755)

    assert execute(embedded.start(), "SELECT * FROM notes") == []

    embedded.stop()


@only_root
def test_root_refuses_a_place_that_another_user_made(closed: Path, state_directory: Path) -> None:
    state_directory.mkdir()
    os.chown(state_directory, pwd.getpwnam("nobody").pw_uid, -1)

    with pytest.raises(EmbeddedPostgresError, match=f"{state_directory} must be a directory of root's"):
        find_home(closed / "data")


@only_root
def test_root_works_as_the_owner_of_existing_data(open_place: Path) -> None:
    cluster = open_place / "data" / "postgresql" / "cluster"
    cluster.mkdir(parents=True, mode=0o700)
    os.chown(cluster, 12345, 23456)

    assert find_home(open_place / "data").account == Account("12345", 12345, 23456)


@only_root
def test_existing_data_that_its_owner_cannot_reach_is_a_clear_error(closed: Path) -> None:
    cluster = closed / "data" / "postgresql" / "cluster"
    cluster.mkdir(parents=True)
    os.chown(cluster, 12345, 23456)

    with pytest.raises(EmbeddedPostgresError, match=r"user 12345, to whom .* belongs, cannot reach it any more"):
        find_home(closed / "data")


@pytest.mark.parametrize("start", ["ordinary user"], indirect=True)
@only_root
def test_data_of_another_user_is_a_clear_error(open_place: Path, start: StartServer) -> None:
    (open_place / "data" / "postgresql" / "cluster").mkdir(parents=True)
    os.chown(open_place / "data" / "postgresql" / "cluster", 12345, 23456)

    assert "belongs to user 12345: start the server as that user" in start(open_place / "data").first_line()


@pytest.mark.parametrize(("mode", "enters"), [(0o711, True), (0o700, False), (0o770, False), (0o744, False)])
def test_a_directory_closed_anywhere_above_cannot_be_entered(open_place: Path, mode: int, enters: bool) -> None:
    (open_place / "above" / "below").mkdir(parents=True)
    (open_place / "above" / "below").chmod(0o755)
    (open_place / "above").chmod(mode)

    assert Account("stranger", 12345, 23456).can_enter(open_place / "above" / "below") is enters
    assert own_account().can_enter(open_place / "above" / "below")
