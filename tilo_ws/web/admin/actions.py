"""What the dashboard's forms do (POST, then a redirect)."""

import contextlib
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl
from uuid import UUID

from aiohttp import web

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.services.admins import WrongPassword
from tilo_ws.services.events import GlobalEvent, UnknownEvent
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.access import LOGIN_COOKIE, AdminSession
from tilo_ws.web.admin.pages import render_login
from tilo_ws.web.untrusted import same_secret

_MAX_FIELDS = 50

_MAX_NAME = 64
"""Code points of a name that somebody tried to log in by."""


async def log_in(request: web.Request) -> web.StreamResponse:
    """`POST /admin/login`."""
    form = await _form(request)
    username = form.get("username", "")
    if not same_secret(form.get("csrf_token"), request.app[keys.ADMIN_SESSIONS].cookie(request, LOGIN_COOKIE)):
        return await render_login(request, username, "The form was too old. Please try again.", status=403)
    try:
        await request.app[keys.ADMINS].log_in(username, form.get("password", ""), _ip(request))
    except WrongPassword as error:
        await _record(request, username[:_MAX_NAME], "failed_login")
        return await render_login(request, username, str(error), status=401)
    await _record(request, username, "login")
    response = web.HTTPSeeOther("/admin")
    request.app[keys.ADMIN_SESSIONS].start(request, response, username)
    raise response


async def log_out(request: web.Request) -> web.StreamResponse:
    """`POST /admin/logout`."""
    session, _ = await _checked_form(request)
    await _record(request, session.username, "logout")
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
    except CommandError as error:
        session.notice = {"level": "bad", "text": f"Not started. {error.message}"}
    except (DatabaseAway, StatementTimeout):
        session.notice = {"level": "bad", "text": "Not started: the database is away. Try again in a moment."}
    else:
        session.notice = {"level": "good", "text": f"{event.type} {event.value} has started."}
        await _record_event(request, session, "start_event", event)
    raise web.HTTPSeeOther("/admin#events")


async def end_event(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events/{id}/end`."""
    session, _ = await _checked_form(request)
    try:
        event = await request.app[keys.EVENTS].end(_id(request))
    except UnknownEvent:
        session.notice = {"level": "bad", "text": "This event was over already."}
    except (DatabaseAway, StatementTimeout):
        session.notice = {"level": "bad", "text": "Not ended: the database is away. Try again in a moment."}
    else:
        session.notice = {"level": "good", "text": f"{event.type} {event.value} has ended."}
        await _record_event(request, session, "end_event", event)
    raise web.HTTPSeeOther("/admin#events")


async def _record_event(request: web.Request, session: AdminSession, action: str, event: GlobalEvent) -> None:
    await _record(request, session.username, action, str(event.id), type=event.type, value=event.value)


async def _record(request: web.Request, admin: str, action: str, target: str = "", **details: object) -> None:
    """Writes the action down; the log has it in any case."""
    with contextlib.suppress(DatabaseAway, StatementTimeout):
        await request.app[keys.ADMINS].record(admin.replace("\0", ""), _ip(request), action, target, **details)


def _id(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        raise UnknownEvent from None


async def _checked_form(request: web.Request) -> tuple[AdminSession, Mapping[str, str]]:
    """The session and the form's texts; without a session to the login page, without the session's token refused."""
    session = request.app[keys.ADMIN_SESSIONS].find(request)
    if session is None:
        raise web.HTTPSeeOther("/admin/login")
    form = await _form(request)
    if not same_secret(form.get("csrf_token"), session.csrf_token):
        raise web.HTTPForbidden(text="This form does not belong to your login. Go back to /admin and try again.\n")
    return session, form


async def _form(request: web.Request) -> Mapping[str, str]:
    """The fields of a form as browsers send it by default; anything else is none of ours."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="send application/x-www-form-urlencoded\n")
    try:
        return dict(parse_qsl((await request.read()).decode(errors="replace"), max_num_fields=_MAX_FIELDS))
    except (ValueError, web.RequestPayloadError):
        raise web.HTTPBadRequest(text="this form cannot be read\n") from None


def _ip(request: web.Request) -> str:
    return request.app[keys.CLIENT_ADDRESS].ip(request)


def _duration(raw: str) -> int:
    if not (raw.isascii() and raw.isdigit() and 0 < len(raw) <= 10 and int(raw)):
        raise CommandError(ErrorCode.INVALID_FIELD, "duration: must be a whole number of seconds above 0")
    return int(raw)
