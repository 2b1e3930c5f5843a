"""Whatever a client sends: it is told what is wrong, the next message works, and nothing wrong is stored."""

import json
from typing import Any

import pytest
from aiohttp import WSMsgType

from tests.conftest import Sql, StartServer
from tests.web.conversation import CHAT, SCORE, ask, close_code, hear, join


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


@pytest.mark.parametrize("size", [16_385, 1_000_000])
async def test_a_frame_too_large_closes_the_connection(size: int, start_server: StartServer) -> None:
    socket = await join(await start_server())
    await socket.send_str("x" * size)
    assert await close_code(socket) == 1009


async def test_the_largest_frame_is_taken(start_server: StartServer) -> None:
    socket = await join(await start_server())
    await socket.send_str('{"type":"ping"}'.ljust(16_384))
    assert await hear(socket, "pong") == {"type": "pong"}


async def test_invalid_utf8_closes_with_1007(start_server: StartServer) -> None:
    socket = await join(await start_server())
    await socket.send_frame(b'{"type":"ping","x":"\xff"}', WSMsgType.TEXT)
    assert await close_code(socket) == 1007


async def test_a_binary_frame_is_answered_by_an_error(start_server: StartServer) -> None:
    socket = await join(await start_server())
    await socket.send_bytes(b"\x00\x01")
    assert (await hear(socket, "error"))["code"] == "bad_json"
    assert (await ask(socket, type="ping"))["type"] == "pong"


async def test_commands_beyond_the_rate_are_refused(start_server: StartServer) -> None:
    socket = await join(await start_server(command_rate=0.001, command_burst=2))
    answers = [await ask(socket, type="ping") for _ in range(3)]
    assert [answer.get("code") for answer in answers] == [None, None, "rate_limited"]
