"""Where the embedded PostgreSQL keeps its files, and what they are called."""

import hashlib
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tilo_ws.storage.embedded.account import Account, account_of, own_account, unprivileged_account
from tilo_ws.storage.embedded.errors import EmbeddedPostgresError
from tilo_ws.storage.embedded.process import last_words
from tilo_ws.storage.embedded.state import STATE_DIRECTORY, make_directory, make_state_directory

logger = logging.getLogger(__name__)

_LOW_SPACE_MIB = 64


@dataclass(frozen=True)
class Home:
    """A directory of the server, and whose PostgreSQL works in it: only `cluster` belongs to that account."""

    directory: Path
    account: Account

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own directory."""
        return self.directory / "cluster"

    @property
    def log(self) -> Path:
        """What PostgreSQL says; quoted when it does not start."""
        return self.directory / "postgresql.log"

    @property
    def server_lock(self) -> Path:
        """Held by the server: tells a second server from an orphaned PostgreSQL."""
        return self.directory / "server.lock"

    @property
    def postgresql_lock(self) -> Path:
        """Held by all processes of PostgreSQL, so it is free only when the last one is gone."""
        return self.directory / "postgresql.lock"

    @property
    def socket_link(self) -> Path:
        """A symbolic link to the directory of the socket, for `psql` and for clearing up after a killed server."""
        return self.directory / "socket"

    def make(self) -> None:
        """Makes the directory where there is none, open to PostgreSQL's user only as far as it must pass."""
        make_directory(self.directory, 0o700 if self.account.is_own else 0o711)

    def failure(self, what: str, output: str) -> EmbeddedPostgresError:
        """The error for a program that failed, with what it said last."""
        free_mib = shutil.disk_usage(self.directory).free >> 20
        space = f" (only {free_mib} MiB are free on its disk)" if free_mib < _LOW_SPACE_MIB else ""
        return EmbeddedPostgresError(f"{what} in {self.directory}{space}: {last_words(output)}")


def find_home(data_directory: Path) -> Home:
    """The home below the data directory or, for root, the one that replaces it where PostgreSQL's user cannot reach it."""
    directory = data_directory.resolve() / "postgresql"
    if (directory / "cluster").exists():
        return _existing_home(directory)
    if os.geteuid() != 0:
        return Home(directory, own_account())
    return _new_home_of_root(directory)


def _existing_home(directory: Path) -> Home:
    # Root works as the owner, so that data made by an ordinary user stays his.
    status = (directory / "cluster").stat()
    owner = account_of(status.st_uid, status.st_gid)
    if owner.uid == 0:
        raise EmbeddedPostgresError(f"{directory}/cluster belongs to root, as whom PostgreSQL does not run: chown it")
    if os.geteuid() not in (0, owner.uid):
        raise EmbeddedPostgresError(
            f"the database in {directory} belongs to user {owner.name}: start the server as that user, "
            "or set TILO_DATA_DIR to another directory"
        )
    if not owner.is_own and not owner.can_enter(directory / "cluster"):
        raise EmbeddedPostgresError(f"user {owner.name}, to whom {directory}/cluster belongs, cannot reach it any more")
    return Home(directory, owner)


def _new_home_of_root(directory: Path) -> Home:
    account = unprivileged_account()
    # Keyed by the wanted path: found again at every start, also when the wanted one has been opened meanwhile.
    key = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    replacement = STATE_DIRECTORY / f"data-{key}"
    if account.can_enter(directory.parent) and not replacement.exists():
        return Home(directory, account)
    make_state_directory()
    fields = {"user": account.name, "directory": directory, "replacement": replacement}
    logger.warning("user %(user)s cannot reach %(directory)s: the database is in %(replacement)s", fields)
    return Home(replacement, account)
