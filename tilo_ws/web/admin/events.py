"""`/admin/events`: what runs, what is planned and what was, and the form that starts or changes one."""

import time
from typing import Any
from uuid import UUID

import msgspec
from aiohttp import web

from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.time_zones import time_zone, time_zone_names
from tilo_ws.services.events import UnknownEvent
from tilo_ws.services.global_event import GlobalEvent, event_fields
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin import event_form
from tilo_ws.web.admin.access import FORM, SESSION
from tilo_ws.web.admin.event_form import EventForm
from tilo_ws.web.admin.event_preview import UTC, event_preview, wants_json
from tilo_ws.web.admin.feed import Beat
from tilo_ws.web.admin.frame import render
from tilo_ws.web.admin.requests import finish, record

PATH = "/admin/events"

PAST_SHOWN = 20


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/events`; `?type=&value=&…` fills the form, `?change=` an event's, `?before=` shows older ones."""
    changed = request.query.get("change", "")
    try:
        form = _asked_form(request, changed)
    except CommandError as error:
        finish(request, PATH, f"Not filled in. {error.message}", "bad")
    except UnknownEvent:
        finish(request, PATH, "This event is over: start it again instead.", "bad")
    return await _render(request, form, changed, is_given=bool(request.query.keys() - {"before"}))


async def part(app: web.Application, beat: Beat) -> dict[str, Any]:
    """All events that are not over."""
    return {"events": [event_fields(event, beat.now) for event in app[keys.EVENTS].all()]}


async def start(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events` with the fields of an EventForm: starts one or plans it."""
    form = event_form.read(request[FORM])
    try:
        event = await request.app[keys.EVENTS].create(**form.fields(time.time()))
    except CommandError as error:
        return await _again(request, form, f"Not started. {error.message}")
    except (DatabaseAway, StatementTimeout):
        return await _again(request, form, "Not started: the database is away. Try again in a moment.")
    is_active = event.is_active(time.time())
    await _record_event(request, "start_event" if is_active else "plan_event", event)
    return finish(request, PATH, f"{event.type} {event.value} {'has started' if is_active else 'is planned'}.")


async def change(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events/{id}/change` with the fields of an EventForm."""
    id, form = request.match_info["id"], event_form.read(request[FORM])
    try:
        old = request.app[keys.EVENTS].find(_id(request))
        fields = form.fields(time.time())
        if fields["starts_at"] is None:  # "now": what runs already goes on as it began
            fields["starts_at"] = min(old.starts_at, time.time())
        event = await request.app[keys.EVENTS].change(old.id, **fields)
    except UnknownEvent:
        finish(request, PATH, "Not changed: this event is over.", "bad")
    except CommandError as error:
        return await _again(request, form, f"Not changed. {error.message}", id)
    except (DatabaseAway, StatementTimeout):
        return await _again(request, form, "Not changed: the database is away. Try again in a moment.", id)
    before = {name: text for name, text in event_fields(old, 0).items() if name not in ("id", "active")}
    await record(request, "change_event", str(event.id), before=before, **_details(event))
    return finish(request, PATH, f"{event.type} {event.value} is changed.")


async def end(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events/{id}/end`; undone by starting it, or planning it, again for the time that was left."""
    try:
        old = request.app[keys.EVENTS].find(_id(request))
        event = await request.app[keys.EVENTS].end(old.id)
    except UnknownEvent:
        finish(request, PATH, "This event was over already.", "bad")
    except (DatabaseAway, StatementTimeout):
        finish(request, PATH, "Not ended: the database is away. Try again in a moment.", "bad")
    await _record_event(request, "end_event", event)
    undo = PATH, msgspec.structs.asdict(event_form.of_event(old, UTC))
    finish(request, PATH, f"{event.type} {event.value} has ended.", undo=undo)


async def preview(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events/preview` with the fields of an EventForm and perhaps `change`: nothing is done."""
    fields = request[FORM]
    form, changed = event_form.read(fields), fields.get("change", "")
    shown = event_preview(request.app[keys.EVENTS], form, time.time(), changed)
    if wants_json(request):
        return web.json_response(shown)
    return await _render(request, form, changed, is_given=True, preview=shown)


def _asked_form(request: web.Request, changed: str) -> EventForm:
    zone = time_zone("zone", request.query.get("zone") or "UTC")
    if changed:
        return event_form.of_event(request.app[keys.EVENTS].find(event_form.event_id(changed) or _no_event()), zone)
    if request.query.get("preset") == "weekend":
        return event_form.weekend(zone, time.time())
    return event_form.filled(request.query)


async def _again(request: web.Request, form: EventForm, text: str, changed: str = "") -> web.StreamResponse:
    """The page with what was typed, and what is wrong with it."""
    request[SESSION].notice = {"level": "bad", "text": text}
    return await _render(request, form, changed, is_given=True, status=400)


async def _render(
    request: web.Request,
    form: EventForm,
    changed: str,
    *,
    is_given: bool,
    status: int = 200,
    preview: dict[str, Any] | None = None,
) -> web.StreamResponse:
    fields = {
        "form": form,
        "changed": changed,
        "is_given": is_given,
        "preview": preview,
        "durations": event_form.DURATIONS,
        "units": event_form.UNITS,
        "time_zones": time_zone_names(),
    }
    return await render(request, "events.html", "events", status, **fields, **await _past(request))


async def _past(request: web.Request) -> dict[str, Any]:
    """One page of what is over, and where the next one begins."""
    try:
        past = await request.app[keys.EVENTS].past(PAST_SHOWN + 1, _before(request.query.get("before", "")))
    except (DatabaseAway, StatementTimeout):
        return {"past": None, "older": ""}
    shown = past[:PAST_SHOWN]
    older = f"{shown[-1].expires_at!r}_{shown[-1].id}" if len(past) > PAST_SHOWN else ""
    rows = [event_fields(event, 0) | {"seconds": int(event.expires_at - event.starts_at)} for event in shown]
    return {"past": rows, "older": older}


def _before(raw: str) -> tuple[float, UUID] | None:
    """The mark of a page of past events; one that cannot be read is that of the first page."""
    end, _, id = raw.partition("_")
    try:
        mark = float(end), UUID(id)
    except ValueError:
        return None
    return mark if 0 <= mark[0] <= time.time() else None


async def _record_event(request: web.Request, action: str, event: GlobalEvent) -> None:
    await record(request, action, str(event.id), **_details(event))


def _details(event: GlobalEvent) -> dict[str, Any]:
    return {name: text for name, text in event_fields(event, 0).items() if name not in ("id", "active")}


def _id(request: web.Request) -> UUID:
    return event_form.event_id(request.match_info["id"]) or _no_event()


def _no_event() -> UUID:
    raise UnknownEvent
