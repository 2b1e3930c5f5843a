"""Scores and players on several servers: one leaderboard, corrections, refused scores, forgetting."""

import asyncio
from pathlib import Path

from tests.conftest import Sql, StartServer
from tests.eventually import PATIENCE, eventually
from tests.redis_server import RedisServer
from tests.web.conversation import SCORE, ask, hear, join
from tests.web.dashboard import logged_in
from tests.web.joined import Api, Joined, apis, joined, joined_servers, valkey
from tilo_ws.web import keys

__all__ = ["apis", "joined", "valkey"]


async def test_a_corrected_score_falls_on_all_boards(joined: Joined, apis: tuple[Api, Api]) -> None:
    watching = await join(joined.other)
    await ask(watching, type="get_leaderboard", watch=True)
    player = await join(joined.one)
    await ask(player, **SCORE | {"score": 500})
    assert [entry["score"] for entry in (await hear(watching, "leaderboard"))["entries"]] == [500]
    assert joined.other.app is not None
    await joined.other.app[keys.CORRECTIONS].correct("zoe@example.com", 10, 1)
    assert [entry["score"] for entry in (await hear(watching, "leaderboard"))["entries"]] == [10]
    assert joined.one.app is not None
    board = joined.one.app[keys.LEADERBOARD]
    await eventually(lambda: [entry.score for entry, _ in board.top(10)] == [10])
    await ask(player, **SCORE | {"score": 20})
    board = joined.other.app[keys.LEADERBOARD]
    await eventually(lambda: [entry.score for entry, _ in board.top(10)] == [20])


async def test_what_was_taken_away_on_one_server_cannot_be_sent_again_at_once_on_another(
    start_server: StartServer, valkey: RedisServer, tmp_path: Path
) -> None:
    joined = await joined_servers(start_server, valkey, tmp_path, max_score_per_second=1)
    player = await join(joined.other)
    cheated = SCORE | {"score": 500, "survival_time": 600}
    assert (await ask(player, **cheated))["type"] == "ack"
    assert joined.one.app is not None
    assert joined.other.app is not None
    await joined.one.app[keys.CORRECTIONS].correct("zoe@example.com", 10, 1)
    accepted = joined.other.app[keys.SCORES]._rules._accepted
    await eventually(lambda: accepted["zoe@example.com"].score == 10)
    assert (await ask(player, **cheated))["code"] == "implausible_score"


async def test_refused_scores_of_all_servers_are_listed_on_each_and_forgotten_on_each(
    start_server: StartServer, valkey: RedisServer, tmp_path: Path, api_headers: dict[str, str]
) -> None:
    joined = await joined_servers(start_server, valkey, tmp_path, max_score=100)
    clients = (joined.one, joined.other)
    for number, client in enumerate([*clients, joined.one]):
        assert (await ask(await join(client), **SCORE | {"score": 101 + number}))["code"] == "implausible_score"
    assert joined.one.app is not None
    servers = joined.one.app[keys.SERVERS]
    await eventually(lambda: len(servers.all()) == 2)
    apis = [Api(client, api_headers) for client in clients]
    for api in apis:
        refused = await api.call("GET", "/scores/refused?limit=2")
        assert (refused["count"], [one["score"] for one in refused["scores"]]) == (3, [103, 102])
    async with logged_in(joined.other) as admin:
        assert "103" in (await admin.get("/admin/players/refused"))[1]
    await apis[1].call("DELETE", "/players/zoe@example.com")
    async with asyncio.timeout(PATIENCE):
        while (await apis[1].call("GET", "/scores/refused"))["scores"]:
            pass


async def test_a_player_is_forgotten_on_all_servers(joined: Joined, apis: tuple[Api, Api], sql: Sql) -> None:
    player = await join(joined.other)
    await ask(player, **SCORE | {"nickname": "Zoë"})
    await apis[1].call("POST", "/bans", {"email": "zoe@example.com", "kind": "mute"})
    boards = [client.app[keys.LEADERBOARD] for client in (joined.one, joined.other) if client.app is not None]
    bans = [client.app[keys.MODERATION] for client in (joined.one, joined.other) if client.app is not None]
    await eventually(lambda: all(board.top(1) for board in boards) and all(one.all() for one in bans))
    await apis[0].call("DELETE", "/players/zoe@example.com")
    await eventually(lambda: not any(board.top(1) for board in boards) and not any(one.all() for one in bans))
    assert sql("SELECT (SELECT count(*) FROM players), (SELECT count(*) FROM bans)") == [(0, 0)]


async def test_what_waited_on_another_server_when_a_player_was_forgotten_is_forgotten_too(
    joined: Joined, apis: tuple[Api, Api], sql: Sql
) -> None:
    player = await join(joined.other)
    sql("INSERT INTO players (email, score) VALUES ('zoe@example.com', 1)")
    assert joined.other.app is not None
    commit = joined.other.app[keys.SCORES].commit
    joined.other.app[keys.LEADERBOARD].storing = lock = asyncio.Lock()
    await lock.acquire()
    await player.send_json(SCORE)
    await eventually(commit.rows)
    await apis[0].call("DELETE", "/players/zoe@example.com")
    lock.release()
    await eventually(lambda: commit.pending == 0 and sql("SELECT count(*) FROM players") == [(0,)], interval=0.05)
