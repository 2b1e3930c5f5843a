"""What holds for every HTTP answer: security headers, and errors of the API as JSON.

Middlewares hand on what they do not look at: to wait for a WebSocket's end would cost 0.3 kB for each connection.
"""

import asyncio
import logging
from collections.abc import Awaitable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from tilo_ws.protocol.codes import CommandError
from tilo_ws.realtime.redis_link import RedisAway
from tilo_ws.services.events import UnknownEvent
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.untrusted import has_bearer
from tilo_ws.web.websocket import is_upgrade

logger = logging.getLogger(__name__)

REQUEST_TIMEOUT = 60.0
"""Seconds for a request, its body and its answer's making: more than all time limits of the database together."""

MAX_BODY_BYTES = 4 * 1024 * 1024
"""The largest request: a batch of scores from a game back end."""

API_PREFIX = "/api/v1/"

_CODES = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}

_ONE_YEAR = "max-age=31536000"

_SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """A signal: no page of ours runs, shows or is framed by anything from elsewhere.

    A WebSocket is no page, and it would keep its headers as long as it lives.
    """
    if response.status == 101:
        return
    response.headers.update(_SECURITY_HEADERS)
    if request.app[keys.CLIENT_ADDRESS].is_secure(request):
        response.headers["Strict-Transport-Security"] = _ONE_YEAR
    if request.path.startswith(("/admin", "/api")):
        response.headers["Cache-Control"] = "no-store"


@web.middleware
def in_time(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Ends a request that trickles in for too long; a WebSocket has limits of its own."""
    request.app[keys.HANDSHAKES].arrived(request.protocol)
    return handler(request) if is_upgrade(request) else _in_time(request, handler)


async def _in_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT):
            return await handler(request)
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="this request took too long\n", headers={"Connection": "close"}) from None


@web.middleware
def api(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Lets only key holders into the API, and answers every error of it as `{"error": {"code", "message"}}`."""
    return _in_api(request, handler) if request.path.startswith(API_PREFIX) else handler(request)


async def _in_api(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        _check_key(request)
        return await handler(request)
    except CommandError as error:
        return _error(400, error.code, error.message)
    except UnknownEvent:
        return _error(404, "not_found", "there is no such event, or it is over")
    except web.RequestPayloadError:
        return _error(400, "bad_request", "the body cannot be read")
    except (DatabaseAway, StatementTimeout):
        return _error(503, "database_away", "the database cannot be reached now")
    except RedisAway:
        return _error(503, "redis_away", "other servers cannot be reached now, whose players would hear nothing of it")
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _error(error.status, _CODES.get(error.status, "bad_request"), _explanation(request, error), error.headers)
    except Exception:
        logger.exception("%(method)s %(path)s failed", {"method": request.method, "path": request.path})
        return _error(500, "internal_error", "the server has made a mistake; its log says which")


def _check_key(request: web.Request) -> None:
    key = request.app[keys.API_KEY]
    if not key:
        raise web.HTTPNotFound(text="this API is off: set TILO_API_KEY")
    if not has_bearer(request, key):
        raise web.HTTPUnauthorized(
            text="send the header Authorization: Bearer <TILO_API_KEY>", headers={"WWW-Authenticate": "Bearer"}
        )


def _explanation(request: web.Request, error: web.HTTPException) -> str:
    """The error's own text; for aiohttp's, which only repeats the status, what was asked for."""
    text = error.text or ""
    return f"{error.reason}: {request.method} {request.path}" if text.startswith(f"{error.status}: ") else text


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    response = web.json_response({"error": {"code": code, "message": message}}, status=status)
    for name in ("Allow", "WWW-Authenticate"):
        if headers and name in headers:
            response.headers[name] = headers[name]
    return response
