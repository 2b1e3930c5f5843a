"""Pages in the dashboard's frame: navigation, top bar, account menu, notice."""

from typing import Any

import aiohttp_jinja2
from aiohttp import web

from tilo_ws import __version__
from tilo_ws.web import keys
from tilo_ws.web.admin.access import SESSION
from tilo_ws.web.untrusted import header_text


async def render(request: web.Request, template: str, section: str, status: int = 200, **fields: Any) -> web.Response:
    """Answers with `templates/admin/<template>`; `snapshot` is the first frame of the section's feed.

    A page that belongs to no section is called with the section `""`: its feed is the head alone.
    """
    session = request[SESSION]
    frame = {
        "section": section,
        "account": session.account,
        "csrf_token": session.csrf_token,
        "notice": session.take_notice(),
        "query": request.query,
        "server_name": header_text(request, "Host"),
        "version": __version__,
        "snapshot": await request.app[keys.FEED].first_snapshot(section, session.account.role, request.query),
    }
    return await aiohttp_jinja2.render_template_async(f"admin/{template}", request, frame | fields, status=status)


async def render_refusal(request: web.Request, reason: str) -> web.Response:
    """The page that says why something was not done."""
    return await render(request, "refused.html", "", status=403, reason=reason)
