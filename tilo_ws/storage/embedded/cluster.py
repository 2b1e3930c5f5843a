"""The database on disk: whole or not there at all, and with nobody but our PostgreSQL at work in it."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tilo_ws.storage.embedded.binaries import MAJOR_VERSION
from tilo_ws.storage.embedded.errors import EmbeddedPostgresError
from tilo_ws.storage.embedded.home import Home
from tilo_ws.storage.embedded.launcher import launch_command

# The builtin C.UTF-8 sorts by code point, as Python does, and on every system alike: indexes stay valid when moved.
_INITDB_OPTIONS = (
    "--username=postgres",
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)


@dataclass(frozen=True)
class Cluster:
    """PostgreSQL's own directory in a home, and who works in it."""

    home: Home

    def prepare(self, programs: Path, lock: int) -> None:
        """Leaves a database that `postgres` can start on, made now if need be. The caller holds PostgreSQL's lock."""
        if not self.home.cluster.exists():
            self._initialise(programs / "initdb", lock)
        self._check_version()
        self._remove_stale_pid_file()

    def recorded_pid(self) -> int | None:
        """The process that postmaster.pid names: PostgreSQL, or after a crash whoever has that number by now."""
        try:
            return int(self._pid_file.read_text(encoding="utf-8", errors="surrogateescape").partition("\n")[0])
        except (FileNotFoundError, ValueError):
            return None

    def is_at_work(self, pid: int) -> bool:
        """Whether that process works in here, as PostgreSQL does. Only Linux tells; elsewhere the answer is no."""
        try:
            return Path(f"/proc/{pid}/cwd").samefile(self.home.cluster)
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            return False

    def is_ready(self, pid: int) -> bool:
        """Whether this PostgreSQL accepts connections: the last line of postmaster.pid, where pg_ctl looks too."""
        try:
            lines = self._pid_file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) == 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    @property
    def _pid_file(self) -> Path:
        return self.home.cluster / "postmaster.pid"

    def _initialise(self, initdb: Path, lock: int) -> None:
        # Under another name until it is whole: an interrupted initdb leaves nothing that looks like a database.
        unfinished = self.home.directory / "cluster.unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        account = self.home.account
        if not account.is_own:
            os.chown(unfinished, account.uid, account.gid)
        done = subprocess.run(
            launch_command(account.uid, account.gid, initdb, *_INITDB_OPTIONS, f"--pgdata={unfinished}"),
            check=False,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(lock,),
            start_new_session=True,
            text=True,
            errors="replace",
        )
        if done.returncode != 0:
            shutil.rmtree(unfinished)
            raise self.home.failure("PostgreSQL cannot make a database", done.stdout)
        unfinished.rename(self.home.cluster)
        _sync(self.home.directory)

    def _check_version(self) -> None:
        try:
            version = (self.home.cluster / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise EmbeddedPostgresError(f"{self.home.cluster} is not a database of PostgreSQL: move it away") from None
        if version != str(MAJOR_VERSION):
            raise EmbeddedPostgresError(
                f"the database in {self.home.directory} is of PostgreSQL {version}, this server brings PostgreSQL "
                f"{MAJOR_VERSION}: move it over with pg_dump {version}, or set TILO_DATA_DIR to another directory"
            )

    def _remove_stale_pid_file(self) -> None:
        # PostgreSQL would not start while any process has the number in it. The lock says that none of ours is alive.
        pid = self.recorded_pid()
        if pid is not None and self.is_at_work(pid):
            raise EmbeddedPostgresError(
                f"a PostgreSQL that this server has not started (process {pid}) runs in {self.home.cluster}"
            )
        self._pid_file.unlink(missing_ok=True)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
