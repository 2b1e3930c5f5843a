"""A Redis that wants TLS, a user and a password: how a server gets in, and what it says where it does not."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from tests import redis_server
from tests.command import PROJECT, output
from tests.conftest import StartServer, open_directory
from tests.deploy.certificate import make_certificate
from tests.eventually import PATIENCE
from tests.redis_server import RedisServer
from tests.reliability.server import unused_port
from tests.web.conversation import CHAT, SCORE, Client, ask, hear, join
from tilo_ws.realtime.redis_link import RedisAway, RedisLink

pytestmark = pytest.mark.skipif(redis_server.REDIS is None, reason="Redis is not installed: apt-get install redis-server")


class Guarded(NamedTuple):
    """Its address as a server is to be told it; `directory` has the certificate."""

    redis: RedisServer
    port: int
    directory: Path

    @property
    def url(self) -> str:
        return f"rediss://tilo:right@localhost:{self.port}?ssl_ca_certs={self.directory}/fullchain.pem"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    """Its user is the one of docs/operations.md."""
    assert redis_server.REDIS is not None
    text = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    [rights] = re.findall(r"ACL SETUSER tilo on '>PASSWORD' (.*)$", text, re.MULTILINE)
    with open_directory() as directory:
        make_certificate(directory)
        port = unused_port()
        files = ["--tls-cert-file", f"{directory}/fullchain.pem", "--tls-key-file", f"{directory}/privkey.pem"]
        options = ["--bind", "127.0.0.1", "127.0.0.2", "--tls-port", str(port), *files, "--tls-auth-clients", "no"]
        with redis_server.running(directory, redis_server.REDIS, *options) as redis:
            redis.ask("ACL", "SETUSER", "tilo", "on", ">right", *rights.replace("'", "").split())
            redis.ask("ACL", "SETUSER", "nothing", "on", ">right", "-@all")
            yield Guarded(redis, port, directory)


@pytest.fixture
def another_certificate(tmp_path: Path) -> Path:
    """The directory of one for the same name that another has signed."""
    make_certificate(tmp_path)
    return tmp_path


async def joined(start_server: StartServer, guarded: Guarded) -> tuple[Client, Client]:
    """Two servers, in the name of a user with no more rights than they need."""
    guarded.redis.ask("FLUSHALL")
    guarded.redis.ask("ACL", "LOG", "RESET")
    return await start_server(redis_url=guarded.url), await start_server(redis_url=guarded.url)


async def readyz(client: Client, redis: str) -> dict[str, Any]:
    """The first answer in which Redis is so."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with client.get("/readyz") as response:
                answer: dict[str, Any] = await response.json()
            if answer["redis"] == redis:
                return answer
            await asyncio.sleep(0.01)


async def away_because(client: Client, reason: str) -> None:
    """Waits until it is said that Redis is away and why. At first that is only the connection that was cut."""
    async with asyncio.timeout(PATIENCE):
        while reason not in (await readyz(client, "away"))["reasons"]["redis"]:
            await asyncio.sleep(0.01)


async def back(client: Client) -> bool:
    """Whether all is well, once Redis is there."""
    return not (await readyz(client, "ok"))["reasons"]


def present_certificate(redis: RedisServer, directory: Path) -> None:
    """From now on, to who connects."""
    redis.ask("CONFIG", "SET", "tls-cert-file", f"{directory}/fullchain.pem", "tls-key-file", f"{directory}/privkey.pem")


async def test_servers_are_joined_over_tls_by_a_user_with_the_rights_that_the_docs_name(
    start_server: StartServer, guarded: Guarded, api_headers: dict[str, str]
) -> None:
    first, second = await joined(start_server, guarded)
    speaker, listener = await join(first), await join(second)
    said = await ask(speaker, **CHAT | {"id": str(uuid4())})
    assert (await hear(listener, "chat"))["seq"] == said["seq"]
    await ask(listener, type="get_leaderboard", watch=True)
    await ask(speaker, **SCORE)
    assert (await hear(listener, "leaderboard"))["entries"][0]["score"] == SCORE["score"]
    async with second.get("/api/v1/stats", headers=api_headers) as response:
        assert len((await response.json())["servers"]) == 2
    assert guarded.redis.ask("ACL", "LOG") == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((":right", ":wrong"), "invalid username-password pair or user is disabled"),
        (("tilo:right", "nothing:right"), "no permissions to run the 'info' command"),
        ((r"\?.*", ""), "CERTIFICATE_VERIFY_FAILED"),
        (("localhost", "127.0.0.2"), "IP address mismatch, certificate is not valid for '127.0.0.2'"),
        ((r"rediss(.*)\?.*", r"redis\1"), "Connection (closed|reset) by"),
        (("fullchain", "missing"), "No such file"),
    ],
)
async def test_the_reason_why_it_does_not_get_in_is_named_and_no_password(
    change: tuple[str, str], reason: str, guarded: Guarded
) -> None:
    link = RedisLink(re.sub(*change, guarded.url), "tilo")
    with pytest.raises(RedisAway, match=reason) as refused:
        await link.open()
    assert "right" not in str(refused.value)
    await link.close()


@pytest.mark.parametrize(
    ("change", "reason"),
    [((":right", ":wrong"), "invalid username-password pair"), ((r"\?.*", ""), "CERTIFICATE_VERIFY_FAILED")],
    ids=["password", "certificate"],
)
async def test_check_and_start_say_so_in_one_line(
    change: tuple[str, str], reason: str, guarded: Guarded, server_directory: Path, dsn: str
) -> None:
    settings = {"DATABASE_URL": dsn, "REDIS_URL": re.sub(*change, guarded.url)}
    status, out, _ = await output(server_directory, "check", **settings)
    assert status == 1
    assert re.fullmatch(rf"redis: .*{reason}.*", out.splitlines()[-1])
    status, _, err = await output(server_directory, **settings)
    assert status == 1
    assert re.fullmatch(rf"tilo_ws: Redis cannot be reached: .*{reason}.*", err.splitlines()[-1])
    assert "Traceback" not in err


async def test_readyz_says_why_a_server_does_not_get_in_again_and_when_it_does(
    start_server: StartServer, guarded: Guarded, another_certificate: Path
) -> None:
    server, _ = await joined(start_server, guarded)
    guarded.redis.ask("ACL", "SETUSER", "tilo", "resetpass", ">changed")
    guarded.redis.cut_connections()
    await away_because(server, "invalid username-password pair")
    guarded.redis.ask("ACL", "SETUSER", "tilo", "resetpass", ">right")
    assert await back(server)
    present_certificate(guarded.redis, another_certificate)
    guarded.redis.cut_connections()
    await away_because(server, "CERTIFICATE_VERIFY_FAILED")
    present_certificate(guarded.redis, guarded.directory)
    assert await back(server)
