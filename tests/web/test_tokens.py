"""Who a player is, and what nobody can pretend: tokens over a real WebSocket."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.conftest import Sql, StartServer
from tests.eventually import PATIENCE
from tests.protocol.test_token_keys import P256, jwk
from tests.web.conversation import CHAT, SCORE, ask, close_code, hear, join
from tilo_ws.settings import SettingError

SECRET = "a secret that is long enough for HS256"


def token(email: str = "zoe@example.com", ttl: float = 3600, secret: str = SECRET, **claims: Any) -> str:
    return jwt.encode({"sub": email, "exp": time.time() + ttl, **claims}, secret, "HS256")


async def test_a_token_at_hello_says_who_plays(start_server: StartServer) -> None:
    socket = await join(await start_server(auth_secret=SECRET))
    welcome = await ask(socket, type="hello", token=token(name="Zoë"))
    assert welcome["player"] == {"email": "zoe@example.com", "nickname": "Zoë"}
    assert (await ask(socket, type="hello", token=token()))["player"] == {"email": "zoe@example.com", "nickname": None}


async def test_without_a_key_no_token_is_looked_at_and_nobody_is_known(start_server: StartServer) -> None:
    socket = await join(await start_server())
    assert (await ask(socket, type="hello", token="anything"))["player"] is None
    assert (await ask(socket, type="auth", token="anything"))["code"] == "invalid_token"


async def test_chat_is_said_under_the_tokens_name_and_kept_with_its_address(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server(auth_secret=SECRET))
    await ask(socket, type="hello", token=token(name="Zoë"))
    await socket.send_json(CHAT | {"nickname": "Somebody else", "ref": 1})
    assert (await hear(socket, "chat"))["nickname"] == "Zoë"
    await hear(socket, "ack")
    assert sql("SELECT nickname, email FROM chat_messages") == [("Zoë", "zoe@example.com")]


async def test_without_a_name_in_the_token_the_player_chooses_one(start_server: StartServer) -> None:
    socket = await join(await start_server(auth_secret=SECRET))
    await ask(socket, type="hello", token=token())
    await socket.send_json(CHAT)
    assert (await hear(socket, "chat"))["nickname"] == CHAT["nickname"]


async def test_a_score_for_somebody_elses_address_is_forbidden(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server(auth_secret=SECRET))
    await ask(socket, type="hello", token=token())
    assert (await ask(socket, **SCORE | {"email": "eve@example.com"}))["code"] == "forbidden"
    assert (await ask(socket, **SCORE))["type"] == "ack"
    assert sql("SELECT email FROM players") == [("zoe@example.com",)]


async def test_the_tokens_name_takes_the_place_of_one_that_somebody_claimed(start_server: StartServer, sql: Sql) -> None:
    client = await start_server(auth_secret=SECRET)
    stranger, player = await join(client), await join(client)
    await ask(stranger, **SCORE, nickname="Stolen")
    await ask(player, type="hello", token=token(name="Zoë"))
    await ask(player, **SCORE | {"score": 1})
    await ask(stranger, **SCORE, nickname="Stolen again")
    assert sql("SELECT nickname, score FROM players") == [("Zoë", 100)]
    await ask(player, type="hello", token=token(name="Zoë the Second"))
    await player.send_json(SCORE | {"ref": 1})
    await ask(player, **SCORE | {"score": 1, "nickname": "ignored"})
    assert sql("SELECT nickname, score FROM players") == [("Zoë the Second", 100)]


@pytest.mark.parametrize("bad", ["", "nonsense", token(secret="another secret that is long enough, too")])
async def test_a_forged_token_is_refused_and_the_connection_stays(start_server: StartServer, bad: str) -> None:
    socket = await join(await start_server(auth_secret=SECRET))
    for type in ("hello", "auth"):
        assert (await ask(socket, type=type, token=bad))["code"] == "invalid_token"
    assert (await ask(socket, type="hello", token=token()))["player"]["email"] == "zoe@example.com"


async def test_an_expired_token_closes_the_connection_so_that_the_client_fetches_another(start_server: StartServer) -> None:
    socket = await join(await start_server(auth_secret=SECRET))
    await socket.send_json({"type": "hello", "token": token(ttl=-1)})
    assert await close_code(socket) == 4002


async def test_a_token_of_another_player_is_refused_on_the_same_connection(start_server: StartServer) -> None:
    socket = await join(await start_server(auth_secret=SECRET))
    await ask(socket, type="hello", token=token())
    assert (await ask(socket, type="auth", token=token("eve@example.com")))["code"] == "forbidden"
    assert (await ask(socket, type="hello"))["player"]["email"] == "zoe@example.com"


async def test_who_is_warned_may_show_a_fresh_token_and_stays(start_server: StartServer) -> None:
    socket = await join(await start_server(auth_secret=SECRET))
    await ask(socket, type="hello", token=token(ttl=3))
    warning = await hear(socket, "token_expiring")
    assert 0 <= warning["seconds"] <= 3
    assert await ask(socket, type="auth", token=token()) == {"type": "ack", "ref": "asked"}
    await hear_nothing_of_the_end(socket)


async def hear_nothing_of_the_end(socket: Any) -> None:
    """The old token's end passes, and the connection answers."""
    until = time.time() + 4
    while time.time() < until:
        await ask(socket, type="ping")
        await asyncio.sleep(0.2)


