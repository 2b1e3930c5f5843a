"""What handlers of the dashboard share: who acts, the record of it, and the notice with which a form's POST ends."""

import contextlib
from typing import Literal, NoReturn

from aiohttp import web

from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.access import SESSION

_MAX_TARGET = 500


async def record(request: web.Request, action: str, target: str = "", **details: object) -> None:
    """Writes down what the admin of this session has done, or was refused."""
    await record_as(request, request[SESSION].account.name, action, target, **details)


async def record_as(request: web.Request, admin: str, action: str, target: str = "", **details: object) -> None:
    """Writes down what was done under a name; while the database is away only the log has it."""
    with contextlib.suppress(DatabaseAway, StatementTimeout):
        await request.app[keys.ADMINS].record(
            _storable(admin), client_ip(request), action, _storable(target[:_MAX_TARGET]), **details
        )


def finish(request: web.Request, path: str, text: str, level: Literal["good", "bad"] = "good", *, secret: str = "") -> NoReturn:
    """Ends a POST: leaves a notice to the session and leads to the page that shows it. A secret is shown only there."""
    request[SESSION].notice = {"level": "secret" if secret else level, "text": text, "secret": secret}
    raise web.HTTPSeeOther(path)


def client_ip(request: web.Request) -> str:
    """Where the request comes from."""
    return request.app[keys.CLIENT_ADDRESS].ip(request)


def _storable(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()
