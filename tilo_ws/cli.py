"""The words of the command line: `serve`, `migrate`, `check`, `token`, `admin`, `load`."""

import argparse
import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import uvloop
from dotenv import dotenv_values

from tilo_ws import __version__, admin_command, resources
from tilo_ws.from_settings import admin_password, player_tokens, text_rules
from tilo_ws.load import command as load_command
from tilo_ws.load.run import CannotPlay
from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.text import clean, email_address
from tilo_ws.protocol.tokens import Player
from tilo_ws.realtime.redis_link import RedisAway, RedisLink
from tilo_ws.server import serve
from tilo_ws.settings import SettingError, Settings, read_settings, unknown_settings
from tilo_ws.sockets import CannotListen
from tilo_ws.storage.database import Database
from tilo_ws.storage.embedded import EmbeddedError, EmbeddedPostgres, dsn_of_running
from tilo_ws.storage.errors import AccessDenied, DatabaseAway, StatementTimeout
from tilo_ws.storage.lease import LeaseTaken
from tilo_ws.storage.migrations import SchemaError, migrate, pending_migrations, read_migrations
from tilo_ws.supervisor import supervise

_MOST_WORKERS = 64

Command = Callable[[Settings, argparse.Namespace], Coroutine[Any, Any, int]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status; what keeps it from running is one line on stderr."""
    options = _parser().parse_args(arguments)
    command: Command = options.run
    return run(lambda settings: command(settings, options))


def run(work: Callable[[Settings], Coroutine[Any, Any, int]], process: str = "") -> int:
    """Reads the settings and does the work with them, with a log whose lines name the process where there are several."""
    environment = {name: value or "" for name, value in (dotenv_values(".env") | os.environ).items()}
    try:
        settings = read_settings(environment)
        _set_up_logging(settings, process)
        if not process:
            for line in unknown_settings(environment):
                logging.getLogger("tilo_ws").warning("%s", line)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work(settings))
    except (DatabaseAway, StatementTimeout) as error:
        return _refuse(f"the database cannot be reached: {error}")
    except RedisAway as error:
        return _refuse(f"Redis cannot be reached: {error}")
    except AccessDenied as error:
        return _refuse(f"the database's user may not do what is needed: {error}")
    except (SettingError, EmbeddedError, LeaseTaken, SchemaError, CannotListen, CannotPlay) as error:
        return _refuse(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tilo_ws", description="The real-time server of tilo.life.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(run=_serve, workers=1)
    words = parser.add_subparsers(title="commands", metavar="COMMAND")
    serving = words.add_parser("serve", help="run the server (the default)")
    serving.set_defaults(run=_serve)
    for place in (parser, serving):
        place.add_argument(
            "--workers",
            type=_worker_count,
            metavar="N",
            default=argparse.SUPPRESS,
            help="by how many processes the server serves (default: 1)",
        )
    migrating = words.add_parser("migrate", help="bring the database's schema up to date")
    migrating.add_argument(
        "--new-epoch", action="store_true", help="after a restore from a backup: chat numbers may repeat, clients start anew"
    )
    migrating.set_defaults(run=_migrate)
    words.add_parser("check", help="read the settings and reach the database, say what is wrong").set_defaults(run=_check)
    signing = words.add_parser("token", help="print a signed player token, for trying")
    signing.add_argument("--email", required=True, help="whose it is: the token's sub")
    signing.add_argument("--nickname", help="the name that others see: the token's name")
    signing.add_argument("--ttl", type=int, default=3600, metavar="SECONDS", help="how long it is valid (default: 3600)")
    signing.set_defaults(run=_token)
    administering = words.add_parser("admin", help="the dashboard's accounts: list, add, password, remove, totp-off")
    admin_command.add_arguments(administering)
    administering.set_defaults(run=_admin)
    playing = words.add_parser("load", help="play many players against a server and report what they saw")
    load_command.add_arguments(playing)
    playing.set_defaults(run=_load)
    return parser


async def _serve(settings: Settings, options: argparse.Namespace) -> int:
    if options.workers > 1:
        return await supervise(settings, options.workers)
    return await serve(settings)


def _worker_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!r}: allowed is a whole number from 1 to {_MOST_WORKERS}")
    return int(text)


async def _load(settings: Settings, options: argparse.Namespace) -> int:
    return await load_command.load(options)


async def _token(settings: Settings, options: argparse.Namespace) -> int:
    tokens, _ = player_tokens(settings)
    if settings.auth_secret is None or tokens is None:
        return _refuse("TILO_AUTH_SECRET is not set: only with a secret can a token be signed here")
    try:
        email = email_address(options.email)
        nickname = None if options.nickname is None else clean("nickname", options.nickname, settings.max_nickname_length)
    except CommandError as error:
        return _refuse(error.message)
    print(tokens.sign(Player(email, nickname, time.time() + options.ttl)))
    return 0


async def _admin(settings: Settings, options: argparse.Namespace) -> int:
    running = dsn_of_running(settings.data_dir) if settings.database_url is None else None
    async with _database(settings, running) as database:
        await migrate(database, read_migrations(resources.MIGRATIONS))
        return await admin_command.run(options, database)


async def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    async with _database(settings) as database:
        applied = await migrate(database, read_migrations(resources.MIGRATIONS))
        for migration in applied:
            print(f"applied {migration.version:04} {migration.name}")
        if not applied:
            print("the schema is up to date")
        if options.new_epoch:
            [row] = await database.query("renew_epoch")()
            print(f"new epoch {row.epoch}")
    return 0


async def _check(settings: Settings, options: argparse.Namespace) -> int:
    admin_password(settings)
    player_tokens(settings)
    text_rules(settings)
    print("settings: ok")
    return max(await _check_database(settings), await _check_redis(settings))


async def _check_database(settings: Settings) -> int:
    try:
        async with _database(settings) as database:
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


@contextlib.asynccontextmanager
async def _database(settings: Settings, running: str | None = None) -> AsyncIterator[Database]:
    """The database of the settings with one connection; the embedded one, unless it is running, started and stopped."""
    with contextlib.ExitStack() as embedded:
        dsn = settings.database_url or running
        if dsn is None:
            postgres = EmbeddedPostgres(settings.data_dir)
            dsn = postgres.start()
            embedded.callback(postgres.stop)
        database = Database(resources.QUERIES, pool_min=1, pool_max=1)
        try:
            await database.open(dsn)
            yield database
        finally:
            await database.close()


def _set_up_logging(settings: Settings, process: str) -> None:
    logging.basicConfig(
        level=settings.log_level.upper(), format=f"%(asctime)s %(levelname)s {process}%(name)s: %(message)s", stream=sys.stderr
    )


def _refuse(reasons: str) -> int:
    for reason in reasons.splitlines():
        print(f"tilo_ws: {reason}", file=sys.stderr)
    return 1
