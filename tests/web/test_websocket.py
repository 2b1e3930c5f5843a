"""Every message over a real WebSocket and a real PostgreSQL."""

import asyncio
import json
import logging
import random
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import websockets
from aiohttp import WSMsgType

from tests.conftest import StartServer
from tests.web.conversation import CHAT, SCORE, ask, hear, join

Sql = Callable[..., list[Any]]


@pytest.mark.parametrize("path", ["/ws", "/"])
async def test_a_new_connection_hears_the_count_and_the_events_at_once(path: str, start_server: StartServer) -> None:
    socket = await (await start_server()).ws_connect(path)
    assert await hear(socket) == {"type": "online_count", "count": 1}
    assert await hear(socket) == {"type": "global_events", "events": []}


async def test_the_count_is_told_to_everybody_when_it_changes(start_server: StartServer) -> None:
    client = await start_server()
    first = await join(client)
    second = await join(client)
    while (await hear(first, "online_count"))["count"] != 2:
        pass
    await second.close()
    while (await hear(first, "online_count"))["count"] != 1:
        pass


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
    message = CHAT | {"id": str(uuid4()), "ref": 1}
    for _ in range(3):
        await socket.send_json(message)
    await socket.send_json(CHAT | {"message": "last"})
    heard = [await hear(socket) for _ in range(5)]
    assert [message["message"] for message in heard if message["type"] == "chat"] == ["hi", "last"]
    assert len({message["seq"] for message in heard if message["type"] == "ack"}) == 1
    assert await ask(socket, **message | {"ref": "asked"})
    assert sql("SELECT count(*) FROM chat_messages WHERE id = %s", message["id"]) == [(1,)]


async def test_numbers_rise_one_by_one_and_jump_ahead_at_a_restart(start_server: StartServer, sql: Sql) -> None:
    client = await start_server()
    socket = await join(client)
    seqs = [(await ask(socket, **CHAT))["seq"] for _ in range(3)]
    assert seqs == [1, 2, 3]
    await client.close()
    socket = await join(await start_server())
    assert (await ask(socket, **CHAT))["seq"] == 1_000_001


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


async def test_ping_is_answered_by_exactly_this(start_server: StartServer) -> None:
    socket = await join(await start_server())
    await socket.send_str('{"type":"ping"}')
    assert await socket.receive_str(timeout=5) == '{"type":"pong"}'
    answer = await ask(socket, type="ping")
    assert answer.keys() == {"type", "ref", "server_time"}


async def test_events_are_told_when_asked(start_server: StartServer, api_headers: dict[str, str]) -> None:
    client = await start_server()
    socket = await join(client)
    response = await client.post("/api/v1/events", json={"type": "m", "value": 2, "duration": 60}, headers=api_headers)
    event = await response.json()
    told = await hear(socket, "global_events")
    assert told["events"] == [{name: event[name] for name in ("type", "value", "expires_at", "id")}]
    assert told["events"][0]["value"] == "2"
    assert (await ask(socket, type="get_events"))["events"] == told["events"]


async def test_an_event_that_expires_is_told_within_a_second(start_server: StartServer, api_headers: dict[str, str]) -> None:
    client = await start_server()
    socket = await join(client)
    await client.post("/api/v1/events", json={"type": "m", "value": 2, "duration": 0.5}, headers=api_headers)
    assert len((await hear(socket, "global_events"))["events"]) == 1
    assert (await hear(socket, "global_events"))["events"] == []


