"""Makes a database that is whole or not there at all, and checks that ours is the PostgreSQL to start on it."""

import os
import shutil
import subprocess
from pathlib import Path

from tilo_ws.storage import postgres_launcher
from tilo_ws.storage.postgres_account import EmbeddedPostgresError
from tilo_ws.storage.postgres_binaries import MAJOR_VERSION
from tilo_ws.storage.postgres_home import Home

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


def prepare_cluster(home: Home, programs: Path, lock: int) -> None:
    """Leaves a database that `postgres` can start on, made now if need be. The caller holds PostgreSQL's lock."""
    if not home.cluster.exists():
        _initialise(home, programs, lock)
    _check_version(home)
    _remove_stale_pid_file(home)


def recorded_pid(home: Home) -> int | None:
    """The process that postmaster.pid names: PostgreSQL, or after a crash whoever has that number by now."""
    try:
        return int(_pid_file(home).read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None


def is_at_work(home: Home, pid: int) -> bool:
    """Whether that process works in the cluster, as PostgreSQL does. Only Linux tells; elsewhere the answer is no."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(home.cluster)
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return False


def is_ready(home: Home, pid: int) -> bool:
    """Whether this PostgreSQL accepts connections: the last line of postmaster.pid, where pg_ctl looks too."""
    try:
        lines = _pid_file(home).read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) == 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _pid_file(home: Home) -> Path:
    return home.cluster / "postmaster.pid"


def _initialise(home: Home, programs: Path, lock: int) -> None:
    # Under another name until it is whole: an interrupted initdb leaves nothing that looks like a database.
    unfinished = home.directory / "cluster.unfinished"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(mode=0o700)
    if not home.account.is_own:
        os.chown(unfinished, home.account.uid, home.account.gid)
    initdb = _run_initdb(home, programs / "initdb", unfinished, lock)
    if initdb.returncode != 0:
        shutil.rmtree(unfinished)
        raise home.failure("PostgreSQL cannot make a database", initdb.stdout)
    unfinished.rename(home.cluster)
    _sync(home.directory)


def _run_initdb(home: Home, initdb: Path, directory: Path, lock: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        postgres_launcher.command(home.account.uid, home.account.gid, initdb, *_INITDB_OPTIONS, f"--pgdata={directory}"),
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


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_version(home: Home) -> None:
    try:
        version = (home.cluster / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise EmbeddedPostgresError(f"{home.cluster} is not a database of PostgreSQL: move it away") from None
    if version != str(MAJOR_VERSION):
        raise EmbeddedPostgresError(
            f"the database in {home.directory} is of PostgreSQL {version}, this server brings PostgreSQL "
            f"{MAJOR_VERSION}: move it over with pg_dump {version}, or set TILO_DATA_DIR to another directory"
        )


def _remove_stale_pid_file(home: Home) -> None:
    """PostgreSQL would not start while any process has the number in it. The lock says that none of ours is alive."""
    pid = recorded_pid(home)
    if pid is not None and is_at_work(home, pid):
        raise EmbeddedPostgresError(f"a PostgreSQL that this server has not started (process {pid}) runs in {home.cluster}")
    _pid_file(home).unlink(missing_ok=True)
