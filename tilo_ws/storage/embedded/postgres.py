"""The life of the private PostgreSQL: it starts and ends with the server, also with a killed one."""

import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from psycopg2.extensions import make_dsn

from tilo_ws.storage.embedded.binaries import programs_for
from tilo_ws.storage.embedded.cluster import Cluster
from tilo_ws.storage.embedded.errors import EmbeddedPostgresError
from tilo_ws.storage.embedded.file_lock import try_lock
from tilo_ws.storage.embedded.home import Home, find_home
from tilo_ws.storage.embedded.process import end, launch, require_main_thread
from tilo_ws.storage.embedded.server_lock import claim
from tilo_ws.storage.embedded.socket_directory import PORT, socket_directory

logger = logging.getLogger(__name__)

_START_LIMIT = 60.0
_ORPHAN_LIMIT = 60.0
# Fast shutdown, usually done in 0.03 s, then immediate (the next start replays the log, nothing acknowledged is lost), then
# the kernel's. Together with the 5 s for what players sent this fits into the 15 s that PM2 waits for the server.
_STOP_REQUESTS = ((signal.SIGINT, 5.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, None))

# For a database of some megabytes beside a server that needs the memory more. fsync stays on: acknowledged means stored.
_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # What players write stays out of the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


class EmbeddedPostgres:
    """PostgreSQL for the time between `start` and `stop`, with its files below the data directory."""

    def __init__(self, data_directory: Path) -> None:
        self._data_directory = data_directory
        self._running = ExitStack()
        self._instance: _Instance | None = None

    def start(self) -> str:
        """Starts PostgreSQL and returns its DSN (libpq). Call it from the main thread, with whose end PostgreSQL ends.

        Raises EmbeddedError, whose text is one line for the operator.
        """
        require_main_thread("PostgreSQL")
        try:
            with ExitStack() as stack:
                dsn = self._start(stack)
                self._running = stack.pop_all()
        except OSError as error:
            place = error.filename or self._data_directory
            raise EmbeddedPostgresError(f"the embedded PostgreSQL cannot start: {place}: {error.strerror}") from error
        return dsn

    def stop(self) -> None:
        """Ends PostgreSQL, waits for it and removes what is temporary. Does nothing when it is not running."""
        self._running.close()

    def keep_running(self) -> None:
        """Starts PostgreSQL again where it has ended without being told to, and does not wait until it is ready.

        Call it from the main thread, about once a second. Raises EmbeddedPostgresError.
        """
        instance = self._instance
        if instance is None or instance.is_alive():
            return
        lock = try_lock(instance.cluster.home.postgresql_lock)
        if lock is None:
            return  # its children are on their way out
        if instance.was_ready:
            # Once for an outage: where it does not come up, its own log says why.
            fields = {"status": instance.process.returncode}
            logger.error("PostgreSQL has ended by itself (status %(status)d): starting it again", fields)
        try:
            instance.launch(lock)
        finally:
            os.close(lock)

    def _start(self, stack: ExitStack) -> str:
        home = find_home(self._data_directory)
        home.make()
        stack.callback(os.close, claim(home.server_lock, self._data_directory))
        cluster = Cluster(home)
        lock = _lock_postgresql(cluster)
        try:
            programs = programs_for(home.account)
            socket = stack.enter_context(socket_directory(home.socket_link, home.account))
            self._instance = _Instance(cluster, programs, socket, lock)
            stack.callback(self._end)
        finally:
            # From here on PostgreSQL alone has it.
            os.close(lock)
        _wait_until_ready(cluster, self._instance.process)
        return make_dsn(host=str(socket), port=PORT, user="postgres", dbname="postgres")

    def _end(self) -> None:
        instance, self._instance = self._instance, None
        if instance is not None:
            end(instance.process, "PostgreSQL", _STOP_REQUESTS)


class _Instance:
    """PostgreSQL at work in a cluster: one process, and where that was killed another."""

    def __init__(self, cluster: Cluster, programs: Path, socket: Path, lock: int) -> None:
        self.cluster = cluster
        self._programs = programs
        self._socket = socket
        self.launch(lock)

    def launch(self, lock: int) -> None:
        """Starts a process, which takes over PostgreSQL's lock."""
        self.cluster.prepare(self._programs, lock)
        self.process = _launch(self.cluster.home, self._programs, self._socket, lock)
        self.was_ready = False

    def is_alive(self) -> bool:
        """Whether the process runs; notes whether it has come so far as to accept connections."""
        self.was_ready = self.was_ready or self.cluster.is_ready(self.process.pid)
        return self.process.poll() is None


def _lock_postgresql(cluster: Cluster) -> int:
    """The lock that PostgreSQL is to inherit. Where an orphan of a killed server still has it, the orphan ends first."""
    deadline = time.monotonic() + _ORPHAN_LIMIT
    while (lock := try_lock(cluster.home.postgresql_lock)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"a PostgreSQL that a killed server left in {cluster.home.directory} does not end")
        _interrupt_orphan(cluster)
        time.sleep(0.02)
    return lock


def _interrupt_orphan(cluster: Cluster) -> None:
    pid = cluster.recorded_pid()
    # Even under the lock the number can be stale: where only children of a dead postmaster are left, on their way out.
    if pid is not None and (cluster.is_at_work(pid) or sys.platform != "linux"):
        try:
            os.kill(pid, signal.SIGINT)
        except ProcessLookupError:
            logger.debug("PostgreSQL of a killed server (process %(pid)d) has just ended", {"pid": pid})


def _launch(home: Home, programs: Path, socket: Path, lock: int) -> subprocess.Popen[bytes]:
    settings = _SETTINGS | {"unix_socket_directories": f'"{socket}"'}
    arguments = [f"--{name}={value}" for name, value in settings.items()]
    return launch(home.account, home.log, programs / "postgres", "-D", str(home.cluster), *arguments, inherited=(lock,))


def _wait_until_ready(cluster: Cluster, process: subprocess.Popen[bytes]) -> None:
    home = cluster.home
    deadline = time.monotonic() + _START_LIMIT
    while not cluster.is_ready(process.pid):
        if process.poll() is not None:
            raise home.failure("PostgreSQL did not start", home.log.read_text(errors="replace"))
        if time.monotonic() > deadline:
            raise home.failure(f"PostgreSQL was not ready after {_START_LIMIT:.0f} s", home.log.read_text(errors="replace"))
        time.sleep(0.005)
