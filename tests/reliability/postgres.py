"""A PostgreSQL that a test stops, freezes and cuts off, always at the same address."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

from tests.conftest import KILL_CONNECTIONS
from tilo_ws.storage.embedded import EmbeddedPostgres
from tilo_ws.storage.embedded.cluster import Cluster
from tilo_ws.storage.embedded.home import find_home


class Postgres:
    """`dsn` leads through a link, since the directory of the socket is another after each start."""

    def __init__(self, directory: Path) -> None:
        self._embedded = EmbeddedPostgres(directory)
        self._cluster = Cluster(find_home(directory))
        self._link = directory / "s"
        self.dsn = ""

    def start(self) -> None:
        """Starts it; after `stop_immediately` it recovers first."""
        dsn = self._embedded.start()
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(parse_dsn(dsn)["host"])
        self.dsn = make_dsn(dsn, host=str(self._link))

    def stop(self) -> None:
        """Ends it well."""
        self._embedded.stop()

    def stop_immediately(self) -> None:
        """Ends it as a crash would."""
        os.kill(self._pid, signal.SIGQUIT)
        self._embedded.stop()

    def freeze(self) -> None:
        """Stops all its processes where they are, the one first that makes others."""
        for pid in self._pids:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets them go on."""
        for pid in self._pids:
            os.kill(pid, signal.SIGCONT)

    def cut_connections(self) -> int:
        """Ends the server's connections. Returns how many."""
        connection = psycopg2.connect(self.dsn)
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(KILL_CONNECTIONS)
            return len(cursor.fetchall())

    @property
    def _pid(self) -> int:
        pid = self._cluster.recorded_pid()
        assert pid is not None
        return pid

    @property
    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text()
        return [self._pid, *map(int, children.split())]


@contextlib.contextmanager
def started(directory: Path) -> Iterator[Postgres]:
    """Runs while the block lasts."""
    postgres = Postgres(directory)
    postgres.start()
    try:
        yield postgres
    finally:
        postgres.stop()
