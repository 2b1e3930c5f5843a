"""A lock that the kernel frees when the last process that has it open is gone, however that process ended."""

import fcntl
import os
from pathlib import Path


def open_locked(path: Path, *, wait: bool = False) -> int | None:
    """A descriptor of the file with the only lock on it; None while somebody else has the lock, unless told to wait.

    A program that inherits the descriptor shares the lock, so it is free when all of them have closed it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return descriptor
