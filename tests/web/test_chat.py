"""Chat over a real WebSocket and a real PostgreSQL: heard by everybody, stored, acknowledged."""

from uuid import uuid4

import pytest

from tests.conftest import Sql, StartServer
from tests.web.conversation import CHAT, ask, hear, join


async def test_chat_goes_to_everybody_the_sender_included(start_server: StartServer) -> None:
    client = await start_server()
    sender, listener = await join(client), await join(client)
    await sender.send_json(CHAT)
    for socket in (sender, listener):
        heard = await hear(socket, "chat")
        assert {name: heard[name] for name in ("nickname", "message")} == {"nickname": "Zoë", "message": "hi"}
        assert heard.keys() == {"type", "nickname", "message", "timestamp", "seq", "id"}


async def test_a_chat_message_is_acknowledged_when_it_is_stored(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server())
    id = str(uuid4())
    ack = await ask(socket, **CHAT, id=id)
    assert ack == {"type": "ack", "ref": "asked", "seq": ack["seq"], "id": id}
    assert sql("SELECT seq, id, nickname, email, message FROM chat_messages") == [(ack["seq"], id, "Zoë", None, "hi")]


async def test_a_message_sent_again_is_shown_and_stored_once(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server())
    message = CHAT | {"id": str(uuid4())}
    for ref in (1, 2, 3):
        await socket.send_json(message | {"ref": ref})
    await socket.send_json(CHAT | {"message": "last", "ref": 4})
    heard: list[dict[str, object]] = []
    awaited = {("ack", 1), ("ack", 2), ("ack", 3), ("ack", 4), ("chat", "last")}
    while awaited:
        latest = await hear(socket)
        heard.append(latest)
        awaited.discard((latest["type"], latest.get("ref") or latest.get("message")))
    assert [chat["message"] for chat in heard if chat["type"] == "chat"] == ["hi", "last"]
    assert len({answer["seq"] for answer in heard if answer.get("ref") in (1, 2, 3)}) == 1
    assert sql("SELECT count(*) FROM chat_messages WHERE id = %s", message["id"]) == [(1,)]


async def test_a_message_sent_again_after_a_restart_is_not_shown_and_keeps_its_number(start_server: StartServer) -> None:
    client = await start_server()
    message = CHAT | {"id": str(uuid4())}
    first = await ask(await join(client), **message)
    await client.close()
    socket = await join(await start_server())
    assert await ask(socket, **message) == first
    await socket.send_json(CHAT | {"message": "last"})
    assert (await hear(socket, "chat"))["message"] == "last"


async def test_a_message_that_postgresql_refuses_is_told_to_its_sender_and_holds_up_nobody(
    start_server: StartServer, sql: Sql, caplog: pytest.LogCaptureFixture
) -> None:
    client = await start_server()
    sql("ALTER TABLE chat_messages ADD CHECK (message <> 'poison')")
    sender, other = await join(client), await join(client)
    await sender.send_json(CHAT | {"message": "poison", "ref": 1})
    assert (await ask(other, **CHAT))["type"] == "ack"
    error = await hear(sender, ref=1)
    assert (error["type"], error["code"]) == ("error", "invalid_field")
    assert (await ask(sender, **CHAT))["type"] == "ack"
    assert sql("SELECT message FROM chat_messages") == [("hi",), ("hi",)]
    [line] = [record.message for record in caplog.records if "refused" in record.message]
    assert line.startswith("chat: one row refused by the database: ")


async def test_numbers_rise_one_by_one_and_jump_ahead_at_a_restart(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    socket = await join(client)
    seqs = [(await ask(socket, **CHAT))["seq"] for _ in range(3)]
    assert seqs == [1, 2, 3]
    await client.close()
    socket = await join(await start_server())
    assert (await ask(socket, **CHAT))["seq"] == 1_000_001


async def test_the_scripts_of_the_world_are_kept(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server(chat_rate=0))
    for text in ("שלום עולם", "مرحبا", "你好", "👨‍👩‍👧 🎉", "नमस्ते", "e\u0301"):
        await ask(socket, type="chat", nickname=text, message=text)
    stored = [message for (message,) in sql("SELECT message FROM chat_messages ORDER BY seq")]
    assert stored == ["שלום עולם", "مرحبا", "你好", "👨‍👩‍👧 🎉", "नमस्ते", "é"]


async def test_chat_beyond_the_rate_is_refused_with_the_time_to_wait(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server(chat_rate=0.001, chat_burst=2))
    answers = [await ask(socket, **CHAT) for _ in range(3)]
    assert [answer["type"] for answer in answers] == ["ack", "ack", "error"]
    assert answers[2]["code"] == "rate_limited"
    assert answers[2]["retry_after"] > 100
    assert sql("SELECT count(*) FROM chat_messages") == [(2,)]
