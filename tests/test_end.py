"""How a server ends: told by a signal, with players, with writes under way, with PostgreSQL away."""

import contextlib
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.command import Process, run
from tests.conftest import Outage, Sql, Transaction
from tests.web.conversation import CHAT, Socket, close_code, hear


@contextlib.asynccontextmanager
async def player_on(server: Process) -> AsyncIterator[Socket]:
    """A connected player."""
    url = await server.listening()
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/ws") as socket:
        yield socket


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_write_under_way_is_stored_and_acknowledged_before_its_player_is_sent_away(
    number: int, server_directory: Path, dsn: str, sql: Sql, transaction: Transaction
) -> None:
    async with run(server_directory, DATABASE_URL=dsn) as server, player_on(server) as player:
        transaction.begin("LOCK TABLE chat_messages")
        await player.send_json(CHAT | {"ref": 1})
        await hear(player, "chat")
        server.tell(number)
        await server.wait_for(r"\bending\n")
        transaction.end()
        assert (await hear(player, ref=1))["type"] == "ack"
        assert await close_code(player) == 1012
        await player.close()
        assert await server.ended() == 0
    assert sql("SELECT message FROM chat_messages") == [("hi",)]
    assert "Traceback" not in server.log


async def test_a_second_signal_ends_at_once(server_directory: Path, dsn: str, sql: Sql, transaction: Transaction) -> None:
    async with run(server_directory, DATABASE_URL=dsn) as server, player_on(server) as player:
        transaction.begin("LOCK TABLE chat_messages")
        await player.send_json(CHAT)
        await hear(player, "chat")
        server.tell(signal.SIGTERM)
        await server.wait_for(r"\bending\n")
        assert await server.end(signal.SIGTERM) == 1
        assert "ended" not in server.log
    transaction.end()


async def test_without_postgresql_the_end_tells_how_many_writes_are_lost(server_directory: Path, outage: Outage) -> None:
    async with run(server_directory, DATABASE_URL=outage.dsn) as server, player_on(server) as player:
        outage.begin()
        for message in ("one", "two"):
            await player.send_json(CHAT | {"message": message})
            await hear(player, "chat", message=message)
        server.tell(signal.SIGTERM)
        assert await close_code(player) == 1012
        await player.close()
        assert await server.ended() == 1
    assert re.search(r"\b2 writes were not stored", server.log)
    assert "Traceback" not in server.log
    outage.end()
