"""The one place that lets requests into the dashboard: login, role, and forms that come from its own pages."""

import logging
from collections.abc import Awaitable
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.typedefs import Handler

from tilo_ws.services.roles import Role
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM, SESSION
from tilo_ws.web.admin.frame import render_refusal
from tilo_ws.web.admin.requests import record
from tilo_ws.web.admin.routes import PERMISSIONS
from tilo_ws.web.admin.session import AdminSession
from tilo_ws.web.untrusted import is_same_origin, same_secret
from tilo_ws.web.websocket import is_upgrade

logger = logging.getLogger(__name__)

_MAX_FIELDS = 50

_MAX_FORM_BYTES = 32 * 1024
"""The login's form is taken apart on the event loop for anybody: of so many bytes within 3 ms. No form of ours is as large."""


@web.middleware
def guard(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Lets through whose role is enough for the route; a route of the dashboard that is not in the table is nobody's."""
    resource = request.match_info.route.resource
    if resource is None or not (resource.canonical + "/").startswith("/admin/"):
        return handler(request)
    return _into_the_dashboard(request, handler, resource.canonical)


async def _into_the_dashboard(request: web.Request, handler: Handler, route: str) -> web.StreamResponse:
    method = "GET" if request.method == "HEAD" else request.method
    permission = PERMISSIONS.get((method, route))
    if permission is None:
        fields = {"method": method, "path": route}
        logger.error("%(method)s %(path)s has no line in the table of the dashboard's routes", fields)
        raise web.HTTPForbidden
    if permission.least is not None:
        return await _for_admins(request, handler, permission.least)
    if _is_foreign(request):
        raise web.HTTPForbidden(text="this form is for the dashboard's own pages\n")
    await _read_form(request)
    return await handler(request)


async def _for_admins(request: web.Request, handler: Handler, least: Role) -> web.StreamResponse:
    sessions = request.app[keys.ADMIN_SESSIONS]
    session = await sessions.find(request)
    if session is None:
        if is_upgrade(request):
            raise web.HTTPUnauthorized(text="log in at /admin/login\n")
        raise web.HTTPSeeOther("/admin/login")
    request[SESSION] = session
    await _read_form(request)
    reason = _reason_against(request, session, least)
    try:
        if reason is None:
            return await handler(request)
        await record(request, "refused", f"{request.method} {request.path}", reason=reason)
        if is_upgrade(request):
            raise web.HTTPForbidden(text=reason)
        return await render_refusal(request, reason)
    finally:
        await sessions.save(session)


def _reason_against(request: web.Request, session: AdminSession, least: Role) -> str | None:
    is_post = request.method == "POST"
    if is_post and (_is_foreign(request) or not same_secret(request[FORM].get("csrf_token"), session.csrf_token)):
        return "This form does not belong to your login. Nothing was done: go back, load the page again and try once more."
    if not session.account.role.may(least):
        return f"This is for the role {least}; you are logged in as {session.account.role}. Nothing was done."
    return None


def _is_foreign(request: web.Request) -> bool:
    """Whether a form comes from a page of another site. Browsers name the origin of every POST."""
    return request.method == "POST" and "Origin" in request.headers and not is_same_origin(request)


async def _read_form(request: web.Request) -> None:
    """Reads a form as browsers send it by default; anything else that is posted is none of ours."""
    if request.method != "POST":
        return
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="send application/x-www-form-urlencoded\n")
    if (request.content_length or 0) > _MAX_FORM_BYTES:
        raise _too_large()
    try:
        body = await request.read()
        if len(body) > _MAX_FORM_BYTES:
            raise _too_large()
        request[FORM] = dict(parse_qsl(body.decode(errors="replace"), max_num_fields=_MAX_FIELDS))
    except (ValueError, web.RequestPayloadError):
        raise web.HTTPBadRequest(text="this form cannot be read\n") from None


def _too_large() -> web.HTTPException:
    return web.HTTPRequestEntityTooLarge(_MAX_FORM_BYTES, text="this form is too large\n")
