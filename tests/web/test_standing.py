"""A player's own entry in the answer to `get_leaderboard`."""

import asyncio

from tests.conftest import Outage, Sql, StartServer
from tests.eventually import PATIENCE
from tests.web.conversation import SCORE, Client, Socket, ask, join
from tests.web.test_tokens import SECRET, token
from tilo_ws.protocol.commands import MAX_LEADERBOARD_ENTRIES

OTHERS = "INSERT INTO players (email, score) SELECT 'p' || n || '@example.com', 1000 + n FROM generate_series(1, %s) AS n"


async def known(client: Client, **claims: str) -> Socket:
    socket = await join(client)
    await ask(socket, type="hello", token=token(**claims))  # type: ignore[arg-type]
    return socket


async def test_a_player_far_below_the_board_hears_its_own_place(start_server: StartServer, sql: Sql) -> None:
    sql(OTHERS, MAX_LEADERBOARD_ENTRIES + 10)
    sql("INSERT INTO players VALUES ('zoe@example.com', 'Zoë', 5, 7), ('equal@example.com', NULL, 5, 1)")
    socket = await known(await start_server(auth_secret=SECRET))
    answer = await ask(socket, type="get_leaderboard", limit=1)
    assert [entry["rank"] for entry in answer["entries"]] == [1]
    own = {"rank": MAX_LEADERBOARD_ENTRIES + 11, "nickname": "Zoë", "score": 5, "survival_time": 7}
    assert answer["you"] == own, "equals share a rank"


async def test_an_acknowledged_score_is_ones_own_at_once(start_server: StartServer) -> None:
    socket = await known(await start_server(auth_secret=SECRET), name="Zoë")
    assert (await ask(socket, type="get_leaderboard"))["you"] is None, "no score yet"
    await ask(socket, **SCORE)
    answer = await ask(socket, type="get_leaderboard")
    assert answer["you"] == answer["entries"][0] == {"rank": 1, "nickname": "Zoë", "score": 100, "survival_time": 30}


async def test_who_has_no_score_among_many_players_is_told_so(start_server: StartServer, sql: Sql) -> None:
    sql(OTHERS, MAX_LEADERBOARD_ENTRIES)
    socket = await known(await start_server(auth_secret=SECRET))
    assert (await ask(socket, type="get_leaderboard"))["you"] is None


async def test_without_a_token_nobody_knows_whose_it_is(start_server: StartServer) -> None:
    socket = await join(await start_server(auth_secret=SECRET))
    await ask(socket, **SCORE)
    assert "you" not in await ask(socket, type="get_leaderboard")


async def test_one_answer_at_a_time_is_counted_for_a_connection(start_server: StartServer, sql: Sql) -> None:
    sql(OTHERS, MAX_LEADERBOARD_ENTRIES)
    socket = await known(await start_server(auth_secret=SECRET))
    for ref in (1, 2):
        await socket.send_json({"type": "get_leaderboard", "ref": ref})
    answers = {answer["ref"]: answer for answer in [await socket.receive_json(), await socket.receive_json()]}
    assert answers[1]["type"] == "leaderboard"
    assert (answers[2]["code"], answers[2]["retry_after"]) == ("busy", 1.0)


async def test_while_the_database_is_away_the_best_are_told_and_the_own_place_is_left_out(
    start_server: StartServer, outage: Outage, sql: Sql
) -> None:
    sql(OTHERS, MAX_LEADERBOARD_ENTRIES)
    socket = await known(await start_server(auth_secret=SECRET, database_url=outage.dsn))
    outage.begin()
    async with asyncio.timeout(PATIENCE):  # connections die one by one
        while "you" in (answer := await ask(socket, type="get_leaderboard", limit=3)):
            pass
    assert len(answer["entries"]) == 3
    outage.end()
    assert (await ask(socket, type="get_leaderboard"))["you"] is None