async def test_a_token_that_ends_while_connected_closes_the_connection(start_server: StartServer) -> None:
    socket = await join(await start_server(auth_secret=SECRET))
    await ask(socket, type="hello", token=token(ttl=1.5))
    assert await close_code(socket) == 4002


async def test_where_tokens_are_required_nobody_chats_or_scores_without(start_server: StartServer, sql: Sql) -> None:
    socket = await join(await start_server(auth_secret=SECRET, auth_required=True))
    for command in (CHAT, SCORE):
        assert (await ask(socket, **command))["code"] == "auth_required"
    assert (await ask(socket, type="get_leaderboard"))["entries"] == []
    await ask(socket, type="auth", token=token())
    for command in (CHAT, SCORE):
        assert (await ask(socket, **command))["type"] == "ack"


async def test_where_tokens_are_required_a_forged_one_ends_the_connection(start_server: StartServer) -> None:
    socket = await join(await start_server(auth_secret=SECRET, auth_required=True))
    assert (await ask(socket, type="hello", token="nonsense"))["code"] == "invalid_token"
    assert await close_code(socket) == 4500


async def test_where_tokens_are_required_who_shows_none_is_sent_away(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tilo_ws.services.authentication.TIME_TO_AUTHENTICATE", 1.5)
    client = await start_server(auth_secret=SECRET, auth_required=True)
    silent, player = await join(client), await join(client)
    await ask(player, type="hello", token=token())
    assert await close_code(silent) == 4503
    assert (await ask(player, type="ping"))["type"] == "pong"


async def test_a_player_has_so_many_connections_and_no_more(start_server: StartServer) -> None:
    client = await start_server(auth_secret=SECRET, max_connections_per_player=2)
    first, second, third = [await join(client) for _ in range(3)]
    for socket in (first, second, second):
        assert (await ask(socket, type="hello", token=token()))["type"] == "welcome"
    await third.send_json({"type": "hello", "token": token()})
    assert await close_code(third) == 4503
    await first.close()
    fourth = await join(client)
    assert (await ask(fourth, type="hello", token=token()))["type"] == "welcome"


async def test_the_limit_of_the_chat_holds_over_all_connections_of_a_player(start_server: StartServer) -> None:
    client = await start_server(auth_secret=SECRET, chat_rate=0.01, chat_burst=2)
    sockets = [await join(client) for _ in range(3)]
    for socket in sockets:
        await ask(socket, type="hello", token=token())
    answers = [await ask(socket, **CHAT | {"message": f"from {number}"}) for number, socket in enumerate(sockets)]
    assert [answer.get("code", answer["type"]) for answer in answers] == ["ack", "ack", "rate_limited"]


@pytest.mark.parametrize(
    "settings",
    [
        {"auth_required": True},
        {"auth_secret": "short"},
        {"auth_secret": SECRET, "auth_public_key": Path("key.pem")},
        {"auth_jwks_file": Path("/nowhere/keys.json")},
    ],
)
async def test_keys_that_cannot_be_used_stop_the_start(start_server: StartServer, settings: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match="TILO_AUTH_"):
        await start_server(**settings)


async def test_keys_are_rotated_without_a_restart_and_who_is_connected_stays(
    start_server: StartServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "keys.json"

    def write(*ids: str) -> None:
        file.write_text(json.dumps({"keys": [jwk(P256, kid=id) for id in ids]}), encoding="utf-8")

    def signed(id: str) -> str:
        return jwt.encode({"sub": "zoe@example.com", "exp": time.time() + 60}, P256, "ES256", headers={"kid": id})

    write("old")
    client = await start_server(auth_jwks_file=file)
    player = await join(client)
    assert (await ask(player, type="hello", token=signed("old")))["type"] == "welcome"
    assert (await ask(player, type="auth", token=signed("new")))["code"] == "invalid_token"
    write("new")
    newcomer = await join(client)
    async with asyncio.timeout(PATIENCE):
        while (await ask(newcomer, type="auth", token=signed("new"))).get("code") == "invalid_token":
            await asyncio.sleep(0.1)
    assert (await ask(newcomer, type="auth", token=signed("old")))["code"] == "invalid_token"
    assert (await ask(player, **SCORE))["type"] == "ack"
    file.write_text("{", encoding="utf-8")
    async with asyncio.timeout(PATIENCE):
        while "is no JSON object" not in caplog.text:
            await asyncio.sleep(0.1)
    assert (await ask(newcomer, type="auth", token=signed("new")))["type"] == "ack"