def field_variants() -> list[tuple[str, Any, str]]:
    """(what is sent, its field's bad value, the code of the error)."""
    chat_texts = ["", "   ", "\u200b", "\u202e", "a\0b", 5, None, ["x"], {"x": 1}, True]
    scores = ["12", -1, 2**63, 2**53, 1.5, True, None, [], "'; DROP TABLE players; --"]
    emails = ["", "no address", "a@b@c", "a\0@b.de", "x" * 300 + "@b.de", 5, None, "'; DROP TABLE players; --"]
    return (
        [
            (json.dumps(CHAT | {field: value}), value, "invalid_field")
            for field in ("nickname", "message")
            for value in chat_texts
        ]
        + [(json.dumps(CHAT | {"nickname": "x" * 33}), "long", "invalid_field")]
        + [(json.dumps(CHAT | {"message": "x" * 501}), "long", "message_too_long")]
        + [(json.dumps(CHAT | {"id": "'; DROP TABLE chat_messages; --"}), "sql", "invalid_field")]
        + [
            (json.dumps(SCORE | {field: value}), value, "invalid_field")
            for field in ("score", "survival_time")
            for value in scores
        ]
        + [(json.dumps(SCORE | {"email": value}), value, "invalid_field") for value in emails]
        + [(json.dumps(SCORE | {"nickname": value}), value, "invalid_field") for value in ("", "\u200b", 5, "x" * 33)]
        + [
            (json.dumps(SCORE).replace("100", "NaN"), "NaN", "bad_json"),
            ("not JSON", "text", "bad_json"),
            ("[" * 10_000, "deep", "bad_json"),
            ('{"type":"ping","x":' + '{"a":' * 2_000 + "1" + "}" * 2_000 + "}", "deep", "bad_json"),
            ('{"type":"nonsense"}', "type", "unknown_type"),
            ('{"type":"ping","ref":1.5}', "ref", "invalid_field"),
        ]
    )


async def test_bad_input_is_answered_and_the_next_message_works(
    start_server: StartServer, sql: Sql, caplog: pytest.LogCaptureFixture
) -> None:
    socket = await join(await start_server(chat_rate=0, command_rate=0))
    for text, value, code in field_variants():
        await socket.send_str(text)
        error = await hear(socket, "error")
        assert error["code"] == code, (text[:80], value, error)
        assert error["message"]
    assert (await ask(socket, type="ping"))["type"] == "pong"
    assert sql("SELECT * FROM players") == []
    assert sql("SELECT * FROM chat_messages") == []
    assert not [record for record in caplog.records if record.exc_info]


async def test_sql_in_every_field_is_only_text(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server())
    attack = "'); DROP TABLE players; --"
    await ask(socket, type="chat", nickname=attack, message=attack + " %(x)s {}")
    await ask(socket, type="score_update", email="a'b--@x.y", nickname=attack, score=1, survival_time=1)
    assert sql("SELECT nickname, message FROM chat_messages") == [(attack, attack + " %(x)s {}")]
    assert sql("SELECT email, nickname FROM players") == [("a'b--@x.y", attack)]


async def test_the_scripts_of_the_world_are_kept(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server(chat_rate=0))
    for text in ("שלום עולם", "مرحبا", "你好", "👨‍👩‍👧 🎉", "नमस्ते", "e\u0301"):
        await ask(socket, type="chat", nickname=text, message=text)
    stored = [message for (message,) in sql("SELECT message FROM chat_messages ORDER BY seq")]
    assert stored == ["שלום עולם", "مرحبا", "你好", "👨‍👩‍👧 🎉", "नमस्ते", "é"]


@pytest.mark.parametrize(("frame", "code"), [("x" * 16_385, 1009), ("x" * 1_000_000, 1009)])
async def test_a_frame_too_large_closes_the_connection(frame: str, code: int, start_server: StartServer) -> None:
    socket = await join(await start_server())
    await socket.send_str(frame)
    assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE
    assert socket.close_code == code


async def test_the_largest_frame_is_taken(start_server: StartServer) -> None:
    socket = await join(await start_server())
    await socket.send_str('{"type":"ping"}'.ljust(16_384))
    assert await hear(socket) == {"type": "pong"}


async def test_invalid_utf8_closes_with_1007(start_server: StartServer) -> None:
    socket = await join(await start_server())
    await socket.send_frame(b'{"type":"ping","x":"\xff"}', WSMsgType.TEXT)
    assert (await socket.receive(timeout=5)).type is WSMsgType.CLOSE
    assert socket.close_code == 1007


