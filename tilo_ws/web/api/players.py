"""`/api/v1/leaderboard`, `/api/v1/scores` and `/api/v1/players`: results, read and brought by the back end, and forgotten."""

from typing import Annotated

import msgspec
from aiohttp import web

from tilo_ws.protocol.chat_message import utc_text
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.commands import MAX_LEADERBOARD_ENTRIES, MAX_SCORE, MAX_SURVIVAL_TIME
from tilo_ws.protocol.pushes import LeaderboardEntry
from tilo_ws.protocol.text import MAX_EMAIL_LENGTH
from tilo_ws.services.refused_scores import MEMORY_SCORES
from tilo_ws.web import keys
from tilo_ws.web.api.requests import UtcText, answer, body, described, whole

MAX_SCORES = 10_000


class NewScore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the list that is the body of `POST /api/v1/scores`. `survival_time` in whole seconds."""

    email: Annotated[str, described(maxLength=MAX_EMAIL_LENGTH)]
    score: Annotated[int, msgspec.Meta(ge=0, le=MAX_SCORE)]
    survival_time: Annotated[int, msgspec.Meta(ge=0, le=MAX_SURVIVAL_TIME)]
    nickname: str | None = None


NewScores = Annotated[list[NewScore], described(maxItems=MAX_SCORES)]


class Stored(msgspec.Struct, frozen=True):
    """How many results PostgreSQL has taken."""

    stored: int


class BoardEntry(LeaderboardEntry, frozen=True):
    """A line of the leaderboard as game back ends see it."""

    email: str


class Board(msgspec.Struct, frozen=True):
    """The best players, the best first."""

    entries: list[BoardEntry]


async def leaderboard(request: web.Request) -> web.Response:
    """`GET /api/v1/leaderboard?limit=`: the best players, with their e-mail addresses."""
    limit = whole(request, "limit", default=10, most=MAX_LEADERBOARD_ENTRIES)
    top = request.app[keys.LEADERBOARD].top(limit)
    return answer(Board([BoardEntry(**msgspec.structs.asdict(entry), email=email) for entry, email in top]))


async def store_scores(request: web.Request) -> web.Response:
    """`POST /api/v1/scores`: answered once PostgreSQL has them."""
    new = await body(request, list[NewScore])
    if len(new) > MAX_SCORES:
        raise CommandError(ErrorCode.INVALID_FIELD, f"at most {MAX_SCORES:,} scores at once")
    await request.app[keys.SCORES].take([(one.email, one.nickname, one.score, one.survival_time) for one in new])
    return answer(Stored(len(new)))


class ListedRefusal(msgspec.Struct, frozen=True):
    """A refused score. Without a token `email` is what the client claimed; `refused_at` is UTC."""

    refused_at: UtcText
    email: str
    nickname: str | None
    score: int
    survival_time: int
    reason: str
    connection: str
    ip: str


class RefusedScoreList(msgspec.Struct, frozen=True):
    """`count` is of all since the start."""

    count: int
    scores: list[ListedRefusal]


async def refused_scores(request: web.Request) -> web.Response:
    """`GET /api/v1/scores/refused?limit=`: those that nobody can have played, newest first."""
    limit = whole(request, "limit", default=100, most=MEMORY_SCORES)
    refused = await request.app[keys.REFUSED_SCORES].newest(limit)
    listed = [ListedRefusal(**msgspec.structs.asdict(one) | {"refused_at": utc_text(one.refused_at)}) for one in refused.newest]
    return answer(RefusedScoreList(refused.count, listed))


async def forget_player(request: web.Request) -> web.Response:
    """`DELETE /api/v1/players/{email}`: score, chat, bans. Also where there is nothing to forget."""
    await request.app[keys.FORGETTING].forget(request.match_info["email"])
    return web.Response(status=204)
