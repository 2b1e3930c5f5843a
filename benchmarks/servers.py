"""Servers under measurement: started on one core, watched from the other. Linux only."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

PROJECT = Path(__file__).parent.parent
SERVER_CORE, PLAYER_CORE = 0, 1
_TICKS = os.sysconf("SC_CLK_TCK")
_KEY = "benchmark"

# Limits off, the level of the logs as in production, everything else as a user gets it.
_SETTINGS = {
    "TILO_CHAT_RATE": "0",
    "TILO_COMMAND_RATE": "0",
    "TILO_MAX_CONNECTIONS_PER_IP": "0",
    "TILO_LOG_LEVEL": "warning",
    "TILO_API_KEY": _KEY,
    "TILO_METRICS_TOKEN": _KEY,
}


class Server:
    """A running server."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port

    def cpu_s(self) -> float:
        """User and system time so far. PostgreSQL is a process of its own and not counted."""
        return cpu_s(self.pid)

    def resident_kb(self) -> int:
        """Resident memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024

    def stats(self) -> dict[str, Any]:
        """`GET /api/v1/stats`; only of this project's server."""
        stats: dict[str, Any] = json.loads(self._get("/api/v1/stats"))
        return stats

    def deliveries(self) -> float:
        """Messages for everybody, times those who got them, of all workers; only of this project's server."""
        return sum(sample.value for sample in self._samples("tilo_deliveries_total"))

    def lags(self) -> dict[float, float]:
        """How often the event loop was late by up to so many seconds, looked at every 10 ms; only of this project's server."""
        return {float(sample.labels["le"]): sample.value for sample in self._samples("tilo_event_loop_lag_seconds_bucket")}

    def _samples(self, name: str) -> list[Sample]:
        families = text_string_to_metric_families(self._get("/metrics"))
        return [sample for family in families for sample in family.samples if sample.name == name]

    def _get(self, path: str) -> str:
        address = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(urllib.request.Request(address, headers={"Authorization": f"Bearer {_KEY}"})) as response:
            text: str = response.read().decode()
            return text

    def play(self, **plan: float) -> dict[str, Any]:
        """Runs the load player on the other core and returns its report."""
        options = [word for name, value in plan.items() for word in (f"--{name.replace('_', '-')}", f"{value:g}")]
        command = [sys.executable, "-m", "tilo_ws", "load", "--json", "--url", f"ws://127.0.0.1:{self.port}/ws", *options]
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE)
        os.sched_setaffinity(process.pid, {PLAYER_CORE})
        out, _ = process.communicate()
        report: dict[str, Any] = json.loads(out)
        return report


def lag_p99_ms(before: dict[float, float], after: dict[float, float]) -> float:
    """What 99 of 100 lags between two looks at `Server.lags` did not pass, as Prometheus estimates it within a range."""
    counts = {bound: after[bound] - before[bound] for bound in sorted(after)}
    rank = 0.99 * counts[float("inf")]
    lower, below = 0.0, 0.0
    for bound, count in counts.items():
        if count >= rank:
            return (lower + (bound - lower) * (rank - below) / (count - below)) * 1000
        lower, below = bound, count
    return float("nan")


def cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def go_last(pid: int) -> None:
    """Lets all others have a core first: of a process that leads a session, and of what it has started."""
    _rank(pid, 19)


def go_first(pid: int) -> None:
    """Gives it a core before all others, where the user may do that: as `go_last`."""
    with contextlib.suppress(PermissionError):
        _rank(pid, -15)


def _rank(pid: int, niceness: int) -> None:
    os.setpriority(os.PRIO_PGRP, pid, niceness)
    with contextlib.suppress(FileNotFoundError):  # where Linux does not weigh sessions as a whole
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness))


@contextlib.contextmanager
def tilo(*words: str, **settings: str) -> Iterator[Server]:
    """This project's server, with its embedded database where the settings name no other. `words` follow the command."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o711)
        with _started(["-m", "tilo_ws", *words], Path(directory), signal.SIGINT, settings) as server:
            yield server


@contextlib.contextmanager
def script(name: str) -> Iterator[Server]:
    """A server of this folder. It keeps nothing, and would wait long for clients that are cut off: it is killed."""
    with _started([str(Path(__file__).parent / name)], PROJECT, signal.SIGKILL, {}) as server:
        yield server


@contextlib.contextmanager
def _started(arguments: list[str], cwd: Path, end: signal.Signals, settings: dict[str, str]) -> Iterator[Server]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    environment = os.environ | _SETTINGS | {"PYTHONPATH": str(PROJECT), "PORT": str(port), "HOST": "127.0.0.1"}
    process = subprocess.Popen([sys.executable, *arguments], cwd=cwd, env=environment | settings)
    os.sched_setaffinity(process.pid, {SERVER_CORE})
    try:
        _wait_for(port, process)
        yield Server(process.pid, port)
    finally:
        process.send_signal(end)
        process.wait(30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit("the server did not start")
