"""The directory of an embedded database's socket: private, with a short path, and removed also after a killed server."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tilo_ws.storage.embedded.account import Account

# Part of the name of PostgreSQL's socket; nothing listens on a network.
PORT = 5432

# The address of a socket has 104 bytes on macOS and 108 on Linux, with a zero at the end.
_PATH_LIMIT_BYTES = 103


@contextmanager
def socket_directory(link: Path, account: Account) -> Iterator[Path]:
    """A directory that only this user (and root) can enter, with a path short enough for a socket.

    The link leads to it, for people, and for the server after one that was killed, which removes it.
    """
    _remove(link)
    directory = Path(tempfile.mkdtemp(prefix="tilo-ws-", dir=_temporary_directory(account)))
    link.symlink_to(directory)
    try:
        if not account.is_own:
            os.chown(directory, account.uid, account.gid)
        yield directory
    finally:
        _remove(link)


def _temporary_directory(account: Account) -> Path:
    usual = Path(tempfile.gettempdir())
    longest_path = usual / "tilo-ws-12345678" / f".s.PGSQL.{PORT}"
    if len(os.fsencode(longest_path)) > _PATH_LIMIT_BYTES or not account.can_enter(usual):
        return Path("/tmp")
    return usual


def _remove(link: Path) -> None:
    if not link.is_symlink():
        return
    directory = link.readlink()
    if directory.exists():
        shutil.rmtree(directory)
    link.unlink()
