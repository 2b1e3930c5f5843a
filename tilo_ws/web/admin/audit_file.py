"""`/admin/audit.csv`: what a search of the audit log finds, as a file for spreadsheets."""

import csv
import datetime
import io
import json
import re
from collections.abc import AsyncIterator

from aiohttp import web

from tilo_ws.services.audit_log import Entry
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.audit import FaultySearch, read_search
from tilo_ws.web.admin.requests import record

_FORMULA = re.compile(r"\s*[=+\-@\uff0b\uff0d\uff1d\uff20]|[\t\r\n]")
"""How a cell begins that spreadsheets would run (OWASP, CSV injection)."""


async def export(request: web.Request) -> web.StreamResponse:
    """`GET /admin/audit.csv` with the same fields: everything that is found, newest first."""
    try:
        search = read_search(request)
        batches = request.app[keys.AUDIT_LOG].all(search)
        first = await anext(batches)
    except FaultySearch as error:
        raise web.HTTPBadRequest(text=f"{error}\n") from None
    except (DatabaseAway, StatementTimeout):
        raise web.HTTPServiceUnavailable(text="the database cannot be reached now\n") from None
    await record(request, "export_audit", request.query_string)
    response = web.StreamResponse(headers={"Content-Disposition": 'attachment; filename="audit.csv"'})
    response.content_type, response.charset = "text/csv", "utf-8"
    await response.prepare(request)
    if request.method != "HEAD":
        await _write(request, response, first, batches)
    return response


async def _write(
    request: web.Request, response: web.StreamResponse, first: list[Entry], batches: AsyncIterator[list[Entry]]
) -> None:
    """Writes the file. Where the database goes away meanwhile the connection is cut: half of a log must not look whole."""
    is_whole = False
    try:
        # The mark at the beginning tells spreadsheets that it is UTF-8.
        await response.write(b"\xef\xbb\xbf" + csv_lines([["time", "admin", "action", "target", "ip", "details"]]))
        await response.write(csv_lines([_cells(entry) for entry in first]))
        async for entries in batches:
            await response.write(csv_lines([_cells(entry) for entry in entries]))
        is_whole = True
    except (DatabaseAway, StatementTimeout):
        pass
    finally:
        if not is_whole and request.transport is not None:
            request.transport.abort()


def csv_lines(rows: list[list[str]]) -> bytes:
    """Rows as CSV (RFC 4180) that no spreadsheet takes for formulas: an apostrophe before what looks like one."""
    text = io.StringIO()
    csv.writer(text).writerows([f"'{cell}" if _FORMULA.match(cell) else cell for cell in row] for row in rows)
    return text.getvalue().encode()


def _cells(entry: Entry) -> list[str]:
    time = datetime.datetime.fromtimestamp(entry.created_at, datetime.UTC).isoformat(timespec="milliseconds")
    details = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
    return [time.replace("+00:00", "Z"), entry.admin, entry.action, entry.target, entry.ip, details]
