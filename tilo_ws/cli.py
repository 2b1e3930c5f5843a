"""The words of the command line: `serve`, `migrate`, `check`, `token`, `admin`, those of the data, `load`."""

import argparse
import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import uvloop
from dotenv import dotenv_values

from tilo_ws import __version__, admin_command, check_command, data_command, resources
from tilo_ws.from_settings import player_tokens
from tilo_ws.load import command as load_command
from tilo_ws.load.run import CannotPlay
from tilo_ws.log import set_up_log
from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.text import clean, email_address
from tilo_ws.protocol.tokens import Player
from tilo_ws.realtime.redis_link import RedisAway
from tilo_ws.realtime.servers import PrefixTaken
from tilo_ws.server import serve
from tilo_ws.settings import SettingError, Settings, read_settings, unknown_settings
from tilo_ws.settings_database import database_address, open_database
from tilo_ws.sockets import CannotListen
from tilo_ws.storage.embedded import EmbeddedError, backup
from tilo_ws.storage.errors import AccessDenied, DatabaseAway, StatementTimeout
from tilo_ws.storage.export_file import BadExport
from tilo_ws.storage.lease import LeaseTaken
from tilo_ws.storage.migrations import SchemaError, migrate, read_migrations
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
                logging.getLogger("tilo_ws").warning("settings: %(problem)s", {"problem": line})
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work(settings))
    except (DatabaseAway, StatementTimeout) as error:
        return _refuse(f"the database cannot be reached: {error}")
    except RedisAway as error:
        return _refuse(f"Redis cannot be reached: {error}")
    except AccessDenied as error:
        return _refuse(f"the database's user may not do what is needed: {error}")
    except (SettingError, EmbeddedError, PrefixTaken, LeaseTaken, SchemaError, BadExport, CannotListen, CannotPlay) as error:
        return _refuse(str(error))


def _parser() -> argparse.ArgumentParser:
    installed = Path(sys.argv[0]).name == "tilo-ws"
    parser = argparse.ArgumentParser(
        prog="tilo-ws" if installed else "python -m tilo_ws", description="The real-time server of tilo.life."
    )
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
    data_commands = {"export": _export, "import": _import, "backup": _back_up, "restore": _restore}
    for word, parsing in data_command.add_commands(words).items():
        parsing.set_defaults(run=data_commands[word])
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
    async with open_database(settings, beside_server=True) as database:
        await migrate(database, read_migrations(resources.MIGRATIONS))
        return await admin_command.run(options, database)


async def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    async with open_database(settings) as database:
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
    return await check_command.check(settings)


async def _export(settings: Settings, options: argparse.Namespace) -> int:
    with database_address(settings, beside_server=True) as dsn:
        return await _with_file(data_command.export_to(options.file, dsn))


async def _import(settings: Settings, options: argparse.Namespace) -> int:
    with database_address(settings) as dsn:
        return await _with_file(data_command.import_from(options.file, dsn))


async def _back_up(settings: Settings, options: argparse.Namespace) -> int:
    if settings.database_url is not None:
        return _refuse("DATABASE_URL is set: this saves the embedded database; use pg_dump for yours, or the command export")
    with database_address(settings, beside_server=True) as dsn:
        return await _with_file(data_command.back_up(options.file, dsn))


async def _restore(settings: Settings, options: argparse.Namespace) -> int:
    if settings.database_url is not None:
        return _refuse("DATABASE_URL is set: this fills the embedded database; use pg_restore for yours")
    backup.check(options.file)
    with database_address(settings) as dsn:
        return await _with_file(data_command.restore(options.file, dsn))


async def _with_file(work: Coroutine[Any, Any, None]) -> int:
    try:
        await work
    except OSError as error:
        return _refuse(f"{error.filename or 'the file'}: {error.strerror}")
    return 0


def _set_up_logging(settings: Settings, process: str) -> None:
    set_up_log(settings.log_level, settings.log_format, process, sys.stderr)


def _refuse(reasons: str) -> int:
    for reason in reasons.splitlines():
        print(f"tilo_ws: {reason}", file=sys.stderr)
    return 1
