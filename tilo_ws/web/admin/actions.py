"""What the dashboard's forms do (POST, then a redirect)."""

import time
from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.services.admins import WrongPassword
from tilo_ws.services.events import UnknownEvent
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.access import LOGIN_COOKIE, AdminSession, same
from tilo_ws.web.admin.pages import render_login


async def log_in(request: web.Request) -> web.StreamResponse:
    """`POST /admin/login`."""
    form = await _form(request)
    username = form.get("username", "")
    if not same(form.get("csrf_token"), request.cookies.get(LOGIN_COOKIE, "")):
        return await render_login(request, username, "The form was too old. Please try again.", status=403)
    try:
        request.app[keys.ADMINS].log_in(username, form.get("password", ""), _ip(request))
    except WrongPassword as error:
        return await render_login(request, username, str(error), status=401)
    response = web.HTTPSeeOther("/admin")
    request.app[keys.ADMIN_SESSIONS].start(request, response, username)
    raise response


async def log_out(request: web.Request) -> web.StreamResponse:
    """`POST /admin/logout`."""
    await _checked_form(request)
    response = web.HTTPSeeOther("/admin/login")
    request.app[keys.ADMIN_SESSIONS].end(request, response)
    raise response


async def start_event(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events` with `type`, `value` and `duration` in seconds."""
    session, form = await _checked_form(request)
    try:
        event = await request.app[keys.EVENTS].create(
            type=form.get("type", ""),
            value=form.get("value", ""),
            starts_at=None,
            expires_at=time.time() + _duration(form.get("duration", "")),
        )
        await request.app[keys.ADMINS].record(
            session.username, _ip(request), "start_event", str(event.id), type=event.type, value=event.value
        )
        session.notice = {"level": "good", "text": f"{event.type} {event.value} has started."}
    except CommandError as error:
        session.notice = {"level": "bad", "text": f"Not started. {error.message}"}
    except (DatabaseAway, StatementTimeout):
        session.notice = {"level": "bad", "text": "Not started: the database is away. Try again in a moment."}
    raise web.HTTPSeeOther("/admin#events")


async def end_event(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events/{id}/end`."""
    session, _ = await _checked_form(request)
    try:
        event = await request.app[keys.EVENTS].end(UUID(request.match_info["id"]))
        await request.app[keys.ADMINS].record(session.username, _ip(request), "end_event", str(event.id), type=event.type)
        session.notice = {"level": "good", "text": f"{event.type} {event.value} has ended."}
    except (UnknownEvent, ValueError):
        session.notice = {"level": "bad", "text": "This event was over already."}
    except (DatabaseAway, StatementTimeout):
        session.notice = {"level": "bad", "text": "Not ended: the database is away. Try again in a moment."}
    raise web.HTTPSeeOther("/admin#events")


async def _checked_form(request: web.Request) -> tuple[AdminSession, Mapping[str, str]]:
    """The session and the form's texts; without a session to the login page, without the session's token refused."""
    session = request.app[keys.ADMIN_SESSIONS].find(request)
    if session is None:
        raise web.HTTPSeeOther("/admin/login")
    form = await _form(request)
    if not same(form.get("csrf_token"), session.csrf_token):
        raise web.HTTPForbidden(text="This form does not belong to your login. Go back to /admin and try again.\n")
    return session, form


async def _form(request: web.Request) -> Mapping[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _ip(request: web.Request) -> str:
    return request.app[keys.CLIENT_ADDRESS].ip(request)


def _duration(raw: str) -> int:
    if not (raw.isascii() and raw.isdigit() and 0 < len(raw) <= 10 and int(raw)):
        raise CommandError(ErrorCode.INVALID_FIELD, "duration: must be a whole number of seconds above 0")
    return int(raw)
