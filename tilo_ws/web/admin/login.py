"""`/admin/login` and the ways out."""

import re
import secrets
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from tilo_ws.services.admins import USERNAME, WrongPassword
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM, LOGIN_COOKIE, SESSION
from tilo_ws.web.admin.requests import client_ip, record, record_as
from tilo_ws.web.untrusted import same_secret

_MAX_NAME = 64
"""Code points of a name that somebody tried to log in by."""


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/login`."""
    if request.app[keys.ADMIN_SESSIONS].find(request) is not None:
        raise web.HTTPSeeOther("/admin")
    return await _render(request, USERNAME, None)


async def log_in(request: web.Request) -> web.StreamResponse:
    """`POST /admin/login`."""
    form = request[FORM]
    username = form.get("username", "")
    if not same_secret(form.get("csrf_token"), request.app[keys.ADMIN_SESSIONS].cookie(request, LOGIN_COOKIE)):
        return await _render(request, username, "The form was too old. Please try again.", status=403)
    try:
        account = await request.app[keys.ADMINS].log_in(username, form.get("password", ""), client_ip(request))
    except WrongPassword as error:
        await record_as(request, username[:_MAX_NAME], "failed_login")
        return await _render(request, username, str(error), status=401)
    await record_as(request, account.name, "login")
    response = web.HTTPSeeOther("/admin")
    request.app[keys.ADMIN_SESSIONS].start(request, response, account)
    raise response


async def log_out(request: web.Request) -> web.StreamResponse:
    """`POST /admin/logout`."""
    await record(request, "logout")
    response = web.HTTPSeeOther("/admin/login")
    request.app[keys.ADMIN_SESSIONS].end(request, response)
    raise response


async def log_out_everywhere(request: web.Request) -> web.StreamResponse:
    """`POST /admin/logout/everywhere`: ends all sessions of the account."""
    await record(request, "logout_everywhere")
    response = web.HTTPSeeOther("/admin/login")
    request.app[keys.ADMIN_SESSIONS].end_all(request[SESSION].account.name)
    request.app[keys.ADMIN_SESSIONS].end(request, response)
    raise response


async def _render(request: web.Request, username: str, error: str | None, status: int = 200) -> web.StreamResponse:
    """The login form with a token that its POST must bring back together with the cookie."""
    kept = request.app[keys.ADMIN_SESSIONS].cookie(request, LOGIN_COOKIE)
    token = kept if re.fullmatch(r"[A-Za-z0-9_-]{43}", kept) else secrets.token_urlsafe(32)
    fields: dict[str, Any] = {
        "csrf_token": token,
        "username": username,
        "error": error,
        "password_place": request.app[keys.PASSWORD_PLACE],
    }
    response = await aiohttp_jinja2.render_template_async("admin/login.html", request, fields, status=status)
    request.app[keys.ADMIN_SESSIONS].set_cookie(request, response, LOGIN_COOKIE, token)
    return response
