"""Bodies and parameters of the API's requests, and its answers."""

import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from aiohttp import web

from tilo_ws.protocol.codes import CommandError, ErrorCode

T = TypeVar("T")

UtcText = Annotated[
    str,
    msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$", description="A time in UTC", examples=["2030-01-31T18:30:00"]),
]
"""How answers say a time."""


def described(**schema: Any) -> msgspec.Meta:
    """What the API's description says of a field beside its type (JSON Schema); it is checked where the field is used."""
    return msgspec.Meta(extra_json_schema=schema)


def answer(value: object, status: int = 200) -> web.Response:
    """JSON."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


async def body(request: web.Request, kind: type[T]) -> T:
    """The request's JSON. Raises CommandError."""
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.ValidationError as error:
        raise CommandError(ErrorCode.INVALID_FIELD, str(error).replace("`", "")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CommandError(ErrorCode.BAD_JSON, "the body is not valid JSON") from None


def whole(request: web.Request, name: str, *, default: int, most: int) -> int:
    """A whole number from 1 to `most` of the query. Raises CommandError."""
    raw = request.query.get(name, str(default))
    if not (raw.isascii() and raw.isdigit() and len(raw) <= len(str(most)) and 1 <= int(raw) <= most):
        raise CommandError(ErrorCode.INVALID_FIELD, f"{name}: must be a whole number from 1 to {most}")
    return int(raw)


def id_in_path(request: web.Request, missing: str) -> UUID:
    """The path's id. Raises HTTPNotFound with the text `missing`, for one that cannot be."""
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        raise web.HTTPNotFound(text=missing) from None


def seconds(moment: datetime.datetime) -> float:
    """Seconds since 1970; a time without a zone is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def positive(duration: float) -> float:
    """A duration in seconds. Raises CommandError."""
    if duration <= 0:
        raise CommandError(ErrorCode.INVALID_FIELD, "duration: must be above 0")
    return duration
