"""`/admin/account`: everybody's own account, with its password and its one-time codes."""

from typing import NoReturn

import segno
from aiohttp import web
from markupsafe import Markup

from tilo_ws.protocol.codes import CommandError
from tilo_ws.services import one_time_codes
from tilo_ws.services.admin_accounts import MIN_PASSWORD_LENGTH, UnknownAccount
from tilo_ws.services.admins import WrongPassword
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM, SESSION
from tilo_ws.web.admin.frame import render
from tilo_ws.web.admin.requests import client_ip, finish, record
from tilo_ws.web.untrusted import header_text

PATH = "/admin/account"

_AWAY = "Not changed: the database is away. Try again in a moment."


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/account`."""
    session = request[SESSION]
    try:
        has_totp = await request.app[keys.ADMINS].has_totp(session.account)
    except WrongPassword:
        has_totp = None  # the database is away
    offer = None if has_totp else session.totp_offer
    return await render(
        request,
        "account.html",
        "",
        has_totp=has_totp,
        secret=offer,
        qr_code=_qr_code(request, offer) if offer else None,
        min_password_length=MIN_PASSWORD_LENGTH,
    )


async def change_password(request: web.Request) -> web.StreamResponse:
    """`POST /admin/account/password` with `current`, `new` and `again`: ends all sessions of the account."""
    session, form = request[SESSION], request[FORM]
    if session.account.is_built_in:
        _refuse(request, "This password is in the server's settings.")
    if form.get("new", "") != form.get("again", ""):
        _refuse(request, "The new password and its repetition differ.")
    await _check_password(request, form.get("current", ""))
    try:
        await request.app[keys.ADMIN_ACCOUNTS].set_password(session.account.name, form.get("new", ""))
    except CommandError as error:
        _refuse(request, f"Not changed. {error.message}")
    except (DatabaseAway, StatementTimeout, UnknownAccount):
        _refuse(request, _AWAY)
    await record(request, "change_own_password")
    response = web.HTTPSeeOther("/admin/login?password_changed")
    await request.app[keys.ADMIN_SESSIONS].end_all(session.account.name)
    await request.app[keys.ADMIN_SESSIONS].end(request, response)
    raise response


async def offer_codes(request: web.Request) -> web.StreamResponse:
    """`POST /admin/account/totp`: makes a secret and shows it; nothing changes until it is confirmed."""
    request[SESSION].totp_offer = one_time_codes.new_secret()
    raise web.HTTPSeeOther(PATH)


async def confirm_codes(request: web.Request) -> web.StreamResponse:
    """`POST /admin/account/totp/confirm` with the `password` and the first `code`."""
    session, form = request[SESSION], request[FORM]
    if session.totp_offer is None:
        _refuse(request, "Begin again: this secret was not kept.")
    await _check_password(request, form.get("password", ""))
    try:
        await request.app[keys.ADMINS].turn_codes_on(session.account, session.totp_offer, form.get("code", ""))
    except WrongPassword as error:
        _refuse(request, str(error))
    except (DatabaseAway, StatementTimeout, UnknownAccount):
        _refuse(request, _AWAY)
    session.totp_offer = None
    await record(request, "turn_own_codes_on")
    finish(request, PATH, "Codes are on: your next login asks for one.")


async def turn_codes_off(request: web.Request) -> web.StreamResponse:
    """`POST /admin/account/totp/off` with the `password`."""
    await _check_password(request, request[FORM].get("password", ""))
    try:
        await request.app[keys.ADMIN_ACCOUNTS].set_totp(request[SESSION].account.name, None)
    except (DatabaseAway, StatementTimeout, UnknownAccount):
        _refuse(request, _AWAY)
    request[SESSION].totp_offer = None
    await record(request, "turn_own_codes_off")
    finish(request, PATH, "Codes are off: the password is enough.")


async def _check_password(request: web.Request, password: str) -> None:
    """Whoever finds an open page cannot take the account over."""
    try:
        await request.app[keys.ADMINS].check_password(request[SESSION].account, password, client_ip(request))
    except WrongPassword as error:
        if error.is_told:
            await record(request, "failed_password")
        _refuse(request, str(error))


def _refuse(request: web.Request, text: str) -> NoReturn:
    finish(request, PATH, text, "bad")


def _qr_code(request: web.Request, secret: str) -> Markup:
    address = one_time_codes.setup_address(secret, request[SESSION].account.name, header_text(request, "Host"))
    code = segno.make(address, micro=False)
    return Markup(code.svg_inline(scale=5, dark="#000", light="#fff", title="QR code of the secret"))
