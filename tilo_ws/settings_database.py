"""The database of the settings, for a command: the one that is named, or the embedded one, started and stopped."""

import contextlib
from collections.abc import AsyncIterator, Iterator

from tilo_ws import resources
from tilo_ws.settings import Settings
from tilo_ws.storage.database import Database
from tilo_ws.storage.embedded import EmbeddedPostgres, dsn_of_running


@contextlib.contextmanager
def database_address(settings: Settings, *, beside_server: bool = False) -> Iterator[str]:
    """How to reach the database of the settings; the embedded one is started and stopped, unless it may be a running one."""
    running = dsn_of_running(settings.data_dir) if beside_server and settings.database_url is None else None
    if dsn := settings.database_url or running:
        yield dsn
        return
    postgres = EmbeddedPostgres(settings.data_dir)
    try:
        yield postgres.start()
    finally:
        postgres.stop()


@contextlib.asynccontextmanager
async def open_database(settings: Settings, *, beside_server: bool = False) -> AsyncIterator[Database]:
    """That database with one connection."""
    with database_address(settings, beside_server=beside_server) as dsn:
        async with open_address(dsn) as database:
            yield database


@contextlib.asynccontextmanager
async def open_address(dsn: str) -> AsyncIterator[Database]:
    """A database with one connection."""
    database = Database(resources.QUERIES, pool_min=1, pool_max=1)
    try:
        await database.open(dsn)
        yield database
    finally:
        await database.close()
