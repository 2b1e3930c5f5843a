"""Attacks by what costs the server more than it looks; another player is served all the while."""

import asyncio
import contextlib

from tests.conftest import StartServer
from tests.eventually import PATIENCE
from tests.web.conversation import ask, join, shake_hands
from tests.web.test_attacks import bystander, client_frame, close_code_after
from tilo_ws.services.hello_rate import HELLO_BURST


async def test_a_flood_of_hellos_is_limited_long_before_other_commands_are(start_server: StartServer) -> None:
    client = await start_server(command_rate=0)
    async with bystander(client):
        player = await join(client)
        answers = [await ask(player, type="hello", history=100) for _ in range(HELLO_BURST + 1)]
        assert [answer["type"] for answer in answers] == ["welcome"] * HELLO_BURST + ["error"]
        assert answers[-1]["code"] == "rate_limited"
        assert 0 < answers[-1]["retry_after"] <= 1
        assert (await ask(player, type="ping"))["type"] == "pong"


async def test_empty_fragments_without_end_are_flooding_also_with_pings_between_them(start_server: StartServer) -> None:
    client = await start_server(command_rate=0.001, command_burst=1, connection_timeout=0)
    async with bystander(client):
        fragments = client_frame(0x0, fin=False) * 50_000
        frames = [client_frame(0x1, fin=False), fragments, client_frame(0x9), *[fragments] * 20]
        assert await close_code_after(client, *frames) == 4003


async def test_tiny_fragments_without_end_count_as_silence(start_server: StartServer) -> None:
    client = await start_server(connection_timeout=0.5)
    reader, writer = await shake_hands(client)
    writer.write(client_frame(0x1, b"x", fin=False))
    received = b""
    async with asyncio.timeout(PATIENCE):
        while b"idle_timeout" not in received:
            writer.write(client_frame(0x0, b"x", fin=False))
            with contextlib.suppress(TimeoutError):
                received += await asyncio.wait_for(reader.read(65_536), 0.05)
    writer.transport.abort()
