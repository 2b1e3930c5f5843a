"""Forgetting a player on several servers: nothing of him stays, in what joins them either."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sql, StartServer
from tests.eventually import eventually
from tests.redis_server import RedisServer
from tests.web.conversation import CHAT, SCORE, ask, hear, join
from tests.web.joined import Api, joined_servers, valkey
from tests.web.test_tokens import SECRET, token
from tilo_ws.services import forgetting
from tilo_ws.web import keys

__all__ = ["valkey"]

ZOE = "zoe@example.com"


def everything_in(redis: RedisServer, prefix: str) -> bytes:
    """Of a game: keys and values."""
    parts: list[Any] = []
    for key in redis.ask("KEYS", f"{{{prefix}}}*"):
        if redis.ask("TYPE", key) == b"stream":  # DUMP shows what can no longer be asked for
            parts += [key, *(value for _, fields in redis.ask("XRANGE", key, "-", "+") for value in fields.values())]
        else:
            parts += [key, redis.ask("DUMP", key)]
    return b"".join(part for part in parts if part is not None)


@pytest.mark.parametrize("forgets", ["one", "other"])
async def test_what_a_forgotten_player_said_leaves_redis_too(
    forgets: str,
    start_server: StartServer,
    valkey: RedisServer,
    tmp_path: Path,
    api_headers: dict[str, str],
    sql: Sql,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forgetting, "_SETTLED", 0.5)
    joined = await joined_servers(start_server, valkey, tmp_path, auth_secret=SECRET, chat_rate=1000.0)
    assert joined.one.app is not None
    prefix = joined.one.app[keys.SERVERS]._link.key("").removeprefix("{").partition("}")[0]
    player, listener = await join(joined.one), await join(joined.other)
    await ask(player, type="hello", token=token(ZOE))
    await ask(player, **CHAT | {"message": "a secret of mine"})
    await ask(player, **SCORE | {"email": ZOE})
    await ask(listener, **CHAT | {"message": "no secret"})
    assert b"a secret of mine" in everything_in(valkey, prefix)
    await Api(getattr(joined, forgets), api_headers).call("DELETE", f"/players/{ZOE}")
    assert await hear(listener, "chat_deleted")
    await eventually(lambda: ZOE.encode() not in everything_in(valkey, prefix), interval=0.1)
    left = everything_in(valkey, prefix)
    assert b"a secret of mine" not in left
    assert b"no secret" in left
    assert sql("SELECT count(*) FROM chat_messages WHERE message <> ''") == [(1,)]
    await ask(listener, **CHAT | {"message": "and the log goes on"})
    assert (await hear(player, "chat", message="and the log goes on"))["type"] == "chat"
