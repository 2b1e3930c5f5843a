"""What the forms of a player's page do: correct or reset the score, change the nickname, forget the player."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.services.corrections import UnknownPlayer
from tilo_ws.services.score_update import ScoreUpdate
from tilo_ws.services.scores import NotStoredYet
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.access import FORM
from tilo_ws.web.admin.links import player_path
from tilo_ws.web.admin.player import address_of
from tilo_ws.web.admin.players import PATH
from tilo_ws.web.admin.requests import finish, record

FORGOTTEN = "a forgotten player"
"""What stands in the record of actions instead of the address."""

_AWAY = "Nothing was changed: the database is away. Try again in a moment."


async def correct(request: web.Request) -> web.StreamResponse:
    """`POST /admin/players/{email}/score` with `score` and `survival_time`: exactly these."""
    email = address_of(request)
    form = request[FORM]
    try:
        new = {name: _whole(name, form.get(name, "")) for name in ("score", "survival_time")}
    except CommandError as error:
        finish(request, player_path(email), f"Not corrected. {error.message}", "bad")

    async def change() -> ScoreUpdate:
        return await request.app[keys.CORRECTIONS].correct(email, **new)

    old = await _done(request, email, change, "correct_score", new=new)
    text = f"The score of {_name(email, old)} is {new['score']:,} now; it was {old.score:,}."
    before = {"score": str(old.score), "survival_time": str(old.survival_time)}
    finish(request, player_path(email), text, undo=(f"{player_path(email)}/score", before))


async def reset(request: web.Request) -> web.StreamResponse:
    """`POST /admin/players/{email}/reset`."""
    email = address_of(request)
    old = await _done(request, email, lambda: request.app[keys.CORRECTIONS].reset(email), "reset_score", new=None)
    finish(request, player_path(email), f"{_name(email, old)} has no score any more; it was {old.score:,}.")


async def rename(request: web.Request) -> web.StreamResponse:
    """`POST /admin/players/{email}/nickname` with `nickname`; without one the player has none."""
    email = address_of(request)
    nickname = request[FORM].get("nickname", "").strip() or None
    change = request.app[keys.CORRECTIONS].rename
    old = await _done(request, email, lambda: change(email, nickname), "change_nickname", new={"nickname": nickname})
    was = f"was {old.nickname}" if old.nickname else "had none"
    finish(
        request,
        player_path(email),
        f"{email} is called {nickname} now; {was}." if nickname else f"{email} has no nickname any more; {was}.",
        undo=(f"{player_path(email)}/nickname", {"nickname": old.nickname or ""}),
    )


async def forget(request: web.Request) -> web.StreamResponse:
    """`POST /admin/players/{email}/forget`: nothing is kept under the address, in the record of actions neither."""
    email = address_of(request)
    try:
        await request.app[keys.FORGETTING].forget(email)
    except NotStoredYet:
        finish(request, player_path(email), "Not all is forgotten yet: the database is slow. Try again in a moment.", "bad")
    except (DatabaseAway, StatementTimeout):
        finish(request, player_path(email), "Not forgotten: the database is away. Try again in a moment.", "bad")
    await record(request, "forget_player", FORGOTTEN)
    finish(request, PATH, "The player is forgotten: score, chat, bans and refused scores under this address are gone.")


async def _done(
    request: web.Request, email: str, change: Callable[[], Awaitable[ScoreUpdate]], action: str, *, new: object
) -> ScoreUpdate:
    """Carries a change out and writes it down with what was before. Leads back to the page where that cannot be."""
    path = player_path(email)
    try:
        old = await change()
    except CommandError as error:
        finish(request, path, f"Nothing was changed. {error.message}", "bad")
    except UnknownPlayer:
        finish(request, path, "Nothing was changed: nobody has a score under this address.", "bad")
    except NotStoredYet:
        await record(request, action, email, new=new, stored=False)
        finish(request, path, "The database is slow or away. The change is kept, and is stored as soon as it is back.", "bad")
    except (DatabaseAway, StatementTimeout):
        finish(request, path, _AWAY, "bad")
    before = {"nickname": old.nickname, "score": old.score, "survival_time": old.survival_time}
    await record(request, action, email, old=before, new=new)
    return old


def _name(email: str, old: ScoreUpdate) -> str:
    return old.nickname or email


def _whole(field: str, raw: str) -> int:
    text = raw.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise CommandError(ErrorCode.INVALID_FIELD, f"{field}: must be a whole number, 0 or above")
    return int(text)
