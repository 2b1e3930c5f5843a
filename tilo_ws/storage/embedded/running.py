"""The PostgreSQL of a server that is running, for commands that work beside it."""

import os
from pathlib import Path

from psycopg2.extensions import make_dsn

from tilo_ws.storage.embedded.file_lock import try_lock
from tilo_ws.storage.embedded.home import find_home
from tilo_ws.storage.embedded.socket_directory import PORT


def dsn_of_running(data_directory: Path) -> str | None:
    """How to reach it (libpq), None where no server runs in this data directory. Raises EmbeddedPostgresError."""
    home = find_home(data_directory)
    if not home.server_lock.exists() or not home.socket_link.is_symlink():
        return None
    lock = try_lock(home.server_lock)
    if lock is not None:
        os.close(lock)
        return None
    return make_dsn(host=str(home.socket_link.readlink()), port=PORT, user="postgres", dbname="postgres")
