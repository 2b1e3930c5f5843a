"""`/admin/players`: the leaderboard, and the search over all players."""

from typing import Any

from aiohttp import web

from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.services.player_score import PlayerScore
from tilo_ws.storage.errors import DatabaseAway, StatementTimeout
from tilo_ws.web import keys
from tilo_ws.web.admin.feed import Beat
from tilo_ws.web.admin.frame import render
from tilo_ws.web.admin.links import player_path, query
from tilo_ws.web.untrusted import storable

PATH = "/admin/players"

_MAX_WORDS = 254


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/players`: the top; with `q` the players who have that in their address or nickname.

    `score` and `email` are those of the last player on the page before.
    """
    words = words_of(request)
    refused = (await request.app[keys.REFUSED_SCORES].newest(0)).count
    if not words:
        return await render(request, "players.html", "players", words="", refused=refused)
    after = _after(request)
    fields: dict[str, Any] = {"words": words, "refused": refused, "is_first": after is None, "next": None, "found": None}
    try:
        found, has_more = await request.app[keys.PLAYER_RECORDS].find(words, after)
    except (DatabaseAway, StatementTimeout):
        return await render(request, "players_found.html", "players", **fields)
    fields["found"] = [score_fields(one) for one in found]
    if has_more:
        fields["next"] = PATH + query(q=words, score=found[-1].score, email=found[-1].email)
    return await render(request, "players_found.html", "players", **fields)


async def part(app: web.Application, beat: Beat) -> dict[str, Any]:
    """The leaderboard, unless the page shows what was searched for."""
    board = [] if beat.query.get("q") else app[keys.LEADERBOARD].players()
    return {"players": [{"rank": rank} | score_fields(player) for rank, player in board]}


def score_fields(player: PlayerScore) -> dict[str, Any]:
    """A result as the dashboard shows it."""
    return {
        "id": player.email,
        "email": player.email,
        "path": player_path(player.email),
        "nickname": player.nickname,
        "score": player.score,
        "survival_time": player.survival_time,
        "updated_at": utc_text(player.updated_at),
    }


def words_of(request: web.Request) -> str:
    """What is searched for, as far as PostgreSQL can look for it."""
    return storable(request.query.get("q", "")).strip()[:_MAX_WORDS]


def _after(request: web.Request) -> tuple[int, str] | None:
    score, email = request.query.get("score", ""), request.query.get("email", "")
    is_whole = score.isascii() and score.isdigit() and len(score) <= 16
    return (int(score), storable(email)) if is_whole and email else None
