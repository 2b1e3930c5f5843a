"""`/admin/events/recurring`: events that come again, and the form that makes or changes one."""

import asyncio
import time
from typing import Any, NoReturn
from uuid import UUID

import msgspec
from aiohttp import web

from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.time_zones import time_zone_names
from tilo_ws.services.recurring_events import RecurringEvent, UnknownRecurringEvent
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM, SESSION
from tilo_ws.web.admin.event_form import UNITS, event_id, number_and_unit, whole
from tilo_ws.web.admin.event_preview import look_ahead, recurring_preview, wants_json
from tilo_ws.web.admin.frame import render
from tilo_ws.web.admin.requests import finish, record

PATH = "/admin/events/recurring"

_GONE = "There is no such recurring event any more."
_AWAY = "Nothing was done: the database is away. Try again in a moment."


class RecurringForm(msgspec.Struct, frozen=True):
    """The fields as texts; it lasts `number` of `unit`. `enabled` is empty where it shall wait."""

    name: str = ""
    type: str = "score_multiplier"
    value: str = "2"
    number: str = "1"
    unit: str = "3600"
    cron: str = "0 20 * * FRI"
    zone: str = "UTC"
    enabled: str = "yes"


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/events/recurring`; `?change=` fills the form with one of them."""
    changed = request.query.get("change", "")
    try:
        form = _of(request.app[keys.RECURRING_EVENTS].find(_id(changed))) if changed else RecurringForm()
    except UnknownRecurringEvent:
        finish(request, PATH, _GONE, "bad")
    return await _render(request, form, changed, is_given=bool(changed))


async def create(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events/recurring` with the fields of a RecurringForm."""
    return await _save(request, "create_recurring_event", "")


async def change(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events/recurring/{id}/change` with the fields of a RecurringForm."""
    return await _save(request, "change_recurring_event", request.match_info["id"])


async def enable(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events/recurring/{id}/enable`."""
    return await _switch(request, True)


async def disable(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events/recurring/{id}/disable`."""
    return await _switch(request, False)


async def remove(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events/recurring/{id}/remove`."""
    try:
        recurring = await request.app[keys.RECURRING_EVENTS].remove(_id(request.match_info["id"]))
    except UnknownRecurringEvent:
        finish(request, PATH, _GONE, "bad")
    except (DatabaseAway, StatementTimeout):
        finish(request, PATH, _AWAY, "bad")
    await record(request, "remove_recurring_event", str(recurring.id), **_details(recurring))
    finish(request, PATH, f"{recurring.name} is removed. What runs of it goes on to its end.")


async def preview(request: web.Request) -> web.StreamResponse:
    """`POST /admin/events/recurring/preview` with the fields of a RecurringForm: nothing is stored."""
    fields = request[FORM]
    form, changed = _read(fields), fields.get("change", "")
    try:
        # The name comes last, and times are wanted before.
        named = msgspec.structs.replace(form, name=form.name.strip() or "nameless")
        shown = await _outlook(request, await _checked(request, named, event_id(changed)))
        shown["notes"] = shown.pop("clock_changes") + shown["notes"]
    except CommandError as error:
        shown = {"error": error.message}
    if wants_json(request):
        return web.json_response(shown)
    return await _render(request, form, changed, is_given=True, preview=shown)


async def _save(request: web.Request, action: str, changed: str) -> web.StreamResponse:
    form, recurring_events = _read(request[FORM]), request.app[keys.RECURRING_EVENTS]
    try:
        recurring = await _checked(request, form, _id(changed) if changed else None)
        await (recurring_events.change if changed else recurring_events.create)(recurring)
    except UnknownRecurringEvent:
        finish(request, PATH, _GONE, "bad")
    except CommandError as error:
        return await _again(request, form, changed, f"Not saved. {error.message}")
    except (DatabaseAway, StatementTimeout):
        return await _again(request, form, changed, _AWAY)
    await record(request, action, str(recurring.id), **_details(recurring))
    return finish(request, PATH, f"{recurring.name} is saved.")


async def _switch(request: web.Request, enabled: bool) -> NoReturn:
    try:
        recurring = await request.app[keys.RECURRING_EVENTS].switch(_id(request.match_info["id"]), enabled)
    except UnknownRecurringEvent:
        finish(request, PATH, _GONE, "bad")
    except (DatabaseAway, StatementTimeout):
        finish(request, PATH, _AWAY, "bad")
    await record(request, f"{'enable' if enabled else 'disable'}_recurring_event", str(recurring.id), name=recurring.name)
    ends = "comes again from the next time on" if enabled else "waits until it is enabled. What runs of it goes on to its end"
    finish(request, PATH, f"{recurring.name} {ends}.")


async def _checked(request: web.Request, form: RecurringForm, id: UUID | None) -> RecurringEvent:
    return await asyncio.to_thread(
        request.app[keys.RECURRING_EVENTS].check,
        id=id,
        name=form.name,
        type=form.type,
        value=form.value,
        duration=whole("number", form.number) * int(form.unit if form.unit in UNITS else "1"),
        cron=form.cron,
        timezone=form.zone or "UTC",
        enabled=bool(form.enabled),
    )


async def _again(request: web.Request, form: RecurringForm, changed: str, text: str) -> web.StreamResponse:
    request[SESSION].notice = {"level": "bad", "text": text}
    return await _render(request, form, changed, is_given=True, status=400)


async def _render(
    request: web.Request,
    form: RecurringForm,
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
        "recurring": [await _row(request, one) for one in request.app[keys.RECURRING_EVENTS].all()],
        "units": UNITS,
        "time_zones": time_zone_names(),
    }
    return await render(request, "recurring_events.html", "events", status, **fields)


async def _row(request: web.Request, one: RecurringEvent) -> dict[str, Any]:
    try:
        shown = await _outlook(request, one)
    except CommandError as error:
        shown = {"error": error.message}
    number, unit = number_and_unit(one.duration)
    lasts = f"{number} {UNITS[unit].removesuffix('s') if number == '1' else UNITS[unit]}"
    return msgspec.structs.asdict(one) | {"lasts": lasts} | shown


async def _outlook(request: web.Request, recurring: RecurringEvent) -> dict[str, Any]:
    outlook = await asyncio.to_thread(look_ahead, recurring, time.time())  # a rare one is looked for through years
    return recurring_preview(request.app[keys.EVENTS], recurring, outlook)


def _read(form: dict[str, str]) -> RecurringForm:
    return RecurringForm(**{name: form.get(name, "") for name in RecurringForm.__struct_fields__})


def _of(recurring: RecurringEvent) -> RecurringForm:
    number, unit = number_and_unit(recurring.duration)
    return RecurringForm(
        name=recurring.name,
        type=recurring.type,
        value=recurring.value,
        number=number,
        unit=unit,
        cron=recurring.cron,
        zone=recurring.timezone,
        enabled="yes" if recurring.enabled else "",
    )


def _details(recurring: RecurringEvent) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(recurring).items() if name not in ("id", "due_after")}


def _id(raw: str) -> UUID:
    id = event_id(raw)
    if id is None:
        raise UnknownRecurringEvent
    return id
