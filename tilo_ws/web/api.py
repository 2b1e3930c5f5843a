"""`/api/v1`: JSON for game back ends."""

import datetime
import time
from typing import Any, TypeVar, overload
from uuid import UUID

import msgspec
from aiohttp import web

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.commands import MAX_LEADERBOARD_ENTRIES
from tilo_ws.services.events import event_fields
from tilo_ws.web import keys

T = TypeVar("T")


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


async def stats(request: web.Request) -> web.Response:
    """`GET /api/v1/stats`."""
    return _json(request.app[keys.STATISTICS].figures())


async def leaderboard(request: web.Request) -> web.Response:
    """`GET /api/v1/leaderboard?limit=`: the best players, with their e-mail addresses."""
    limit = _limit(request, default=10, most=MAX_LEADERBOARD_ENTRIES)
    top = request.app[keys.LEADERBOARD].top(limit)
    return _json({"entries": [msgspec.structs.asdict(entry) | {"email": email} for entry, email in top]})


async def list_events(request: web.Request) -> web.Response:
    """`GET /api/v1/events`: active and planned ones."""
    return _json([event_fields(event, time.time()) for event in request.app[keys.EVENTS].all()])


async def create_event(request: web.Request) -> web.Response:
    """`POST /api/v1/events`."""
    new = await _body(request, NewEvent)
    starts_at = _seconds(new.starts_at)
    if new.expires_at is not None and new.duration is None:
        expires_at = _seconds(new.expires_at)
    elif new.duration is not None and new.expires_at is None:
        expires_at = (time.time() if starts_at is None else starts_at) + _positive(new.duration)
    else:
        raise _either_or()
    event = await request.app[keys.EVENTS].create(
        type=new.type, value=str(new.value), starts_at=starts_at, expires_at=expires_at
    )
    return _json(event_fields(event, time.time()), status=201)


async def change_event(request: web.Request) -> web.Response:
    """`PATCH /api/v1/events/{id}`."""
    change = await _body(request, EventChange)
    fields: dict[str, Any] = {}
    if change.type is not msgspec.UNSET:
        fields["type"] = change.type
    if change.value is not msgspec.UNSET:
        fields["value"] = str(change.value)
    if change.starts_at is not msgspec.UNSET:
        fields["starts_at"] = _seconds(change.starts_at)
    if change.expires_at is not msgspec.UNSET:
        fields["expires_at"] = _seconds(change.expires_at)
    if change.duration is not msgspec.UNSET:
        if "expires_at" in fields:
            raise _either_or()
        fields["expires_at"] = time.time() + _positive(change.duration)
    event = await request.app[keys.EVENTS].change(_id(request), **fields)
    return _json(event_fields(event, time.time()))


async def end_event(request: web.Request) -> web.Response:
    """`DELETE /api/v1/events/{id}`."""
    await request.app[keys.EVENTS].end(_id(request))
    return web.Response(status=204)


async def delete_chat(request: web.Request) -> web.Response:
    """`DELETE /api/v1/chat/{seq}`."""
    if not await request.app[keys.CHAT].delete(_seq(request)):
        raise web.HTTPNotFound(text="there is no such message")
    return web.Response(status=204)


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


async def _body(request: web.Request, type: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.read(), type=type)
    except msgspec.ValidationError as error:
        raise CommandError(ErrorCode.INVALID_FIELD, str(error).replace("`", "")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CommandError(ErrorCode.BAD_JSON, "the body is not valid JSON") from None


def _limit(request: web.Request, *, default: int, most: int) -> int:
    raw = request.query.get("limit", str(default))
    if not (raw.isascii() and raw.isdigit() and len(raw) <= len(str(most)) and 1 <= int(raw) <= most):
        raise CommandError(ErrorCode.INVALID_FIELD, f"limit: must be a whole number from 1 to {most}")
    return int(raw)


def _seq(request: web.Request) -> int:
    raw = request.match_info["seq"]
    if not (raw.isascii() and raw.isdigit() and len(raw) < 19):
        raise web.HTTPNotFound(text="there is no such message")
    return int(raw)


def _id(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        raise web.HTTPNotFound(text="there is no such event, or it is over") from None


@overload
def _seconds(moment: datetime.datetime) -> float: ...
@overload
def _seconds(moment: None) -> None: ...
def _seconds(moment: datetime.datetime | None) -> float | None:
    """Seconds since 1970; a time without a zone is UTC."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def _positive(duration: float) -> float:
    if duration <= 0:
        raise CommandError(ErrorCode.INVALID_FIELD, "duration: must be above 0")
    return duration


def _either_or() -> CommandError:
    return CommandError(ErrorCode.INVALID_FIELD, "duration: give either duration or expires_at")