async def test_a_binary_frame_is_answered_by_an_error(start_server: StartServer) -> None:
    socket = await join(await start_server())
    await socket.send_bytes(b"\x00\x01")
    assert (await hear(socket))["code"] == "bad_json"
    assert (await ask(socket, type="ping"))["type"] == "pong"


async def test_chat_beyond_the_rate_is_refused_with_the_time_to_wait(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server(chat_rate=0.001, chat_burst=2))
    answers = [await ask(socket, **CHAT) for _ in range(3)]
    assert [answer["type"] for answer in answers] == ["ack", "ack", "error"]
    assert answers[2]["code"] == "rate_limited"
    assert answers[2]["retry_after"] > 100
    assert sql("SELECT count(*) FROM chat_messages") == [(2,)]


async def test_commands_beyond_the_rate_are_refused(start_server: StartServer) -> None:
    socket = await join(await start_server(command_rate=0.001, command_burst=2))
    answers = [await ask(socket, type="ping") for _ in range(3)]
    assert [answer.get("code") for answer in answers] == [None, None, "rate_limited"]


async def test_a_silent_connection_is_pinged_and_closed(start_server: StartServer) -> None:
    client = await start_server(connection_timeout=2.5)
    socket = await client.ws_connect("/ws", autoping=False)
    types = set()
    while (message := await socket.receive(timeout=10)).type is not WSMsgType.CLOSE:
        types.add(message.type)
    assert types == {WSMsgType.TEXT, WSMsgType.PING}
    assert socket.close_code == 4001


async def test_a_ping_frame_is_answered(start_server: StartServer) -> None:
    client = await start_server()
    socket = await client.ws_connect("/ws", autoping=False)
    await socket.ping(b"payload")
    while (message := await socket.receive(timeout=5)).type is not WSMsgType.PONG:
        pass
    assert message.data == b"payload"


async def test_a_close_is_answered_with_its_code(start_server: StartServer) -> None:
    client = await start_server()
    socket = await join(client)
    await socket.close(code=4321)
    assert socket.close_code == 4321
    assert (await (await client.get("/readyz")).json())["status"] == "ready"


async def test_compression_is_never_agreed_on(start_server: StartServer) -> None:
    socket = await (await start_server()).ws_connect("/ws", compress=15)
    assert socket.compress == 0


async def test_a_plain_request_is_told_what_to_do(start_server: StartServer) -> None:
    response = await (await start_server()).get("/ws")
    assert response.status == 426
    assert "websocket-client.js" in await response.text()


async def test_connections_and_their_end_are_logged_once(start_server: StartServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tilo_ws")
    client = await start_server()
    await (await join(client)).close()
    while "disconnected" not in caplog.text:
        await asyncio.sleep(0.01)
    assert [record.message.split(":")[0] for record in caplog.records if "connected: " in record.message] == [
        "connected",
        "disconnected",
    ]


async def test_a_connection_cut_without_a_word_is_forgotten(start_server: StartServer, api_headers: dict[str, str]) -> None:
    client = await start_server()
    socket = await join(client)
    transport = socket._response.connection.transport  # type: ignore[union-attr]
    transport.abort()  # type: ignore[union-attr]
    while (await (await client.get("/api/v1/stats", headers=api_headers)).json())["connections"]:
        await asyncio.sleep(0.01)


async def test_any_websocket_client_works(server_url: str) -> None:
    """The eight messages of the seed, spoken by another library to a server in a process of its own."""
    async with websockets.connect(server_url.replace("http", "ws", 1) + "/ws") as socket:
        heard = [json.loads(await socket.recv()) for _ in range(2)]
        for command in (CHAT, SCORE, {"type": "get_events"}, {"type": "ping"}):
            await socket.send(json.dumps(command))
        heard += [json.loads(await asyncio.wait_for(socket.recv(), 5)) for _ in range(3)]
    assert {message["type"] for message in heard} == {"online_count", "global_events", "chat", "pong"}
