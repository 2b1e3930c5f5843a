"""Turns into PostgreSQL or Valkey: drops to its user, ties it to the life of the server, then executes the program.

A program of its own, since `preexec_fn` is unsafe in a process with threads. Root reads it before it drops, so it works
where the other user could not reach Python at all; it imports nothing beyond the standard library.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1

# Nothing of the server's environment, where PG* variables would change settings. UTC spares initdb a search.
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}


def launch_command(uid: int, gid: int, program: Path, *arguments: str) -> list[str]:
    """The command line that runs `program` as that user, and ends it when the calling thread has ended."""
    launcher = [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(uid), str(gid)]
    return [*launcher, str(program), *arguments]


def main(parent: int, uid: int, gid: int, program: str, *arguments: str) -> None:
    """Does not return."""
    if uid != os.geteuid():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    _end_with_parent(parent)
    os.execve(program, [program, *arguments], _ENVIRONMENT)


def _end_with_parent(parent: int) -> None:
    if sys.platform != "linux":
        return
    # After the change of user, which would clear it again (prctl(2)). SIGINT is PostgreSQL's "fast shutdown", and ends Valkey.
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # The server may have been killed before the kernel knew whom to tell.
    if os.getppid() != parent:
        sys.exit("the server has ended")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
