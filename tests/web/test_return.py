"""Coming back, over the wire: hello, watching the board, messages that an admin removes, being sent away."""

import asyncio
import re
from typing import Any

import pytest
from aiohttp import WSMsgType

from tests.conftest import Sql, StartServer
from tests.web.conversation import CHAT, SCORE, ask, hear, join
from tilo_ws.storage.database import Database
from tilo_ws.web import keys


async def test_who_comes_back_is_told_what_it_missed(start_server: StartServer) -> None:
    client = await start_server()
    leaver, stayer = await join(client), await join(client)
    welcome = await ask(leaver, type="hello")
    first = await ask(stayer, **CHAT)
    await hear(leaver, "chat", seq=first["seq"])
    await leaver.close()
    second = await ask(stayer, **CHAT | {"message": "meanwhile"})

    back = await join(client)
    await ask(stayer, **CHAT | {"message": "afterwards"})
    answer = await ask(back, type="hello", after=first["seq"], epoch=welcome["epoch"])

    assert ([message["seq"] for message in answer["messages"]], answer["recovered"]) == ([second["seq"]], True)
    assert answer["seq"] == second["seq"]


async def test_after_a_restart_nothing_is_missing(start_server: StartServer) -> None:
    client = await start_server()
    player = await join(client)
    first = await ask(player, type="hello")
    said = [await ask(player, **CHAT) for _ in range(3)]
    await client.close()

    again = await start_server()
    shown_but_not_stored = said[2]["seq"] + 1
    back = await join(again)
    answer = await ask(back, type="hello", after=said[0]["seq"], epoch=first["epoch"])
    assert [message["id"] for message in answer["messages"]] == [said[1]["id"], said[2]["id"]]
    assert (answer["recovered"], answer["epoch"]) == (True, first["epoch"])
    assert (await ask(back, type="hello", after=shown_but_not_stored))["recovered"] is True


async def test_a_crowd_that_comes_back_asks_postgresql_nothing(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await start_server(chat_rate=0, command_rate=0)
    player = await join(client)
    said = [await ask(player, **CHAT | {"message": str(number)}) for number in range(50)]
    crowd = [await join(client) for _ in range(20)]
    asked: list[str] = []
    execute = Database.execute

    async def noted(self: Database, sql: str, *rest: Any, **more: Any) -> Any:
        asked.append(sql)
        return await execute(self, sql, *rest, **more)

    monkeypatch.setattr(Database, "execute", noted)
    answers = await asyncio.gather(*(ask(socket, type="hello", after=said[0]["seq"]) for socket in crowd))
    assert [len(answer["messages"]) for answer in answers] == [49] * 20
    assert not [sql for sql in asked if "chat_messages" in sql]


async def test_faulty_greetings_are_refused(start_server: StartServer) -> None:
    player = await join(await start_server())
    wishes: list[dict[str, Any]] = [{"after": -1}, {"after": 2**53}, {"after": "7"}, {"history": 101}, {"history": -1}]
    for wish in [*wishes, {"epoch": 7}, {"epoch": "x" * 65}, {"token": 7}]:
        [field] = wish
        answer = await ask(player, type="hello", **wish)
        assert (answer["code"], answer["message"].split(":")[0]) == ("invalid_field", field)
    assert (await ask(player, type="hello", after=0))["type"] == "welcome"


async def test_a_watched_board_comes_again_when_it_changes(start_server: StartServer) -> None:
    client = await start_server()
    watcher, player = await join(client), await join(client)
    assert (await ask(watcher, type="get_leaderboard", watch=True))["entries"] == []
    await ask(player, **SCORE)
    board = await hear(watcher, "leaderboard")
    assert ([entry["score"] for entry in board["entries"]], "ref" in board) == ([100], False)


async def test_an_admin_removes_a_message_from_all_screens(
    start_server: StartServer, api_headers: dict[str, str], sql: Sql
) -> None:
    client = await start_server()
    player, other = await join(client), await join(client)
    said = await ask(player, **CHAT)
    address = f"/api/v1/chat/{said['seq']}"
    assert (await client.delete(address)).status == 401
    assert (await client.delete(address, headers=api_headers)).status == 204
    assert await hear(other, "chat_deleted") == {"type": "chat_deleted", "seq": said["seq"], "id": said["id"]}
    assert sql("SELECT message FROM chat_messages") == [("",)]
    welcome = await ask(other, type="hello", after=said["seq"])
    assert welcome["deleted"] == [said["seq"]]
    for unknown in (said["seq"] + 1, "x", "9" * 30, "-1"):
        assert (await client.delete(f"/api/v1/chat/{unknown}", headers=api_headers)).status == 404


async def test_the_end_tells_everybody_when_to_come_back(start_server: StartServer) -> None:
    client = await start_server()
    players = [await join(client) for _ in range(3)]
    assert client.app is not None
    draining = asyncio.create_task(client.app[keys.LIFECYCLE].drain())
    for player in players:
        while (message := await player.receive()).type is not WSMsgType.CLOSE:
            pass
        assert message.data == 1012
        assert re.fullmatch(r"retry_ms=\d+-\d+", str(message.extra))
    await draining
