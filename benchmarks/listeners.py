"""A crowd that only listens, so cheaply that one process takes in a million deliveries a second: it looks at none of them.

.venv/bin/python -m benchmarks.listeners PORT COUNT    until it is ended by a signal, or the server ends a connection
"""

import base64
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.servers import go_last
from tilo_ws import process_limits

_ROUND_S = 0.2
"""From one reading of all connections to the next: what came meanwhile is one piece each."""

_PONG_ROUNDS = 50
_PONG = bytes((0x8A, 0x80, 0, 0, 0, 0))
"""Says, every ten seconds, that the listener is there."""


def connect(port: int) -> socket.socket:
    """A WebSocket that the server has let in."""
    listener = socket.create_connection(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    listener.sendall(
        f"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    if b" 101 " not in listener.recv(4096):
        raise SystemExit("a listener was not let in")
    listener.setblocking(False)
    return listener


def listen(port: int, count: int) -> None:
    """Reads so many connections in turn."""
    listeners = [connect(port) for _ in range(count)]
    nowhere, turn = bytearray(1024 * 1024), 0
    while True:
        began = time.monotonic()
        for listener in listeners:
            try:
                # Linux drops what is truncated instead of copying it.
                if listener.recv_into(nowhere, len(nowhere), socket.MSG_TRUNC) == 0:
                    raise SystemExit("the server has ended a listener's connection")
                if turn % _PONG_ROUNDS == 0:
                    listener.send(_PONG)
            except BlockingIOError:
                continue
        turn += 1
        time.sleep(max(0.0, began + _ROUND_S - time.monotonic()))


@contextlib.contextmanager
def listening(port: int, count: int, core: int, *, goes_last: bool = False) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of so many on a core while the block lasts. Where it has ended by then, a connection was ended."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.listeners", str(port), str(count)], start_new_session=True)
    os.sched_setaffinity(process.pid, {core})
    if goes_last:
        go_last(process.pid)
    try:
        yield process
        if process.poll() is not None:
            raise SystemExit("the listeners did not stay")
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    process_limits.raise_open_files()
    listen(int(sys.argv[1]), int(sys.argv[2]))
