"""`/api/v1/events`: what is active and planned, started, changed and ended."""

import datetime
import time
from typing import Any

import msgspec
from aiohttp import web

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.services.events import event_fields
from tilo_ws.web import keys
from tilo_ws.web.api.requests import answer, body, id_in_path, positive, seconds

_MISSING = "there is no such event, or it is over"


class NewEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/v1/events`: `duration` in seconds, or `expires_at`. Times are UTC unless they say otherwise."""

    type: str
    value: str | int | float
    duration: float | None = None
    expires_at: datetime.datetime | None = None
    starts_at: datetime.datetime | None = None


class EventChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `PATCH /api/v1/events/{id}`: the fields to change. `duration` counts from now."""

    type: str | msgspec.UnsetType = msgspec.UNSET
    value: str | int | float | msgspec.UnsetType = msgspec.UNSET
    duration: float | msgspec.UnsetType = msgspec.UNSET
    expires_at: datetime.datetime | msgspec.UnsetType = msgspec.UNSET
    starts_at: datetime.datetime | msgspec.UnsetType = msgspec.UNSET


async def list_events(request: web.Request) -> web.Response:
    """`GET /api/v1/events`: active and planned ones."""
    return answer([event_fields(event, time.time()) for event in request.app[keys.EVENTS].all()])


async def create_event(request: web.Request) -> web.Response:
    """`POST /api/v1/events`."""
    new = await body(request, NewEvent)
    starts_at = None if new.starts_at is None else seconds(new.starts_at)
    if new.expires_at is not None and new.duration is None:
        expires_at = seconds(new.expires_at)
    elif new.duration is not None and new.expires_at is None:
        expires_at = (time.time() if starts_at is None else starts_at) + positive(new.duration)
    else:
        raise _either_or()
    event = await request.app[keys.EVENTS].create(
        type=new.type, value=str(new.value), starts_at=starts_at, expires_at=expires_at
    )
    return answer(event_fields(event, time.time()), status=201)


async def change_event(request: web.Request) -> web.Response:
    """`PATCH /api/v1/events/{id}`."""
    change = await body(request, EventChange)
    fields: dict[str, Any] = {}
    if change.type is not msgspec.UNSET:
        fields["type"] = change.type
    if change.value is not msgspec.UNSET:
        fields["value"] = str(change.value)
    if change.starts_at is not msgspec.UNSET:
        fields["starts_at"] = seconds(change.starts_at)
    if change.expires_at is not msgspec.UNSET:
        fields["expires_at"] = seconds(change.expires_at)
    if change.duration is not msgspec.UNSET:
        if "expires_at" in fields:
            raise _either_or()
        fields["expires_at"] = time.time() + positive(change.duration)
    event = await request.app[keys.EVENTS].change(id_in_path(request, _MISSING), **fields)
    return answer(event_fields(event, time.time()))


async def end_event(request: web.Request) -> web.Response:
    """`DELETE /api/v1/events/{id}`."""
    await request.app[keys.EVENTS].end(id_in_path(request, _MISSING))
    return web.Response(status=204)


def _either_or() -> CommandError:
    return CommandError(ErrorCode.INVALID_FIELD, "duration: give either duration or expires_at")
