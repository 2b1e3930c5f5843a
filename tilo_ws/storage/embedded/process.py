"""A program that lives as long as the server: started so that it ends with it, and ended in good order."""

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from tilo_ws.storage.embedded.account import Account
from tilo_ws.storage.embedded.launcher import launch_command

logger = logging.getLogger(__name__)

# As many as initdb says after "No space left on device".
_QUOTED_LINES = 6

StopRequest = tuple[signal.Signals, float | None]
"""A signal, and how many seconds the program has to end after it; None: until it has ended."""


def require_main_thread(name: str) -> None:
    """Raises RuntimeError elsewhere: the kernel ends the program with the thread that started it."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(f"{name} ends with the thread that started it: start it from the main thread")


def launch(
    account: Account, log: Path, program: Path, *arguments: str, inherited: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Runs the program as this user, with all that it says in the log, which is begun anew."""
    if log.exists():
        log.replace(log.with_suffix(".log.old"))
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            launch_command(account.uid, account.gid, program, *arguments),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=inherited,
            # Ctrl-C goes to the whole process group, and the server's last flush still needs the program.
            start_new_session=True,
        )
    finally:
        os.close(output)


def end(process: subprocess.Popen[bytes], name: str, requests: Sequence[StopRequest]) -> None:
    """Makes the requests, one after another, until the program has ended."""
    for request, limit in requests:
        # Sends nothing once the process has ended, so a number that is somebody else's by now is safe.
        process.send_signal(request)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            fields = {"program": name, "seconds": limit, "signal": request.name}
            logger.warning("%(program)s has not ended within %(seconds)s s of %(signal)s", fields)
        else:
            return


def last_words(output: str) -> str:
    """What a program said last, in one line; on a full disk that may be nothing."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return " / ".join(lines[-_QUOTED_LINES:]) or "it said nothing"
