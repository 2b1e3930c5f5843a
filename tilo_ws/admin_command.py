"""`python -m tilo_ws admin`: the dashboard's accounts on the command line."""

import argparse
import getpass
import sys
from collections.abc import Awaitable, Callable, Mapping

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.services.admin_accounts import USERNAME, AdminAccounts, UnknownAccount, made_password
from tilo_ws.services.admins import Admins
from tilo_ws.services.roles import Role
from tilo_ws.storage.database import Database

_WHO = "the command line"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words after `admin`."""
    words = parser.add_subparsers(title="what to do", dest="action", metavar="ACTION", required=True)
    words.add_parser("list", help="show all accounts")
    adding = words.add_parser("add", help="make an account")
    adding.add_argument("name", metavar="NAME")
    adding.add_argument("--role", choices=list(Role), type=Role, default=Role.VIEWER, help="what it may do (default: viewer)")
    changing = words.add_parser("password", help="give an account another password and log it out")
    changing.add_argument("name", metavar="NAME")
    for one in (adding, changing):
        one.add_argument("--ask", action="store_true", help="read the password from the terminal instead of making one")
    words.add_parser("remove", help="remove an account and log it out").add_argument("name", metavar="NAME")
    words.add_parser("totp-off", help="let an account log in without a code").add_argument("name", metavar="NAME")


async def run(options: argparse.Namespace, database: Database) -> int:
    """Does it on a database whose schema is up to date. Returns the exit status."""
    accounts = AdminAccounts(database)
    try:
        await _ACTIONS[options.action](accounts, options)
    except CommandError as error:
        print(f"tilo_ws: {error.message}", file=sys.stderr)
        return 1
    except UnknownAccount:
        print(f"tilo_ws: there is no account {options.name}, or it is the built-in one", file=sys.stderr)
        return 1
    if options.action != "list":
        action = {"add": "create_admin", "password": "reset_admin_password", "remove": "remove_admin"}
        record = Admins(database, accounts, "").record
        await record(_WHO, "", action.get(options.action, "turn_admin_codes_off"), options.name)
    return 0


async def _list(accounts: AdminAccounts, options: argparse.Namespace) -> None:
    rows = await accounts.all()
    width = max(len(row.name) for row in rows)
    for row in rows:
        notes = ["with codes"] * row.has_totp + ["disabled"] * (row.disabled_at is not None)
        notes += ["built in, its password is in the settings"] * (row.name == USERNAME)
        print(f"{row.name:<{width}}  {row.role:<9}  {', '.join(notes)}".rstrip())


async def _add(accounts: AdminAccounts, options: argparse.Namespace) -> None:
    password, shown = _password(options)
    await accounts.create(options.name, options.role, password, by=_WHO)
    print(f"{options.name} can log in to the dashboard as {options.role}{shown}")


async def _change_password(accounts: AdminAccounts, options: argparse.Namespace) -> None:
    password, shown = _password(options)
    await accounts.set_password(options.name, password)
    print(f"{options.name} was logged out and has another password{shown}")


async def _remove(accounts: AdminAccounts, options: argparse.Namespace) -> None:
    await accounts.remove(options.name)
    print(f"{options.name} was logged out and removed")


async def _turn_codes_off(accounts: AdminAccounts, options: argparse.Namespace) -> None:
    await accounts.set_totp(options.name, None)
    print(f"{options.name} logs in without a code now")


_ACTIONS: Mapping[str, Callable[[AdminAccounts, argparse.Namespace], Awaitable[None]]] = {
    "list": _list,
    "add": _add,
    "password": _change_password,
    "remove": _remove,
    "totp-off": _turn_codes_off,
}


def _password(options: argparse.Namespace) -> tuple[str, str]:
    """The password, and what is said of it. One that was typed is not shown; without a terminal it is a line of the input."""
    if not options.ask:
        password = made_password()
        return password, f", with the password {password}"
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n"), ""
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise CommandError(ErrorCode.INVALID_FIELD, "the two passwords differ")
    return password, ""
