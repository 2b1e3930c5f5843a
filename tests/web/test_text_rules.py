"""What may be said, and which scores are believed, over a real WebSocket."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import Sql, StartServer
from tests.web.conversation import CHAT, SCORE, ask, hear, join
from tests.web.test_tokens import SECRET, token
from tilo_ws.settings import SettingError


@pytest.fixture
def words_file(tmp_path: Path) -> Path:
    file = tmp_path / "words.txt"
    file.write_text("# what nobody wants to read\nbogus\n", encoding="utf-8")
    return file


async def test_a_filtered_word_is_masked_for_all_and_in_the_database(
    start_server: StartServer, words_file: Path, sql: Sql
) -> None:
    socket = await join(await start_server(words_file=words_file))
    await socket.send_json(CHAT | {"nickname": "b0gus", "message": "what a B.O.G.U.S word", "ref": 1})
    chat = await hear(socket, "chat")
    assert (chat["nickname"], chat["message"]) == ("*****", "what a ********* word")
    await hear(socket, "ack")
    assert sql("SELECT nickname, message FROM chat_messages") == [("*****", "what a ********* word")]


async def test_a_filtered_word_is_refused_where_the_operator_wants_that(
    start_server: StartServer, words_file: Path, sql: Sql
) -> None:
    socket = await join(await start_server(words_file=words_file, words_action="refuse"))
    assert (await ask(socket, **CHAT | {"message": "bogus"}))["code"] == "filtered"
    assert (await ask(socket, **CHAT | {"nickname": "Bogus"}))["code"] == "filtered"
    assert (await ask(socket, **SCORE, nickname="Bogus"))["code"] == "filtered"
    assert (await ask(socket, **CHAT))["type"] == "ack"
    assert sql("SELECT message FROM chat_messages") == [("hi",)]


async def test_a_words_file_that_cannot_be_read_stops_the_start(start_server: StartServer, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"TILO_WORDS_FILE: .*missing\.txt cannot be read: No such file"):
        await start_server(words_file=tmp_path / "missing.txt")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingError, match="it is no UTF-8"):
        await start_server(words_file=tmp_path / "binary.txt")


@pytest.mark.parametrize("nickname", ["admin", "ADMIN", "Adm1n", "\N{CYRILLIC SMALL LETTER A}dmin", "a d m i n", "System"])
async def test_a_reserved_nickname_or_what_looks_like_it_cannot_be_taken(start_server: StartServer, nickname: str) -> None:
    socket = await join(await start_server())
    for command in (CHAT, SCORE):
        refusal = await ask(socket, **command | {"nickname": nickname})
        assert (refusal["code"], refusal["message"].partition(":")[0]) == ("invalid_field", "nickname")


async def test_a_token_may_carry_a_reserved_nickname(start_server: StartServer) -> None:
    socket = await join(await start_server(auth_secret=SECRET))
    await ask(socket, type="hello", token=token(name="Admin"))
    await socket.send_json(CHAT)
    assert (await hear(socket, "chat"))["nickname"] == "Admin"


async def test_links_are_refused_where_the_operator_wants_that(start_server: StartServer) -> None:
    socket = await join(await start_server(links="refuse"))
    assert (await ask(socket, **CHAT | {"message": "see www.example.com"}))["code"] == "filtered"
    assert (await ask(socket, **CHAT | {"message": "3.14, e.g."}))["type"] == "ack"


async def test_the_same_text_is_not_taken_twice_within_the_window_but_a_resend_is_acknowledged(
    start_server: StartServer,
) -> None:
    socket = await join(await start_server(repeat_window=60))
    first = CHAT | {"id": str(uuid4())}
    acknowledged = await ask(socket, **first)
    assert (await ask(socket, **CHAT | {"message": " HI "}))["code"] == "filtered"
    assert await ask(socket, **first) == acknowledged
    assert (await ask(socket, **CHAT | {"message": "something else"}))["type"] == "ack"


async def test_in_slow_mode_a_player_waits_between_two_messages_and_the_limits_say_so(start_server: StartServer) -> None:
    client = await start_server(slow_mode=20)
    socket, other = await join(client), await join(client)
    limits = (await ask(socket, type="hello"))["limits"]
    assert (limits["chat_rate"], limits["chat_burst"]) == (0.05, 1.0)
    assert (await ask(socket, **CHAT))["type"] == "ack"
    refusal = await ask(socket, **CHAT | {"message": "more"})
    assert refusal["code"] == "rate_limited"
    assert 19 < refusal["retry_after"] <= 20
    assert (await ask(other, **CHAT))["type"] == "ack"


async def test_a_score_above_the_highest_possible_is_refused(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server(max_score=1000))
    assert (await ask(socket, **SCORE | {"score": 1001}))["code"] == "implausible_score"
    assert (await ask(socket, **SCORE | {"score": 1000}))["type"] == "ack"
    assert sql("SELECT score FROM players") == [(1000,)]


async def test_a_score_that_grows_faster_than_anybody_plays_is_refused_over_all_connections(
    start_server: StartServer, sql: Sql
) -> None:
    client = await start_server(max_score_per_second=10)
    socket, other = await join(client), await join(client)
    assert (await ask(socket, **SCORE | {"score": 500, "survival_time": 30}))["code"] == "implausible_score"
    assert (await ask(socket, **SCORE | {"score": 300, "survival_time": 30}))["type"] == "ack"
    assert (await ask(other, **SCORE | {"score": 3000, "survival_time": 300}))["code"] == "implausible_score"
    assert sql("SELECT score FROM players") == [(300,)]
