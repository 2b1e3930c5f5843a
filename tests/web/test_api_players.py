"""The API's calls about players: connections, announcements, chat, scores, forgetting."""

from typing import Any

import pytest

from tests.conftest import KILL_CONNECTIONS, Outage, Sql, StartServer
from tests.eventually import eventually
from tests.web.conversation import CHAT, SCORE, ask, close_code, hear, join
from tests.web.test_tokens import SECRET, token
from tilo_ws.services import forgetting
from tilo_ws.web import keys

Headers = dict[str, str]


async def test_connections_are_listed_and_one_can_be_ended(start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server()
    first, second = await join(client), await join(client)
    await ask(second, **CHAT)
    listed = await (await client.get("/api/v1/connections", headers=api_headers)).json()
    assert [one["nickname"] for one in listed] == [None, "Zoë"]
    assert listed[1].keys() == {
        *("id", "server", "ip", "nickname", "email", "connected_at"),
        *("messages_in", "messages_out", "buffered_bytes", "user_agent"),
    }
    path = f"/api/v1/connections/{listed[1]['id']}"
    assert (await client.delete(path, headers=api_headers)).status == 204
    assert await close_code(second) == 4502
    assert (await ask(first, type="ping"))["type"] == "pong"
    assert (await client.delete("/api/v1/connections/nobody", headers=api_headers)).status == 404


async def test_an_announcement_reaches_everybody_or_whom_it_is_for(start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server(auth_secret=SECRET)
    first, second = await join(client), await join(client)
    await ask(second, type="hello", token=token())
    [_, listed] = await (await client.get("/api/v1/connections", headers=api_headers)).json()
    targets: list[dict[str, Any]] = [{"email": "Zoe@example.com"}, {"connection": listed["id"]}, {}]
    for number, target in enumerate(targets):
        announcement = {"message": f" number {number} "} | target
        assert (await client.post("/api/v1/announcements", headers=api_headers, json=announcement)).status == 202
        assert (await hear(second, "announcement"))["message"] == f"number {number}"
    assert (await hear(first, "announcement"))["message"] == "number 2"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"message": " "}, 400),
        ({}, 400),
        ({"message": "x" * 2001}, 400),
        ({"message": "x", "email": "nonsense"}, 400),
        ({"message": "x", "email": "nobody@here"}, 404),
        ({"message": "x", "connection": "nobody"}, 404),
    ],
)
async def test_an_announcement_to_nobody_or_of_nothing_is_refused(
    start_server: StartServer, api_headers: Headers, fields: dict[str, Any], status: int
) -> None:
    response = await (await start_server()).post("/api/v1/announcements", headers=api_headers, json=fields)
    assert response.status == status


async def test_chat_is_listed_newest_first_page_by_page_without_the_deleted(
    start_server: StartServer, api_headers: Headers
) -> None:
    client = await start_server()
    socket = await join(client)
    seqs = [(await ask(socket, **CHAT | {"message": text}))["seq"] for text in ("one", "two", "three")]
    await client.delete(f"/api/v1/chat/{seqs[1]}", headers=api_headers)
    page = await (await client.get("/api/v1/chat?limit=1", headers=api_headers)).json()
    assert [(one["seq"], one["nickname"], one["email"], one["message"]) for one in page] == [(seqs[2], "Zoë", None, "three")]
    older = await (await client.get(f"/api/v1/chat?before={seqs[2]}", headers=api_headers)).json()
    assert [one["message"] for one in older] == ["one"]
    for query in ("limit=0", "limit=1001", "limit=x", "before=0", "before=9223372036854775808", "before=-1"):
        assert (await client.get(f"/api/v1/chat?{query}", headers=api_headers)).status == 400


async def test_scores_of_the_back_end_are_stored_when_the_answer_comes(
    start_server: StartServer, api_headers: Headers, sql: Sql
) -> None:
    client = await start_server()
    socket = await join(client)
    await ask(socket, **SCORE, nickname="Somebody")
    scores = [{"email": f"p{number}@x.y", "score": number, "survival_time": 1} for number in range(9_998)]
    scores += [SCORE_OF_BACK_END, SCORE_OF_BACK_END | {"score": 7}]
    response = await client.post("/api/v1/scores", headers=api_headers, json=scores)
    assert (response.status, await response.json()) == (200, {"stored": 10_000})
    assert sql("SELECT count(*), max(score) FROM players") == [(9_999, 9_997)]
    assert sql("SELECT nickname, score FROM players WHERE email = 'zoe@example.com'") == [("Zoë", 500)]
    board = await (await client.get("/api/v1/leaderboard?limit=1", headers=api_headers)).json()
    assert board["entries"][0]["email"] == "p9997@x.y"


SCORE_OF_BACK_END = {"email": "Zoe@Example.com", "score": 500, "survival_time": 3, "nickname": "Zoë"}


