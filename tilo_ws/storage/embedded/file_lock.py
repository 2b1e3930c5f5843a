"""A lock that the kernel frees when the last process that has it open is gone, however that process ended.

Both functions return a descriptor. A program that inherits it shares the lock, which is free when all have closed it.
"""

import fcntl
import os
from pathlib import Path


def lock(path: Path) -> int:
    """Waits for the only lock on the file."""
    return _open_locked(path, fcntl.LOCK_EX)


def try_lock(path: Path) -> int | None:
    """The only lock on the file, or None while somebody else has it."""
    try:
        return _open_locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


def _open_locked(path: Path, operation: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, operation)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
