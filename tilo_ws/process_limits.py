"""What the operating system allows this process: open files, and with them connections."""

import resource

RESERVED_FILES = 200
"""Open files that are no player's connection: the database, the log, the dashboards, requests under way."""


def raise_open_files() -> None:
    """Raises the limit of open files as far as this user may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def possible_connections() -> int:
    """How many connections the limit of open files leaves room for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(soft - RESERVED_FILES, 1)
