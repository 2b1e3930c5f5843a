"""`/admin/accounts`: who may use the dashboard."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from tilo_ws.protocol.codes import CommandError
from tilo_ws.services.admin_accounts import USERNAME, UnknownAccount, made_password
from tilo_ws.services.roles import Role
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM, SESSION
from tilo_ws.web.admin.frame import render
from tilo_ws.web.admin.requests import finish, record

PATH = "/admin/accounts"

_AWAY = "Nothing was changed: the database is away. Try again in a moment."


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/accounts`."""
    try:
        accounts = await request.app[keys.ADMIN_ACCOUNTS].all()
    except (DatabaseAway, StatementTimeout):
        accounts = None
    return await render(request, "accounts.html", "accounts", accounts=accounts, roles=list(Role), built_in=USERNAME)


async def create(request: web.Request) -> web.StreamResponse:
    """`POST /admin/accounts` with `name` and `role`; the password is made, and shown once."""
    name, password = request[FORM].get("name", "").strip().lower(), made_password()
    role = _role(request)
    try:
        await request.app[keys.ADMIN_ACCOUNTS].create(name, role, password, by=request[SESSION].account.name)
    except CommandError as error:
        finish(request, PATH, f"Not made. {error.message}", "bad")
    except (DatabaseAway, StatementTimeout):
        finish(request, PATH, _AWAY, "bad")
    await record(request, "create_admin", name, role=role)
    finish(request, PATH, f"{name} can log in as {role}. The password, shown only now:", secret=password)


async def change_role(request: web.Request) -> web.StreamResponse:
    """`POST /admin/accounts/{name}/role` with `role`."""
    role = _role(request)
    name = await _change(request, lambda name: request.app[keys.ADMIN_ACCOUNTS].set_role(name, role))
    await record(request, "change_admin_role", name, role=role)
    finish(request, PATH, f"{name} is {role} now, and was logged out.")


async def reset_password(request: web.Request) -> web.StreamResponse:
    """`POST /admin/accounts/{name}/password`: makes a new one."""
    password = made_password()
    name = await _change(request, lambda name: request.app[keys.ADMIN_ACCOUNTS].set_password(name, password))
    await record(request, "reset_admin_password", name)
    finish(request, PATH, f"{name} was logged out and has a new password, shown only now:", secret=password)


async def turn_codes_off(request: web.Request) -> web.StreamResponse:
    """`POST /admin/accounts/{name}/totp-off`, for somebody whose telephone is lost."""
    name = await _change(request, lambda name: request.app[keys.ADMIN_ACCOUNTS].set_totp(name, None))
    await record(request, "turn_admin_codes_off", name)
    finish(request, PATH, f"{name} logs in without a code now.")


async def disable(request: web.Request) -> web.StreamResponse:
    """`POST /admin/accounts/{name}/disable`."""
    name = await _change(request, lambda name: request.app[keys.ADMIN_ACCOUNTS].set_disabled(name, True))
    await record(request, "disable_admin", name)
    finish(request, PATH, f"{name} was logged out and cannot log in any more.")


async def enable(request: web.Request) -> web.StreamResponse:
    """`POST /admin/accounts/{name}/enable`."""
    name = await _change(request, lambda name: request.app[keys.ADMIN_ACCOUNTS].set_disabled(name, False))
    await record(request, "enable_admin", name)
    finish(request, PATH, f"{name} can log in again.")


async def remove(request: web.Request) -> web.StreamResponse:
    """`POST /admin/accounts/{name}/remove`."""
    name = await _change(request, request.app[keys.ADMIN_ACCOUNTS].remove)
    await record(request, "remove_admin", name)
    finish(request, PATH, f"{name} was logged out and removed.")


async def _change(request: web.Request, change: Callable[[str], Awaitable[None]]) -> str:
    """Changes the account of the path and ends its sessions. Nobody can shut himself out, or the built-in account."""
    name = request.match_info["name"]
    if name == request[SESSION].account.name:
        finish(request, PATH, "This is your own account: somebody else has to do that.", "bad")
    if name == USERNAME:
        finish(request, PATH, f"{USERNAME} is built in: only the server's settings change it.", "bad")
    try:
        await change(name)
    except UnknownAccount:
        finish(request, PATH, "There is no such account any more.", "bad")
    except (DatabaseAway, StatementTimeout):
        finish(request, PATH, _AWAY, "bad")
    await request.app[keys.ADMIN_SESSIONS].end_all(name)
    return name


def _role(request: web.Request) -> Role:
    try:
        return Role(request[FORM].get("role", ""))
    except ValueError:
        finish(request, PATH, f"Nothing was changed. role: must be one of {', '.join(Role)}", "bad")
