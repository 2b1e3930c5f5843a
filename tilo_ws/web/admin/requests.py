"""What handlers of the dashboard share: who acts, the record of it, and the notice with which a form's POST ends."""

import contextlib
import re
from collections.abc import Mapping
from typing import Any, Literal, NoReturn

from aiohttp import web

from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM, SESSION
from tilo_ws.web.untrusted import storable

_MAX_TARGET = 500
_MAX_DETAIL = 2_000
"""Characters; an announcement is no longer."""


async def record(request: web.Request, action: str, target: str = "", **details: object) -> None:
    """Writes down what the admin of this session has done, or was refused."""
    await record_as(request, request[SESSION].account.name, action, target, **details)


async def record_as(request: web.Request, admin: str, action: str, target: str = "", **details: object) -> None:
    """Writes down what was done under a name; while the database is away only the log has it."""
    with contextlib.suppress(DatabaseAway, StatementTimeout):
        await request.app[keys.ADMINS].record(
            storable(admin), client_ip(request), action, storable(target[:_MAX_TARGET]), **_storable_details(details)
        )


Undo = tuple[str, Mapping[str, str]]
"""The path and the fields of the form that takes an action back."""


def finish(
    request: web.Request,
    path: str,
    text: str,
    level: Literal["good", "bad"] = "good",
    *,
    secret: str = "",
    undo: Undo | None = None,
) -> NoReturn:
    """Ends a POST: leaves a notice to the session and leads to the page that shows it. A secret is shown only there.

    The notice has a button for `undo`, which leads to the same page by its field `back`.
    """
    notice: dict[str, Any] = {"level": "secret" if secret else level, "text": text, "secret": secret}
    if undo is not None:
        notice["undo"] = {"path": undo[0], "fields": {**undo[1], "back": path}}
    request[SESSION].notice = notice
    raise web.HTTPSeeOther(path)


def way_back(request: web.Request, default: str) -> str:
    """Where the form's field `back` leads to: a page of the dashboard, nothing else."""
    path = request[FORM].get("back", "")
    return path if re.fullmatch(r"/admin([/?][!-\[\]-~]*)?", path, re.ASCII) else default


def client_ip(request: web.Request) -> str:
    """Where the request comes from."""
    return request.app[keys.CLIENT_ADDRESS].ip(request)


def _storable_details(details: Mapping[str, object]) -> dict[str, Any]:
    return {name: _storable_detail(value) for name, value in details.items()}


def _storable_detail(value: object) -> object:
    if isinstance(value, Mapping):
        return _storable_details(value)
    return storable(value[:_MAX_DETAIL]) if isinstance(value, str) else value
