"""The chat of two servers that Redis joins, over real WebSockets."""

import itertools
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests import redis_server
from tests.conftest import Sql, StartServer, open_directory
from tests.redis_server import RedisServer
from tests.web.conversation import CHAT, Client, ask, close_code, hear, join
from tests.web.test_tokens import SECRET, token
from tilo_ws.web import keys

_prefixes = (f"chat-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """Of this module. Each test has a prefix of its own."""
    with open_directory() as directory, redis_server.running(directory) as server:
        yield server


async def two(start_server: StartServer, redis: RedisServer, **settings: Any) -> tuple[Client, Client]:
    shared = {"redis_url": redis.url, "redis_prefix": next(_prefixes), "auth_secret": SECRET}
    return await start_server(**shared, **settings), await start_server(**shared, **settings)


async def test_what_is_said_on_one_server_is_heard_on_both_and_stored_once(
    start_server: StartServer, redis: RedisServer, sql: Sql
) -> None:
    first, second = await two(start_server, redis)
    speaker, listener = await join(first), await join(second)
    said = await ask(speaker, **CHAT | {"message": "to all"})
    heard = await hear(listener, "chat")
    assert (heard["message"], heard["seq"]) == ("to all", said["seq"])
    assert sql("SELECT seq, message FROM chat_messages") == [(said["seq"], "to all")]


async def test_a_message_that_is_sent_again_to_the_other_server_is_acknowledged_and_not_shown_again(
    start_server: StartServer, redis: RedisServer, sql: Sql
) -> None:
    first, second = await two(start_server, redis)
    message = CHAT | {"id": str(uuid4())}
    before, after, listener = await join(first), await join(second), await join(second)
    seq = (await ask(before, **message))["seq"]
    assert (await ask(after, **message))["seq"] == seq
    await ask(after, **CHAT | {"message": "the next"})
    assert [(await hear(listener, "chat"))["seq"] for _ in range(2)] == [seq, seq + 1]
    assert sql("SELECT count(*) FROM chat_messages") == [(2,)]


@pytest.mark.parametrize("limits", [{"slow_mode": 60.0}, {"chat_rate": 0.01, "chat_burst": 1}], ids=["slow mode", "chat rate"])
async def test_a_player_by_token_is_limited_over_both_servers(
    limits: dict[str, float], start_server: StartServer, redis: RedisServer
) -> None:
    servers = await two(start_server, redis, **limits)
    sockets = []
    for server in servers:
        socket = await join(server)
        await socket.send_json({"type": "hello", "token": token()})
        await hear(socket, "welcome")
        sockets.append(socket)
    answers = [await ask(socket, **CHAT | {"message": f"message {number}"}) for number, socket in enumerate(sockets * 2)]
    assert answers[0]["type"] == "ack"
    assert answers[-1]["code"] == "rate_limited"
    assert sum(answer["type"] == "ack" for answer in answers) <= 2
    assert 30 < answers[-1]["retry_after"] <= 100


async def test_players_of_a_server_that_missed_more_than_it_can_hand_on_come_back_and_miss_nothing(
    start_server: StartServer, redis: RedisServer
) -> None:
    speaker_server, deaf_server = await two(start_server, redis)
    assert deaf_server.app is not None
    speaker, listener = await join(speaker_server), await join(deaf_server)
    first = (await ask(speaker, **CHAT))["seq"]
    assert (await hear(listener, "chat"))["seq"] == first
    deaf_server.app[keys.HISTORY].capacity = 2
    link = deaf_server.app[keys.SERVERS]._link
    follow = link._handlers[link.key("log").encode()]
    link.follow("log", lambda data: None)  # as if its connection were dead without a word
    for number in range(4):
        await ask(speaker, **CHAT | {"message": str(number)})
    await link.command("XTRIM", link.key("log"), "MAXLEN", 1)
    assert await close_code(listener) == 1012
    link.follow("log", follow)
    back = await join(deaf_server)
    missed = await ask(back, type="hello", after=first)
    assert [message["message"] for message in missed["messages"]] == ["0", "1", "2", "3"][: missed["seq"] - first]
    assert missed["recovered"]
    await ask(speaker, **CHAT | {"message": "the next"})
    assert (await hear(back, "chat", message="the next"))["seq"] == first + 5
