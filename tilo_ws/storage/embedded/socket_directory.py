"""The directory of the embedded PostgreSQL's socket: private, with a short path, and removed also after a killed server."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tilo_ws.storage.embedded.home import Home

# Part of the socket's name; nothing listens on a network.
PORT = 5432

# The address of a socket has 104 bytes on macOS and 108 on Linux, with a zero at the end.
_PATH_LIMIT_BYTES = 103


@contextmanager
def socket_directory(home: Home) -> Iterator[Path]:
    """A directory that only PostgreSQL's user (and root) can enter, with a path short enough for a socket."""
    _remove(home)
    directory = Path(tempfile.mkdtemp(prefix="tilo-ws-", dir=_temporary_directory(home)))
    home.socket_link.symlink_to(directory)
    try:
        if not home.account.is_own:
            os.chown(directory, home.account.uid, home.account.gid)
        yield directory
    finally:
        _remove(home)


def _temporary_directory(home: Home) -> Path:
    usual = Path(tempfile.gettempdir())
    longest_path = usual / "tilo-ws-12345678" / f".s.PGSQL.{PORT}"
    if len(os.fsencode(longest_path)) > _PATH_LIMIT_BYTES or not home.account.can_enter(usual):
        return Path("/tmp")
    return usual


def _remove(home: Home) -> None:
    if not home.socket_link.is_symlink():
        return
    directory = home.socket_link.readlink()
    if directory.exists():
        shutil.rmtree(directory)
    home.socket_link.unlink()
