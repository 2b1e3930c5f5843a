"""`python -m tilo_ws check`: whether a server could start with these settings, a line for each part."""

from tilo_ws import resources
from tilo_ws.from_settings import admin_password, player_tokens, text_rules
from tilo_ws.realtime.redis_link import RedisAway, RedisLink
from tilo_ws.settings import Settings
from tilo_ws.settings_database import open_database
from tilo_ws.storage.embedded import EmbeddedError
from tilo_ws.storage.errors import AccessDenied, DatabaseAway, StatementTimeout
from tilo_ws.storage.migrations import SchemaError, pending_migrations, read_migrations


async def check(settings: Settings) -> int:
    """Returns the exit status. Raises SettingError."""
    admin_password(settings)
    player_tokens(settings)
    text_rules(settings)
    print("settings: ok")
    return max(await _check_database(settings), await _check_redis(settings))


async def _check_database(settings: Settings) -> int:
    try:
        async with open_database(settings) as database:
            [row] = await database.query("server_version")()
            pending = await pending_migrations(database, read_migrations(resources.MIGRATIONS))
    except (DatabaseAway, StatementTimeout, AccessDenied, EmbeddedError, SchemaError) as error:
        print(f"database: {error}")
        return 1
    if pending and not row.can_create:
        print("database: its user may not create tables, which the next start has to")
        return 1
    schema = f"migrations to apply at the next start: {len(pending)}" if pending else "schema up to date"
    print(f"database: ok, PostgreSQL {row.server_version}, {schema}")
    return 0


async def _check_redis(settings: Settings) -> int:
    if settings.redis_url is None:
        return 0
    link = RedisLink(settings.redis_url, settings.redis_prefix)
    link.follow("check", lambda data: None)
    try:
        await link.open()
    except RedisAway as error:
        print(f"redis: {error}")
        return 1
    finally:
        await link.close()
    print(f"redis: ok, {link.server}")
    return 0
