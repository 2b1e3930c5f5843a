"""A Redis or Valkey that a test stops, freezes and empties, always at the same address."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from tests.eventually import PATIENCE
from tests.reliability.server import unused_port
from tilo_ws.storage.embedded.valkey import find_program

VALKEY = find_program()
REDIS = shutil.which("redis-server")


class RedisServer:
    """`url` is its address; `client` asks it, past the server under test."""

    def __init__(self, directory: Path, program: str | Path = VALKEY, *options: str) -> None:
        self._directory = directory
        self.port = unused_port()
        self.cluster_port = unused_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        files = ["--dir", str(directory), "--logfile", str(directory / "log"), "--save", "", "--appendonly", "no"]
        address = ["--bind", "127.0.0.1", "--port", str(self.port), "--cluster-port", str(self.cluster_port)]
        self._command = [str(program), *address, *files, "--daemonize", "no", *options]
        self.client = Redis(port=self.port)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it answers. It has the data of the last `save`, if there was one."""
        self._process = subprocess.Popen(self._command, env={}, stdout=subprocess.DEVNULL)
        until(self._answers)

    def kill(self) -> None:
        """Ends it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def save(self) -> None:
        """Keeps what it has now over the next start."""
        self.client.save()

    def forget(self) -> None:
        """The next start is an empty one."""
        (self._directory / "dump.rdb").unlink(missing_ok=True)

    def freeze(self) -> None:
        """Stops it where it is."""
        self._tell(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it go on."""
        self._tell(signal.SIGCONT)

    def cut_connections(self) -> int:
        """Ends all connections but its own. Returns how many."""
        return int(self.ask("CLIENT", "KILL", "SKIPME", "yes"))

    def ask(self, *words: Any) -> Any:
        """Runs one command, past the server under test."""
        return self.client.execute_command(*words)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Ends it for good."""
        self.client.close()
        self.kill()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "it has ended"
        with contextlib.suppress(RedisError):
            return bool(self.client.ping())
        return False

    def _tell(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)


@contextlib.contextmanager
def running(directory: Path, program: str | Path = VALKEY, *options: str) -> Iterator[RedisServer]:
    """One server while the block lasts."""
    server = RedisServer(directory, program, *options)
    server.start()
    try:
        yield server
    finally:
        server.close()


def until(condition: Callable[[], bool]) -> None:
    """Waits, as `eventually` does, where there is no event loop."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, f"not within {PATIENCE:g} s"
        time.sleep(0.005)
