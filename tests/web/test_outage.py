"""PostgreSQL goes away and comes back under a running server."""

import logging

import pytest

from tests.conftest import Outage, Sql, StartServer
from tests.eventually import eventually
from tests.web.conversation import CHAT, SCORE, ask, hear, join
from tilo_ws.storage.backlog import Backlog
from tilo_ws.web import keys


async def test_chat_goes_on_acknowledgements_wait_and_everything_is_stored_later(
    start_server: StartServer, outage: Outage, sql: Sql, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client = await start_server(database_url=outage.dsn, cleanup_interval=0.05, chat_retention=0.01)
    socket = await join(client)
    await ask(socket, **CHAT)
    outage.begin()
    await socket.send_json(CHAT | {"message": "during the outage", "ref": "later"})
    await socket.send_json(SCORE | {"ref": "later too"})
    assert (await hear(socket, "chat"))["message"] == "during the outage"
    assert client.app is not None
    database = client.app[keys.DATABASE]
    await eventually(lambda: database.away)
    response = await client.get("/readyz")
    assert (response.status, (await response.json())["status"]) == (200, "degraded")
    assert (await ask(socket, type="ping"))["type"] == "pong"

    outage.end()
    acknowledged = {(await hear(socket, "ack"))["ref"] for _ in range(2)}
    assert acknowledged == {"later", "later too"}
    assert sql("SELECT score FROM players") == [(100,)]
    assert (await (await client.get("/readyz")).json())["status"] == "ready"
    assert not [record for record in caplog.records if record.exc_info], "no traceback, whatever ran meanwhile"
    faults = [record.message for record in caplog.records if record.levelname == "ERROR" or "back" in record.message]
    assert [line.split(":")[0].split(" after")[0] for line in faults] == ["database away", "database back"]
    assert faults[1].endswith(" s, 2 writes waited")


async def test_the_api_says_so(start_server: StartServer, outage: Outage, api_headers: dict[str, str]) -> None:
    client = await start_server(database_url=outage.dsn)
    outage.begin()
    event = {"type": "m", "value": "2", "duration": 60}
    response = await client.post("/api/v1/events", json=event, headers=api_headers)
    assert (response.status, (await response.json())["error"]["code"]) == (503, "database_away")
    outage.end()
    assert (await client.post("/api/v1/events", json=event, headers=api_headers)).status == 201


async def test_a_server_that_ends_during_an_outage_tells_what_was_lost(start_server: StartServer, outage: Outage) -> None:
    client = await start_server(database_url=outage.dsn)
    socket = await join(client)
    outage.begin()
    await socket.send_json(CHAT)
    await socket.send_json(SCORE)
    await ask(socket, type="ping")
    assert client.app is not None
    lifecycle = client.app[keys.LIFECYCLE]
    await client.close()
    assert lifecycle.lost_writes == 2


async def test_what_waits_is_bounded(start_server: StartServer, outage: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tilo_ws.app.Backlog", lambda: Backlog(limit=4))
    client = await start_server(database_url=outage.dsn)
    socket = await join(client)
    outage.begin()
    for ref in (1, 2):
        await socket.send_json(CHAT | {"ref": ref})
    for command in (CHAT, SCORE):
        refused = await ask(socket, **command)
        assert (refused["code"], refused["retry_after"] > 0) == ("busy", True)
    outage.end()
    assert {(await hear(socket, "ack"))["ref"] for _ in range(2)} == {1, 2}
    assert (await ask(socket, **SCORE))["type"] == "ack"


async def test_a_score_whose_answer_was_lost_is_on_the_board(start_server: StartServer, sql: Sql) -> None:
    """The statement was carried out, but its connection died: sent again it changes nothing, and is told all the same."""
    client = await start_server()
    socket = await join(client)
    sql("INSERT INTO players (email, nickname, score, survival_time) VALUES ('zoe@example.com', 'Zoë', 100, 30)")
    assert (await ask(socket, **SCORE))["type"] == "ack"
    [entry] = (await ask(socket, type="get_leaderboard"))["entries"]
    assert (entry["nickname"], entry["score"]) == ("Zoë", 100)
