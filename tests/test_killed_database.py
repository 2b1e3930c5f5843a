"""The embedded PostgreSQL is killed under a running server."""

import os
import signal
from pathlib import Path

import aiohttp

from tests.command import run
from tests.web.conversation import CHAT, SCORE, hear


async def test_players_go_on_and_everything_is_stored_when_postgresql_was_killed(server_directory: Path) -> None:
    async with run(server_directory, TILO_POOL_MIN="1") as server, aiohttp.ClientSession() as session:
        url = await server.listening()
        player = await session.ws_connect(f"{url}/ws")
        [pid_file] = (server_directory / "data" / "postgresql" / "cluster").glob("postmaster.pid")
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        await player.send_json(CHAT | {"ref": 1})
        await player.send_json(SCORE | {"ref": 2})
        await hear(player, "chat")
        assert {(await hear(player, "ack"))["ref"] for _ in range(2)} == {1, 2}
        await player.close()
        assert await server.end() == 0
    assert "PostgreSQL has ended by itself" in server.log
    assert "Traceback" not in server.log
