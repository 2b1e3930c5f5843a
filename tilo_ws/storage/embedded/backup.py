"""A backup of the embedded database, made while it runs, and the way back, by PostgreSQL's own programs."""

import subprocess
from pathlib import Path
from typing import BinaryIO

from tilo_ws.storage.embedded.account import own_account
from tilo_ws.storage.embedded.binaries import programs_for
from tilo_ws.storage.embedded.errors import EmbeddedPostgresError

# Nothing of this process's environment, where PG* variables would change what is meant.
_ENVIRONMENT = {"LC_ALL": "C"}


def dump(dsn: str, output: BinaryIO) -> None:
    """Writes the database, as it is at one moment, in pg_dump's own compressed format. Raises EmbeddedPostgresError."""
    # Who runs the server now means nothing to whoever runs it after a restore.
    _run("pg_dump", "--format=custom", "--exclude-table-data=server_lease", f"--dbname={dsn}", output=output)


def check(file: Path) -> None:
    """Reads through a backup's table of contents. Raises EmbeddedPostgresError where the file is none."""
    _run("pg_restore", "--list", str(file))


def restore(dsn: str, file: Path) -> None:
    """Fills an empty database, wholly or not at all. Raises EmbeddedPostgresError."""
    _run("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", f"--dbname={dsn}", str(file))


def _run(program: str, *arguments: str, output: BinaryIO | int = subprocess.DEVNULL) -> None:
    done = subprocess.run(
        [programs_for(own_account()) / program, *arguments],
        check=False,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise EmbeddedPostgresError(f"{program} failed: {' / '.join(done.stderr.split(chr(10))).strip(' /')}")
