"""`/api/v1/openapi.json`: the description of the API's calls (OpenAPI 3.1), made from the structs of bodies and answers."""

from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from tilo_ws import __version__
from tilo_ws.protocol.commands import MAX_LEADERBOARD_ENTRIES
from tilo_ws.services.refused_scores import MEMORY_SCORES
from tilo_ws.web.api.bans import BanState, NewBan
from tilo_ws.web.api.chat import LARGEST_SEQ, MAX_PAGE, Announcement, ChatEntry
from tilo_ws.web.api.connections import ConnectionEntry
from tilo_ws.web.api.events import EventChange, EventState, NewEvent
from tilo_ws.web.api.players import MAX_SCORES, Board, NewScores, RefusedScoreList, Stored
from tilo_ws.web.api.requests import answer
from tilo_ws.web.api.server import Stats

_REF = "#/components/schemas/{name}"


class Call(NamedTuple):
    """One call: what it does, its body, the whole numbers of its query with their maximum, its answer, its errors."""

    summary: str
    status: int = 200
    body: Any = None
    query: dict[str, int] | None = None
    answers: Any = None
    errors: tuple[int, ...] = ()


CALLS = {
    ("GET", "/api/v1/stats"): Call("Figures of the server", answers=Stats),
    ("GET", "/api/v1/connections"): Call("Who is connected", answers=list[ConnectionEntry]),
    ("DELETE", "/api/v1/connections/{id}"): Call("Ends a connection (4502)", 204, errors=(404,)),
    ("GET", "/api/v1/events"): Call("Active and planned events", answers=list[EventState]),
    ("POST", "/api/v1/events"): Call("Starts or plans an event", 201, NewEvent, answers=EventState, errors=(503,)),
    ("PATCH", "/api/v1/events/{id}"): Call("Changes an event", 200, EventChange, answers=EventState, errors=(404, 503)),
    ("DELETE", "/api/v1/events/{id}"): Call("Ends an event, or withdraws a planned one", 204, errors=(404, 503)),
    ("POST", "/api/v1/announcements"): Call(
        "Says something to everybody, or to one player", 202, Announcement, errors=(404, 503)
    ),
    ("GET", "/api/v1/chat"): Call(
        "Chat messages, newest first", query={"limit": MAX_PAGE, "before": LARGEST_SEQ}, answers=list[ChatEntry], errors=(503,)
    ),
    ("DELETE", "/api/v1/chat/{seq}"): Call("Removes a chat message for everybody", 204, errors=(404, 503)),
    ("POST", "/api/v1/scores"): Call(f"Stores up to {MAX_SCORES:,} results", 200, NewScores, answers=Stored, errors=(503,)),
    ("GET", "/api/v1/scores/refused"): Call(
        "Scores that nobody can have played, newest first", query={"limit": MEMORY_SCORES}, answers=RefusedScoreList
    ),
    ("GET", "/api/v1/leaderboard"): Call(
        "The best players, with their addresses", query={"limit": MAX_LEADERBOARD_ENTRIES}, answers=Board
    ),
    ("DELETE", "/api/v1/players/{email}"): Call("Forgets a player", 204, errors=(400, 503)),
    ("GET", "/api/v1/bans"): Call("Bans and mutes that hold now", answers=list[BanState]),
    ("POST", "/api/v1/bans"): Call("Bans or mutes", 201, NewBan, answers=BanState, errors=(503,)),
    ("DELETE", "/api/v1/bans/{id}"): Call("Lifts a ban or mute", 204, errors=(404, 503)),
    ("GET", "/api/v1/openapi.json"): Call("This description", answers=dict[str, Any]),
}

_ERRORS = {
    400: "The body or a parameter is faulty",
    401: "Without the right key",
    404: "There is no such thing",
    408: "The request took too long to come",
    413: "The body is too large",
    503: "The database is away, or what joins servers",
}

_OF_A_QUERY = (400,)
_OF_A_BODY = (400, 408, 413)

_PATH_PARTS = {
    ("events", "id"): {"type": "string", "format": "uuid"},
    ("bans", "id"): {"type": "string", "format": "uuid"},
    ("connections", "id"): {"type": "string"},
    ("chat", "seq"): {"type": "integer", "minimum": 1, "maximum": LARGEST_SEQ},
    ("players", "email"): {"type": "string", "format": "email"},
}


class ErrorText(msgspec.Struct, frozen=True):
    """Why a call was not carried out: `code` for programs, `message` for people."""

    code: str
    message: str


class Error(msgspec.Struct, frozen=True):
    """What every error answers."""

    error: ErrorText


async def openapi(request: web.Request) -> web.Response:
    """`GET /api/v1/openapi.json`."""
    return answer(description())


def description() -> dict[str, Any]:
    """The whole document."""
    types = [kind for call in CALLS.values() for kind in (call.body, call.answers) if kind is not None] + [Error]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    shapes = dict(zip(map(str, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), call in CALLS.items():
        paths.setdefault(path, {})[method.lower()] = _operation(path, call, shapes)
    return {
        "openapi": "3.1.0",
        "info": {"title": "tilo_ws", "version": __version__, "description": "The API of game back ends."},
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "TILO_API_KEY"}},
        },
    }


def _operation(path: str, call: Call, shapes: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": call.summary,
        "parameters": _path_parameters(path) + _query_parameters(call.query or {}),
        "responses": {str(call.status): _answer(call, shapes)},
    }
    if call.body:
        operation["requestBody"] = {"required": True, "content": _json(shapes[str(call.body)])}
    for status in sorted({401, *call.errors, *(_OF_A_BODY if call.body else ()), *(_OF_A_QUERY if call.query else ())}):
        operation["responses"][str(status)] = {"description": _ERRORS[status], "content": _json(shapes[str(Error)])}
    return operation


def _answer(call: Call, shapes: dict[str, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {"description": call.summary}
    return done if call.answers is None else done | {"content": _json(shapes[str(call.answers)])}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    *_, collection, last = path.split("/")
    if not last.startswith("{"):
        return []
    name = last.strip("{}")
    return [{"name": name, "in": "path", "required": True, "schema": _PATH_PARTS[collection, name]}]


def _query_parameters(query: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": False, "schema": {"type": "integer", "minimum": 1, "maximum": most}}
        for name, most in query.items()
    ]


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