@pytest.mark.parametrize(
    "scores",
    [
        {},
        [SCORE_OF_BACK_END, SCORE_OF_BACK_END | {"email": "nonsense"}],
        [SCORE_OF_BACK_END | {"score": -1}],
        [SCORE_OF_BACK_END | {"nickname": " "}],
        [SCORE_OF_BACK_END] * 10_001,
    ],
)
async def test_of_scores_with_a_mistake_among_them_none_is_taken(
    start_server: StartServer, api_headers: Headers, sql: Sql, scores: Any
) -> None:
    response = await (await start_server()).post("/api/v1/scores", headers=api_headers, json=scores)
    assert response.status == 400
    assert sql("SELECT count(*) FROM players") == [(0,)]


async def test_no_scores_are_stored_at_once(start_server: StartServer, api_headers: Headers) -> None:
    response = await (await start_server()).post("/api/v1/scores", headers=api_headers, json=[])
    assert await response.json() == {"stored": 0}


async def test_a_player_is_forgotten_everywhere(start_server: StartServer, api_headers: Headers, sql: Sql) -> None:
    client = await start_server(auth_secret=SECRET)
    player, other = await join(client), await join(client)
    await ask(player, type="hello", token=token(name="Zoë"))
    seq = (await ask(player, **CHAT | {"message": "something private"}))["seq"]
    await ask(player, **SCORE)
    await ask(other, **CHAT | {"message": "something else"})
    await client.post("/api/v1/bans", headers=api_headers, json={"kind": "mute", "email": "zoe@example.com"})
    sql(KILL_CONNECTIONS)

    assert (await client.delete("/api/v1/players/Zoe@Example.com", headers=api_headers)).status == 204

    assert (await hear(other, "chat_deleted"))["seq"] == seq
    assert sql("SELECT nickname, email, message FROM chat_messages ORDER BY seq") == [
        ("", None, ""),
        ("Zoë", None, "something else"),
    ]
    assert sql("SELECT (SELECT count(*) FROM players), (SELECT count(*) FROM bans)") == [(0, 0)]
    assert (await ask(other, type="get_leaderboard"))["entries"] == []
    assert (await ask(player, **CHAT))["type"] == "ack"
    assert (await client.delete("/api/v1/players/zoe@example.com", headers=api_headers)).status == 204
    assert (await client.delete("/api/v1/players/nonsense", headers=api_headers)).status == 400


async def test_refused_scores_are_counted_and_listed_newest_first(start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server(max_score=1000)
    socket = await join(client)
    for score in (1001, 1002, 1003):
        assert (await ask(socket, **SCORE | {"score": score, "nickname": "Zoë"}))["code"] == "implausible_score"
    [connection] = await (await client.get("/api/v1/connections", headers=api_headers)).json()
    refused = await (await client.get("/api/v1/scores/refused?limit=2", headers=api_headers)).json()
    assert refused["count"] == 3
    assert [one["score"] for one in refused["scores"]] == [1003, 1002]
    one = refused["scores"][0]
    assert one.pop("refused_at") >= connection["connected_at"]
    assert one == {
        "email": "zoe@example.com",
        "nickname": "Zoë",
        "score": 1003,
        "survival_time": 30,
        "reason": "score: 1003 is more than 1000, the most there can be",
        "connection": connection["id"],
        "ip": connection["ip"],
    }
    assert (await (await client.get("/api/v1/stats", headers=api_headers)).json())["refused_scores"] == 3
    assert (await client.get("/api/v1/scores/refused?limit=1001", headers=api_headers)).status == 400


async def test_a_forgotten_player_is_not_among_the_refused(start_server: StartServer, api_headers: Headers) -> None:
    client = await start_server(max_score=1000)
    await ask(await join(client), **SCORE | {"score": 1001})
    assert (await client.delete("/api/v1/players/zoe@example.com", headers=api_headers)).status == 204
    assert await (await client.get("/api/v1/scores/refused", headers=api_headers)).json() == {"count": 1, "scores": []}


async def test_a_player_whose_score_cannot_be_stored_now_is_not_called_forgotten(
    start_server: StartServer, outage: Outage, sql: Sql, api_headers: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "_WRITE_TIMEOUT", 0.1)
    client = await start_server(database_url=outage.dsn)
    assert client.app is not None
    commit = client.app[keys.SCORES].commit
    player = await join(client)
    outage.begin()
    await player.send_json(SCORE)
    await eventually(lambda: commit.pending)
    path = "/api/v1/players/zoe@example.com"
    assert (await client.delete(path, headers=api_headers)).status == 503
    outage.end()
    await eventually(lambda: not commit.pending)
    assert sql("SELECT email FROM players") == [("zoe@example.com",)]
    assert (await client.delete(path, headers=api_headers)).status == 204
    assert sql("SELECT email FROM players") == []
