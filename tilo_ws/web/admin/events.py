"""`/admin/events`: what runs, what is planned, and the form that starts one."""

import time
from typing import Any
from uuid import UUID

from aiohttp import web

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.services.events import GlobalEvent, UnknownEvent, event_fields
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM
from tilo_ws.web.admin.feed import Beat
from tilo_ws.web.admin.frame import render
from tilo_ws.web.admin.requests import finish, record

PATH = "/admin/events"


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/events`."""
    return await render(request, "events.html", "events")


def part(app: web.Application, beat: Beat) -> dict[str, Any]:
    """All events that are not over."""
    return {"events": [event_fields(event, beat.now) for event in app[keys.EVENTS].all()]}


async def start(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events` with `type`, `value` and `duration` in seconds."""
    form = request[FORM]
    try:
        event = await request.app[keys.EVENTS].create(
            type=form.get("type", ""),
            value=form.get("value", ""),
            starts_at=None,
            expires_at=time.time() + _duration(form.get("duration", "")),
        )
    except CommandError as error:
        finish(request, PATH, f"Not started. {error.message}", "bad")
    except (DatabaseAway, StatementTimeout):
        finish(request, PATH, "Not started: the database is away. Try again in a moment.", "bad")
    await _record_event(request, "start_event", event)
    finish(request, PATH, f"{event.type} {event.value} has started.")


async def end(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events/{id}/end`."""
    try:
        event = await request.app[keys.EVENTS].end(_id(request))
    except UnknownEvent:
        finish(request, PATH, "This event was over already.", "bad")
    except (DatabaseAway, StatementTimeout):
        finish(request, PATH, "Not ended: the database is away. Try again in a moment.", "bad")
    await _record_event(request, "end_event", event)
    finish(request, PATH, f"{event.type} {event.value} has ended.")


async def _record_event(request: web.Request, action: str, event: GlobalEvent) -> None:
    await record(request, action, str(event.id), type=event.type, value=event.value)


def _id(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        raise UnknownEvent from None


def _duration(raw: str) -> int:
    if not (raw.isascii() and raw.isdigit() and 0 < len(raw) <= 10 and int(raw)):
        raise CommandError(ErrorCode.INVALID_FIELD, "duration: must be a whole number of seconds above 0")
    return int(raw)
