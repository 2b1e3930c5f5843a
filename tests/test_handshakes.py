"""Who connects and says nothing, or little by little: against a server in a process of its own."""

import asyncio
import contextlib
import resource
from pathlib import Path

import aiohttp
import pytest

from tests.command import run
from tests.eventually import PATIENCE
from tilo_ws import process_limits

_HEAD = b"GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: "


def _open_files(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


async def _ended(reader: asyncio.StreamReader) -> bool:
    """Waits until the server has cut the connection."""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE):
            return await reader.read() == b""
    return True


async def test_a_head_that_trickles_in_is_cut_in_time_and_others_are_served(server_directory: Path) -> None:
    async with run(server_directory, TILO_HANDSHAKE_TIMEOUT="2") as process:
        url = await process.listening()
        port = int(url.rpartition(":")[2])
        silent, silent_writer = await asyncio.open_connection("127.0.0.1", port)
        slow, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_HEAD)

        async def trickle() -> None:
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.2)

        trickling = asyncio.create_task(trickle())
        async with aiohttp.ClientSession() as session:
            player = await session.ws_connect(f"{url}/ws")
            assert await _ended(silent)
            assert await _ended(slow)
            await player.send_json({"type": "ping", "ref": 1})
            while (await player.receive_json(timeout=PATIENCE))["type"] != "pong":
                pass
        trickling.cancel()
        for one in (silent_writer, writer):
            one.transport.abort()
        assert await process.end() == 0


@pytest.mark.long
async def test_ten_thousand_half_open_handshakes_keep_no_player_out(server_directory: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    process_limits.raise_open_files()
    writers = []
    try:
        async with run(server_directory, TILO_HANDSHAKE_TIMEOUT="5") as process, aiohttp.ClientSession() as session:
            url = await process.listening()
            most = 0
            for number in range(10_000):
                _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
                writer.write(_HEAD)
                writers.append(writer)
                if number % 1_000 == 0:
                    most = max(most, _open_files(process.process.pid))
                    player = await session.ws_connect(f"{url}/ws")
                    assert (await player.receive_json(timeout=PATIENCE))["type"] == "online_count"
                    await player.close()
            assert most < 2_000
            async with asyncio.timeout(PATIENCE):
                while _open_files(process.process.pid) > 100:
                    await asyncio.sleep(0.1)
            assert await process.end() == 0
    finally:
        for writer in writers:
            writer.transport.abort()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
