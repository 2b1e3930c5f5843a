"""The dashboard's pages (GET)."""

import re
import secrets
from typing import Any

import aiohttp_jinja2
import msgspec
from aiohttp import web

from tilo_ws import __version__
from tilo_ws.services.admins import USERNAME
from tilo_ws.web import keys
from tilo_ws.web.admin.access import LOGIN_COOKIE
from tilo_ws.web.untrusted import header_text


async def without_slash(request: web.Request) -> web.StreamResponse:
    """`GET /admin/`."""
    raise web.HTTPSeeOther("/admin")


async def login_page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/login`."""
    if request.app[keys.ADMIN_SESSIONS].find(request) is not None:
        raise web.HTTPSeeOther("/admin")
    return await render_login(request, USERNAME, None)


async def render_login(request: web.Request, username: str, error: str | None, status: int = 200) -> web.StreamResponse:
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


async def dashboard(request: web.Request) -> web.StreamResponse:
    """`GET /admin`."""
    session = request.app[keys.ADMIN_SESSIONS].find(request)
    if session is None:
        raise web.HTTPSeeOther("/admin/login")
    return await aiohttp_jinja2.render_template_async(
        "admin/dashboard.html",
        request,
        {
            "admin": session.username,
            "csrf_token": session.csrf_token,
            "notice": session.take_notice(),
            "server_name": header_text(request, "Host"),
            "version": __version__,
            "snapshot": msgspec.to_builtins(request.app[keys.FEED].first_snapshot()),
        },
    )
