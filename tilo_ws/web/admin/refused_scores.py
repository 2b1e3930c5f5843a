"""`/admin/players/refused`: scores that nobody can have played."""

from typing import Any

from aiohttp import web

from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.services.refused_scores import MEMORY_SCORES, RefusedScore
from tilo_ws.web import keys
from tilo_ws.web.admin.frame import render
from tilo_ws.web.admin.links import player_path
from tilo_ws.web.admin.players import words_of

MAX_SHOWN = 200


async def page(request: web.Request) -> web.StreamResponse:
    """`GET /admin/players/refused`: newest first; with `q` those whose address or nickname has that in it."""
    words, refused = words_of(request), await request.app[keys.REFUSED_SCORES].newest()
    kept = refused.newest
    found = [one for one in kept if _matches(one, words.casefold())]
    return await render(
        request,
        "refused_scores.html",
        "players",
        words=words,
        scores=[refused_fields(one) for one in found[:MAX_SHOWN]],
        found=len(found),
        kept=len(kept),
        refused=refused.count,
        memory=MEMORY_SCORES,
    )


def refused_fields(score: RefusedScore) -> dict[str, Any]:
    """A refused score as the dashboard shows it."""
    return {
        "email": score.email,
        "path": player_path(score.email),
        "nickname": score.nickname,
        "score": score.score,
        "survival_time": score.survival_time,
        "reason": score.reason,
        "ip": score.ip,
        "refused_at": utc_text(score.refused_at),
    }


def _matches(score: RefusedScore, words: str) -> bool:
    return any(words in text.casefold() for text in (score.email, score.nickname or ""))
