"""As which user the embedded PostgreSQL runs, and which directories that user can reach."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from tilo_ws.storage.embedded.errors import EmbeddedPostgresError


@dataclass(frozen=True)
class Account:
    """A user of the operating system."""

    name: str
    uid: int
    gid: int

    @property
    def is_own(self) -> bool:
        """Whether this process already runs as this user."""
        return self.uid == os.geteuid()

    def can_enter(self, directory: Path) -> bool:
        """Whether the modes let this user into the directory, and through all those above it.

        What does not exist yet is not in the way. Access lists are not looked at.
        """
        return all(self._is_allowed(place, 0o1) for place in (directory, *directory.parents) if place.is_dir())

    def can_execute(self, program: Path) -> bool:
        """Whether the modes let this user read and execute the program where it is."""
        return self.can_enter(program.parent) and self._is_allowed(program, 0o5)

    def _is_allowed(self, path: Path, wanted: int) -> bool:
        status = path.stat()
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return (status.st_mode >> shift) & wanted == wanted


def own_account() -> Account:
    """The user of this process, who need not be in the list of users (containers)."""
    return account_of(os.geteuid(), os.getegid())


def account_of(uid: int, gid: int) -> Account:
    """The user with this number."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return Account(name, uid, gid)


def unprivileged_account() -> Account:
    """Who runs PostgreSQL for root: it refuses to run as root itself."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedPostgresError(
            "PostgreSQL does not run as root, and there is no user nobody: start the server as "
            "an ordinary user, or set DATABASE_URL"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
