"""Scores over a real WebSocket and a real PostgreSQL: the best is stored, acknowledged, and on the board."""

import random

import pytest

from tests.conftest import Sql, StartServer
from tests.web.conversation import SCORE, ask, hear, join


async def test_the_best_of_old_and_new_is_kept_field_by_field(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server())
    for score, survival_time in ((100, 30), (90, 40), (120, 10)):
        assert await ask(socket, **SCORE | {"score": score, "survival_time": survival_time}) == {"type": "ack", "ref": "asked"}
    assert sql("SELECT email, score, survival_time FROM players") == [("zoe@example.com", 120, 40)]


async def test_a_thousand_updates_for_a_hundred_players_leave_the_best_of_each(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server(command_rate=0))
    updates = [(number % 100, random.randrange(10**6), random.randrange(1000)) for number in range(1_000)]
    random.shuffle(updates)
    for ref, (player, score, survival_time) in enumerate(updates):
        await socket.send_json(
            {"type": "score_update", "email": f"p{player}@x.y", "score": score, "survival_time": survival_time, "ref": ref}
        )
    acknowledged = [(await hear(socket, "ack"))["ref"] for _ in updates]
    assert sorted(acknowledged) == list(range(1_000))
    best = {
        f"p{player}@x.y": (
            max(score for number, score, _ in updates if number == player),
            max(time for number, _, time in updates if number == player),
        )
        for player in range(100)
    }
    assert {email: (score, time) for email, score, time in sql("SELECT email, score, survival_time FROM players")} == best


async def test_a_nickname_is_set_only_where_there_is_none(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server())
    await ask(socket, **SCORE)
    await ask(socket, **SCORE, nickname="Zoë")
    await ask(socket, **SCORE | {"score": 200}, nickname="Somebody")
    assert sql("SELECT nickname, score FROM players") == [("Zoë", 200)]


async def test_an_acknowledged_score_is_on_the_leaderboard(start_server: StartServer) -> None:
    socket = await join(await start_server())
    for name, score in (("b", 5), ("a", 5), ("c", 9), ("d", 1)):
        await ask(socket, type="score_update", email=f"{name}@x.y", score=score, survival_time=7, nickname=name.upper())
    board = await ask(socket, type="get_leaderboard", limit=3)
    assert board["entries"] == [
        {"rank": 1, "nickname": "C", "score": 9, "survival_time": 7},
        {"rank": 2, "nickname": "A", "score": 5, "survival_time": 7},
        {"rank": 2, "nickname": "B", "score": 5, "survival_time": 7},
    ]


async def test_the_leaderboard_shows_no_address(start_server: StartServer) -> None:
    client = await start_server()
    socket = await join(client)
    await ask(socket, **SCORE)
    [entry] = (await ask(socket, type="get_leaderboard"))["entries"]
    name = entry["nickname"]
    assert name.startswith("Player-")
    assert len(name) == len("Player-") + 6
    await client.close()
    socket = await join(await start_server())
    [entry] = (await ask(socket, type="get_leaderboard"))["entries"]
    assert entry["nickname"] == name, "the name is the same after a restart"


async def test_a_score_that_postgresql_refuses_is_told_to_its_sender_and_holds_up_nobody(
    start_server: StartServer, sql: Sql, caplog: pytest.LogCaptureFixture
) -> None:
    client = await start_server()
    sender, other = await join(client), await join(client)
    sql("ALTER TABLE players ADD CHECK (score <> 666)")
    for ref in ({"ref": 1}, {}):
        await sender.send_json(SCORE | {"score": 666} | ref)
        assert (await ask(other, **SCORE | {"email": "other@x.y"}))["type"] == "ack"
        error = await hear(sender, "error")
        assert (error["code"], error.get("ref")) == ("invalid_field", ref.get("ref"))
    assert sql("SELECT email FROM players") == [("other@x.y",)]
    assert len([record for record in caplog.records if "scores: one row refused" in record.message]) == 2
