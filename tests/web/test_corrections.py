"""Corrections of scores, as other players and the record of actions see them, in one order with what players send."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Outage, Sql, StartServer, Transaction
from tests.eventually import eventually
from tests.web.conversation import SCORE, Client, Socket, ask, hear, join
from tests.web.dashboard import logged_in, make_account, undo
from tilo_ws.protocol.bans import Ban, BanKind
from tilo_ws.services.moderation import Moderation
from tilo_ws.services.roles import Role
from tilo_ws.services.score_update import ScoreUpdate
from tilo_ws.services.scores import Scores
from tilo_ws.web import keys
from tilo_ws.web.admin.links import player_path

ZOE = "zoe@example.com"
PAGE = player_path(ZOE)

LOCKED_OUT = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
"""Statements that another transaction holds up."""


async def watch(client: Client, limit: int = 10) -> Socket:
    """Another player, who watches the leaderboard."""
    socket = await join(client)
    await ask(socket, type="get_leaderboard", watch=True, limit=limit)
    return socket


async def shown(socket: Socket, *entries: tuple[str, int]) -> list[dict[str, Any]]:
    """Waits until the watched leaderboard has just these names and scores, and returns it."""
    while True:
        board: list[dict[str, Any]] = (await hear(socket, "leaderboard"))["entries"]
        if [(entry["nickname"], entry["score"]) for entry in board] == list(entries):
            return board


def waiting(client: Client) -> list[ScoreUpdate]:
    """What of Zoë is not stored yet."""
    assert client.app is not None
    scores: Scores = client.app[keys.SCORES]
    return scores.waiting(ZOE)


def recorded(sql: Sql, action: str) -> list[Any]:
    return sql("SELECT target, details->'old', details->'new' FROM admin_actions WHERE action = %s", action)


async def test_a_corrected_score_is_what_a_watched_leaderboard_shows(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    await ask(await join(client), **SCORE, nickname="Zoë")
    other = await watch(client)
    async with logged_in(client) as admin:
        _, page = await admin.post(f"{PAGE}/score", score="40", survival_time="3")
        assert "The score of Zoë is 40 now; it was 100." in page
        [entry] = await shown(other, ("Zoë", 40))
        assert entry["survival_time"] == 3
        await admin.post(f"{PAGE}/score", score="400", survival_time="30")
        await shown(other, ("Zoë", 400))
    first = {"nickname": "Zoë", "score": 100, "survival_time": 30}
    second = {"nickname": "Zoë", "score": 40, "survival_time": 3}
    assert recorded(sql, "correct_score") == [
        (ZOE, first, {"score": 40, "survival_time": 3}),
        (ZOE, second, {"score": 400, "survival_time": 30}),
    ]


async def test_older_scores_that_are_being_stored_or_wait_for_it_do_not_come_back(
    start_server: StartServer, sql: Sql, transaction: Transaction
) -> None:
    client = await start_server()
    player = await join(client)
    await ask(player, **SCORE, nickname="Zoë")
    other = await watch(client)
    transaction.begin(f"SELECT FROM players WHERE email = '{ZOE}' FOR UPDATE")
    await player.send_json(SCORE | {"score": 900, "ref": "in flight"})
    await eventually(lambda: sql(LOCKED_OUT) == [(1,)])
    await player.send_json(SCORE | {"score": 950, "ref": "pending"})
    await eventually(lambda: [update.score for update in waiting(client)] == [900, 950])
    async with logged_in(client) as admin:
        correcting = asyncio.create_task(admin.post(f"{PAGE}/score", score="40", survival_time="3"))
        await eventually(lambda: [(one.score, one.corrects) for one in waiting(client)] == [(900, False), (40, True)])
        transaction.end()
        _, page = await correcting
    assert "it was 950" in page
    await shown(other, ("Zoë", 40))
    assert {(await hear(player, "ack"))["ref"] for _ in range(2)} == {"in flight", "pending"}
    assert sql("SELECT score, survival_time FROM players") == [(40, 3)]
    assert recorded(sql, "correct_score")[0][1]["score"] == 950


async def test_a_score_that_comes_after_the_correction_counts(
    start_server: StartServer, sql: Sql, transaction: Transaction
) -> None:
    client = await start_server()
    player = await join(client)
    await ask(player, **SCORE)
    transaction.begin(f"SELECT FROM players WHERE email = '{ZOE}' FOR UPDATE")
    await player.send_json(SCORE | {"score": 900})
    await eventually(lambda: sql(LOCKED_OUT) == [(1,)])
    async with logged_in(client) as admin:
        correcting = asyncio.create_task(admin.post(f"{PAGE}/score", score="40", survival_time="3"))
        await eventually(lambda: any(update.corrects for update in waiting(client)))
        await player.send_json(SCORE | {"score": 60, "survival_time": 1, "ref": "later"})
        await eventually(lambda: waiting(client)[-1].score == 60)
        transaction.end()
        await correcting
    await hear(player, "ack")
    assert sql("SELECT score, survival_time FROM players") == [(60, 3)]


async def test_who_is_reset_leaves_the_top_and_the_next_one_moves_up(start_server: StartServer, sql: Sql) -> None:
    sql("INSERT INTO players SELECT 'p' || n || '@x.y', 'P' || n, n, 1 FROM generate_series(1, 101) AS n")
    client = await start_server()
    other = await watch(client, limit=100)
    async with logged_in(client) as admin:
        _, page = await admin.post("/admin/players/p101@x.y/reset")
    assert "has no score any more; it was 101." in page
    await shown(other, *((f"P{n}", n) for n in range(100, 0, -1)))
    assert sql("SELECT count(*) FROM players WHERE email = 'p101@x.y'") == [(0,)]
    old = {"nickname": "P101", "score": 101, "survival_time": 1}
    assert recorded(sql, "reset_score") == [("p101@x.y", old, None)]


async def test_who_falls_below_the_board_makes_room_on_it(start_server: StartServer, sql: Sql) -> None:
    sql("INSERT INTO players SELECT 'p' || n || '@x.y', 'P' || n, n, 1 FROM generate_series(1, 101) AS n")
    client = await start_server()
    other = await watch(client, limit=100)
    async with logged_in(client) as admin:
        await admin.post("/admin/players/p101@x.y/score", score="0", survival_time="1")
    await shown(other, *((f"P{n}", n) for n in range(100, 0, -1)))


async def test_after_a_reset_a_player_begins_anew_also_when_a_score_waits(
    start_server: StartServer, sql: Sql, transaction: Transaction
) -> None:
    client = await start_server()
    player = await join(client)
    await ask(player, **SCORE, nickname="Zoë")
    transaction.begin(f"SELECT FROM players WHERE email = '{ZOE}' FOR UPDATE")
    await player.send_json(SCORE | {"score": 900})
    await eventually(lambda: sql(LOCKED_OUT) == [(1,)])
    async with logged_in(client) as admin:
        resetting = asyncio.create_task(admin.post(f"{PAGE}/reset"))
        await eventually(lambda: any(update.removes for update in waiting(client)))
        await player.send_json(SCORE | {"score": 5, "survival_time": 1, "nickname": "Anew", "ref": "later"})
        await eventually(lambda: waiting(client)[-1].score == 5)
        transaction.end()
        await resetting
    await hear(player, "ack")
    assert sql("SELECT nickname, score, survival_time FROM players") == [("Anew", 5, 1)]


async def test_a_nickname_is_changed_and_cleared_everywhere(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    await ask(await join(client), **SCORE, nickname="Rude")
    other = await watch(client)
    async with logged_in(client) as admin:
        _, page = await admin.post(f"{PAGE}/nickname", nickname="  <b>Zoë</b> ")
        assert "zoe@example.com is called &lt;b&gt;Zoë&lt;/b&gt; now; was Rude." in page
        await shown(other, ("<b>Zoë</b>", 100))
        await admin.post(f"{PAGE}/nickname", nickname="")
        assert (await hear(other, "leaderboard"))["entries"][0]["nickname"].startswith("Player-")
        for wrong in ("x" * 33, "\u200b\u00a0"):
            _, page = await admin.post(f"{PAGE}/nickname", nickname=wrong)
            assert "Nothing was changed. nickname: " in page
    assert sql("SELECT nickname, score, survival_time FROM players") == [(None, 100, 30)]
    assert [new for _, _, new in recorded(sql, "change_nickname")] == [{"nickname": "<b>Zoë</b>"}, {"nickname": None}]


@pytest.mark.parametrize(
    ("score", "survival_time"),
    [("-1", "1"), ("1.5", "1"), ("", "1"), ("9007199254740992", "1"), ("1", "2147483648"), ("1", "x")],
)
async def test_a_wrong_correction_changes_nothing_and_is_explained(
    score: str, survival_time: str, start_server: StartServer, sql: Sql
) -> None:
    client = await start_server()
    await ask(await join(client), **SCORE)
    async with logged_in(client) as admin:
        _, page = await admin.post(f"{PAGE}/score", score=score, survival_time=survival_time)
    assert "must be a whole number" in page
    assert sql("SELECT score, survival_time FROM players") == [(100, 30)]
    assert recorded(sql, "correct_score") == []


async def test_a_correction_and_a_new_nickname_are_undone(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    await ask(await join(client), **SCORE)
    async with logged_in(client) as admin:
        _, page = await admin.post(f"{PAGE}/score", score="40", survival_time="3")
        await undo(admin, page)
        assert sql("SELECT score, survival_time, nickname FROM players") == [(100, 30, None)]
        _, page = await admin.post(f"{PAGE}/nickname", nickname="Zoe")
        page = await undo(admin, page)
        assert sql("SELECT score, survival_time, nickname FROM players") == [(100, 30, None)]
        await undo(admin, page)
    assert sql("SELECT score, survival_time, nickname FROM players") == [(100, 30, "Zoe")]


async def test_nobody_is_made_by_a_correction(start_server: StartServer, sql: Sql) -> None:
    async with logged_in(await start_server()) as admin:
        for action in ("score", "nickname", "reset"):
            _, page = await admin.post(f"{PAGE}/{action}", score="1", survival_time="1", nickname="Zoë")
            assert "nobody has a score under this address" in page
    assert sql("SELECT count(*) FROM players") == [(0,)]


async def test_while_the_database_is_away_a_correction_is_refused(start_server: StartServer, sql: Sql, outage: Outage) -> None:
    client = await start_server(database_url=outage.dsn)
    await ask(await join(client), **SCORE)
    async with logged_in(client) as admin:
        outage.begin()
        _, page = await admin.post(f"{PAGE}/score", score="40", survival_time="3")
        assert "Nothing was changed: the database is away." in page
        outage.end()
    assert waiting(client) == []
    assert sql("SELECT score FROM players") == [(100,)]


async def test_what_an_admin_took_away_cannot_be_sent_again_at_once(start_server: StartServer) -> None:
    client = await start_server(max_score_per_second=10)
    player = await join(client)
    high = SCORE | {"score": 900, "survival_time": 100}
    await ask(player, **high)
    async with logged_in(client) as admin:
        await admin.post(f"{PAGE}/score", score="40", survival_time="3")
    assert (await ask(player, **high))["code"] == "implausible_score"


async def test_a_forgotten_player_is_gone_from_the_record_of_actions_too(start_server: StartServer, sql: Sql) -> None:
    client = await start_server(max_score=1000)
    player = await join(client)
    await ask(player, **SCORE, nickname="Zoë")
    await ask(player, **SCORE | {"score": 1001})
    other = await watch(client)
    async with logged_in(client) as admin:
        await admin.post(f"{PAGE}/nickname", nickname="Zoe")
        await shown(other, ("Zoe", 100))
        _, page = await admin.post(f"{PAGE}/forget")
        assert "The player is forgotten" in page
        await shown(other)
        assert ZOE not in (await admin.get("/admin/players/refused"))[1]
    assert sql("SELECT count(*) FROM players") == [(0,)]
    rows = sql("SELECT action, target, details FROM admin_actions WHERE action <> 'login' ORDER BY created_at")
    assert rows == [("change_nickname", "a forgotten player", {}), ("forget_player", "a forgotten player", {})]


async def test_what_was_done_about_a_forgotten_player_says_no_longer_about_whom(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    await make_account(client, "looks", Role.VIEWER)
    async with logged_in(client, "looks") as viewer:
        assert (await viewer.post(f"{PAGE}/score"))[0] == 403
    async with logged_in(client) as admin:
        await admin.post("/admin/bans", kind="mute", nickname="Zoë", email=ZOE, duration="60")
        await admin.post("/admin/bans", kind="mute", email=f"not-{ZOE}", duration="60")
        await admin.post(f"{PAGE}/forget")
    targets = [target for (target,) in sql("SELECT target FROM admin_actions WHERE target <> '' ORDER BY created_at")]
    forgotten = "a forgotten player"
    assert targets == [forgotten, forgotten, f"not-{ZOE}", forgotten]


async def test_a_ban_that_is_added_while_a_player_is_forgotten_stays_in_force(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await start_server()
    assert client.app is not None
    moderation: Moderation = client.app[keys.MODERATION]
    await moderation.add(Ban(id=UUID(int=0), kind=BanKind.BAN, email=ZOE), by="a test")
    current = moderation._current
    adding: list[asyncio.Task[Ban]] = []

    async def read() -> list[Any]:
        """Bans as they were before another one came."""
        rows = await current()
        adding.append(asyncio.create_task(moderation.add(Ban(id=UUID(int=0), kind=BanKind.BAN, nickname="Troll"), by="a test")))
        await asyncio.wait(adding, timeout=0.1)
        return rows

    monkeypatch.setattr(moderation, "_current", read)
    await client.app[keys.FORGETTING].forget(ZOE)
    await asyncio.gather(*adding)
    assert [ban.nickname for ban in moderation.all()] == ["Troll"]
