"""`/admin/login`, with a second step for those who log in with a code, and the ways out."""

import contextlib
import re
import secrets

import aiohttp_jinja2
from aiohttp import web

from tilo_ws.services.admin_accounts import USERNAME, Account, UnknownAccount
from tilo_ws.services.admins import WrongPassword
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM, LOGIN_COOKIE, SESSION
from tilo_ws.web.admin.requests import client_ip, record, record_as
from tilo_ws.web.untrusted import same_secret

_MAX_NAME = 64
"""Code points of a name that somebody tried to log in by."""


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/login`."""
    if await request.app[keys.ADMIN_SESSIONS].find(request) is not None:
        raise web.HTTPSeeOther("/admin")
    return await _render(request)


async def log_in(request: web.Request) -> web.StreamResponse:
    """`POST /admin/login` with `username` and `password`, and where those were right and a code is asked for, `code`."""
    form = request[FORM]
    name = form.get("username", "").strip().lower()
    if not same_secret(form.get("csrf_token"), request.app[keys.ADMIN_SESSIONS].cookie(request, LOGIN_COOKIE)):
        return await _render(request, name, "The form was too old. Please try again.", status=403)
    if "code" in form:
        return await _confirm(request, form["csrf_token"], form["code"])
    try:
        account, needs_code = await request.app[keys.ADMINS].log_in(name, form.get("password", ""), client_ip(request))
    except WrongPassword as error:
        if error.is_told:
            await record_as(request, name[:_MAX_NAME], "failed_login")
        return await _render(request, name, str(error), status=401)
    if needs_code:
        return await _render(request, token=await request.app[keys.SECOND_STEPS].begin(account), asks_code=True)
    return await _begin(request, account)


async def _confirm(request: web.Request, token: str, code: str) -> web.StreamResponse:
    account = await request.app[keys.SECOND_STEPS].find(token)
    if account is None:
        return await _render(request, error="That took too long. Please begin again.", status=403)
    try:
        await request.app[keys.ADMINS].confirm(account, code, client_ip(request))
    except WrongPassword as error:
        if error.is_told:
            await record_as(request, account.name, "failed_code")
        return await _render(request, error=str(error), status=401, token=token, asks_code=True)
    await request.app[keys.SECOND_STEPS].end(token)
    return await _begin(request, account)


async def _begin(request: web.Request, account: Account) -> web.StreamResponse:
    await record_as(request, account.name, "login")
    response = web.HTTPSeeOther("/admin")
    await request.app[keys.ADMIN_SESSIONS].start(request, response, account)
    raise response


async def log_out(request: web.Request) -> web.StreamResponse:
    """`POST /admin/logout`."""
    await record(request, "logout")
    response = web.HTTPSeeOther("/admin/login")
    await request.app[keys.ADMIN_SESSIONS].end(request, response)
    raise response


async def log_out_everywhere(request: web.Request) -> web.StreamResponse:
    """`POST /admin/logout/everywhere`: ends all sessions of the account."""
    name = request[SESSION].account.name
    await record(request, "logout_everywhere")
    response = web.HTTPSeeOther("/admin/login")
    with contextlib.suppress(DatabaseAway, StatementTimeout, UnknownAccount):
        await request.app[keys.ADMIN_ACCOUNTS].renew(name)
    await request.app[keys.ADMIN_SESSIONS].end_all(name)
    await request.app[keys.ADMIN_SESSIONS].end(request, response)
    raise response


async def _render(
    request: web.Request,
    username: str = USERNAME,
    error: str | None = None,
    status: int = 200,
    *,
    token: str | None = None,
    asks_code: bool = False,
) -> web.StreamResponse:
    """The login form with a token that its POST must bring back together with the cookie."""
    if token is None:
        kept = request.app[keys.ADMIN_SESSIONS].cookie(request, LOGIN_COOKIE)
        token = kept if re.fullmatch(r"[A-Za-z0-9_-]{43}", kept) else secrets.token_urlsafe(32)
    fields = {
        "csrf_token": token,
        "username": username,
        "error": error,
        "asks_code": asks_code,
        "password_changed": "password_changed" in request.query,
        "password_place": request.app[keys.PASSWORD_PLACE],
    }
    response = await aiohttp_jinja2.render_template_async("admin/login.html", request, fields, status=status)
    request.app[keys.ADMIN_SESSIONS].set_cookie(request, response, LOGIN_COOKIE, token)
    return response
