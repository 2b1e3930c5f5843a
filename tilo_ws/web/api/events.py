"""`/api/v1/events`: what is active and planned, started, changed and ended."""

import datetime
import time
from typing import Annotated, Any
from uuid import UUID

import msgspec
from aiohttp import web

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.services.global_event import MAX_TYPE_LENGTH, MAX_VALUE_LENGTH, GlobalEvent, event_fields
from tilo_ws.web import keys
from tilo_ws.web.api.requests import UtcText, answer, body, described, id_in_path, positive, seconds

_Type = Annotated[str, described(minLength=1, maxLength=MAX_TYPE_LENGTH)]
_Text = Annotated[str, described(minLength=1, maxLength=MAX_VALUE_LENGTH)]
_Duration = Annotated[float, described(exclusiveMinimum=0)]

_MISSING = "there is no such event, or it is over"


class NewEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/v1/events`: `duration` in seconds, or `expires_at`. Times are UTC unless they say otherwise."""

    type: _Type
    value: _Text | int | float
    duration: _Duration | None = None
    expires_at: datetime.datetime | None = None
    starts_at: datetime.datetime | None = None


class EventChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `PATCH /api/v1/events/{id}`: the fields to change. `duration` counts from now."""

    type: _Type | msgspec.UnsetType = msgspec.UNSET
    value: _Text | int | float | msgspec.UnsetType = msgspec.UNSET
    duration: _Duration | msgspec.UnsetType = msgspec.UNSET
    expires_at: datetime.datetime | msgspec.UnsetType = msgspec.UNSET
    starts_at: datetime.datetime | msgspec.UnsetType = msgspec.UNSET


class EventState(msgspec.Struct, frozen=True):
    """An event that is active or planned."""

    id: UUID
    type: str
    value: str
    starts_at: UtcText
    expires_at: UtcText
    active: bool


async def list_events(request: web.Request) -> web.Response:
    """`GET /api/v1/events`: active and planned ones."""
    return answer([_state(event) for event in request.app[keys.EVENTS].all()])


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
    return answer(_state(event), status=201)


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
    return answer(_state(event))


async def end_event(request: web.Request) -> web.Response:
    """`DELETE /api/v1/events/{id}`."""
    await request.app[keys.EVENTS].end(id_in_path(request, _MISSING))
    return web.Response(status=204)


def _state(event: GlobalEvent) -> EventState:
    return msgspec.convert(event_fields(event, time.time()), EventState)


def _either_or() -> CommandError:
    return CommandError(ErrorCode.INVALID_FIELD, "duration: give either duration or expires_at")
