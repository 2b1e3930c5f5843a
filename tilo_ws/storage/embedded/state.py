"""Makes directories with the modes that PostgreSQL's user needs, and root's own place for what must not lie in a closed one."""

import stat
from pathlib import Path

from tilo_ws.storage.embedded.errors import EmbeddedPostgresError

# Below /var/lib nobody else can make it before us, and no clean-up of old files comes by as in /var/tmp.
STATE_DIRECTORY = Path("/var/lib/tilo-ws")


def make_directory(path: Path, mode: int) -> None:
    """Makes the directory and those above it, all with this mode whatever the umask; what exists stays as it is."""
    if not path.exists():
        make_directory(path.parent, mode)
        path.mkdir(exist_ok=True)
        path.chmod(mode)


def make_state_directory() -> None:
    """Makes root's own place at its first use. Raises EmbeddedPostgresError if others could have put something there."""
    make_directory(STATE_DIRECTORY, 0o755)
    status = STATE_DIRECTORY.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & 0o022:
        raise EmbeddedPostgresError(f"{STATE_DIRECTORY} must be a directory of root's that nobody else can write to")
