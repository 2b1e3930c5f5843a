"""PostgreSQL goes away and comes back under a running server."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Outage, StartServer
from tests.web.conversation import CHAT, SCORE, ask, hear, join
from tilo_ws.storage.group_commit import Backlog
from tilo_ws.web import keys

Sql = Callable[..., list[Any]]


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
    while (await (await client.get("/readyz")).json())["status"] != "degraded":
        await asyncio.sleep(0.02)
    assert (await client.get("/readyz")).status == 200
    assert (await ask(socket, type="ping"))["type"] == "pong"

    outage.end()
    acknowledged = {(await hear(socket, "ack"))["ref"] for _ in range(2)}
    assert acknowledged == {"later", "later too"}
    assert sql("SELECT score FROM players") == [(100,)]
    assert (await (await client.get("/readyz")).json())["status"] == "ready"
    assert not [record for record in caplog.records if record.exc_info], "no traceback, whatever ran meanwhile"
    assert len([record for record in caplog.records if record.message.startswith("database away")]) == 1


async def test_the_api_says_so(start_server: StartServer, outage: Outage, api_headers: dict[str, str]) -> None:
    client = await start_server(database_url=outage.dsn)
    outage.begin()
    event = {"type": "m", "value": "2", "duration": 60}
    response = await client.post("/api/v1/events", json=event, headers=api_headers)
    assert (response.status, (await response.json())["error"]["code"]) == (503, "database_away")
    outage.end()
    assert (await client.post("/api/v1/events", json=event, headers=api_headers)).status == 201


async def test_a_server_that_ends_during_an_outage_tells_what_was_lost(
    start_server: StartServer, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tilo_ws.web.lifecycle._STORE_TIMEOUT", 0.1)
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
