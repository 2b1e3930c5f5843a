"""`/api/v1/openapi.json`: the description of the API's calls (OpenAPI 3.1), made from the structs that read their bodies."""

from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from tilo_ws import __version__
from tilo_ws.protocol.commands import MAX_LEADERBOARD_ENTRIES
from tilo_ws.services.refused_scores import MEMORY_SCORES
from tilo_ws.web.api.bans import NewBan
from tilo_ws.web.api.chat import MAX_PAGE, Announcement
from tilo_ws.web.api.events import EventChange, NewEvent
from tilo_ws.web.api.players import MAX_SCORES, NewScore, RefusedScoreList
from tilo_ws.web.api.requests import answer
from tilo_ws.web.statistics import Figures

_REF = "#/components/schemas/{name}"


class Call(NamedTuple):
    """One call: what it does, its body, the whole numbers of its query with their maximum, its answer."""

    summary: str
    status: int = 200
    body: Any = None
    query: dict[str, int] | None = None
    answers: Any = None


CALLS = {
    ("GET", "/api/v1/stats"): Call("Figures of the server", answers=Figures),
    ("GET", "/api/v1/connections"): Call("Who is connected"),
    ("DELETE", "/api/v1/connections/{id}"): Call("Ends a connection (4502)", 204),
    ("GET", "/api/v1/events"): Call("Active and planned events"),
    ("POST", "/api/v1/events"): Call("Starts or plans an event", 201, NewEvent),
    ("PATCH", "/api/v1/events/{id}"): Call("Changes an event", 200, EventChange),
    ("DELETE", "/api/v1/events/{id}"): Call("Ends an event, or withdraws a planned one", 204),
    ("POST", "/api/v1/announcements"): Call("Says something to everybody, or to one player", 202, Announcement),
    ("GET", "/api/v1/chat"): Call("Chat messages, newest first", query={"limit": MAX_PAGE, "before": 2**63 - 1}),
    ("DELETE", "/api/v1/chat/{seq}"): Call("Removes a chat message for everybody", 204),
    ("POST", "/api/v1/scores"): Call(f"Stores up to {MAX_SCORES:,} results", 200, list[NewScore]),
    ("GET", "/api/v1/scores/refused"): Call(
        "Scores that nobody can have played, newest first", query={"limit": MEMORY_SCORES}, answers=RefusedScoreList
    ),
    ("GET", "/api/v1/leaderboard"): Call("The best players, with their addresses", query={"limit": MAX_LEADERBOARD_ENTRIES}),
    ("DELETE", "/api/v1/players/{email}"): Call("Forgets a player", 204),
    ("GET", "/api/v1/bans"): Call("Bans and mutes that hold now"),
    ("POST", "/api/v1/bans"): Call("Bans or mutes", 201, NewBan),
    ("DELETE", "/api/v1/bans/{id}"): Call("Lifts a ban or mute", 204),
    ("GET", "/api/v1/openapi.json"): Call("This description"),
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
    types = [shape for call in CALLS.values() for shape in (call.body, call.answers) if shape] + [Error]
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
    named = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in named]
    for name, most in (call.query or {}).items():
        parameters.append({"name": name, "in": "query", "required": False, "schema": _whole(most)})
    done: dict[str, Any] = {"description": call.summary}
    if call.status in (200, 201):
        done["content"] = _json(shapes[str(call.answers)] if call.answers else {})
    failed = {"description": "An error", "content": _json(shapes[str(Error)])}
    operation: dict[str, Any] = {
        "summary": call.summary,
        "parameters": parameters,
        "responses": {str(call.status): done, "default": failed},
    }
    if call.body:
        operation["requestBody"] = {"required": True, "content": _json(shapes[str(call.body)])}
    return operation


def _whole(most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
