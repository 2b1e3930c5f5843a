"""The lock by which a server owns a directory below the data directory: a second one is told so."""

import os
from pathlib import Path

from tilo_ws.storage.embedded.errors import EmbeddedError
from tilo_ws.storage.embedded.file_lock import try_lock


def claim(lock: Path, data_directory: Path) -> int:
    """The descriptor of the lock, which the server keeps open as long as it runs. Raises EmbeddedError."""
    descriptor = try_lock(lock)
    if descriptor is None:
        raise EmbeddedError(
            f"the data directory {data_directory} is in use by another server (process {lock.read_text()}): "
            "end that one, or set TILO_DATA_DIR to another directory"
        )
    os.truncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor
