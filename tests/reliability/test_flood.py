"""Floods: who floods is sent away, and everybody else hears everything once and in order."""

import asyncio
from pathlib import Path
from random import Random

from tests.eventually import PATIENCE, eventually
from tests.reliability.crowd import playing, repeating
from tests.reliability.server import serving
from tests.reliability.web_socket import WebSocket
from tilo_ws.protocol.codes import CloseCode

FRAMES = 1_000
"""So many at once are beyond every limit, and more than is read after the close."""


FLOODS = [
    b'{"type":"chat","nickname":"Flood","message":"out of my way"}',
    b"{nonsense",
    b'{"type":"get_leaderboard","limit":100,"ref":1}',
    b'{"type":"hello","history":100,"ref":1}',
]


async def flood(port: int, text: bytes) -> int:
    """Floods once. Returns the code of the close."""

    def opened(socket: WebSocket) -> None:
        for _ in range(FRAMES):
            socket.send(text)

    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(lambda: WebSocket(opened, lambda text: None), "127.0.0.1", port)
    async with asyncio.timeout(PATIENCE):
        return (await socket.ended).code


async def drop(port: int) -> None:
    """Connects and is gone."""
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(lambda: WebSocket(WebSocket.cut, lambda text: None), "127.0.0.1", port)
    await socket.ended


async def test_among_floods_everybody_hears_everything_once_and_in_order(server_directory: Path, chance: Random) -> None:
    async with serving(server_directory) as server, playing(server.port, 50, chance) as crowd:
        async with repeating(20, crowd.say):
            for _ in range(2):
                dropping = asyncio.gather(*(drop(server.port) for _ in range(20)))
                flooding = asyncio.gather(*(flood(server.port, text) for text in FLOODS for _ in range(8)))
                assert set(await flooding) == {CloseCode.FLOODING}
                await dropping
        assert len(crowd.said) > 0
        await crowd.everything_acknowledged()
        await eventually(lambda: all(crowd.said.keys() <= {message.id for message in player.shown} for player in crowd.players))
        for player in crowd.players:
            shown = [message.id for message in player.shown]
            assert len(shown) == len(set(shown)), "shown twice"
            seqs = [message.seq for message in player.shown]
            assert seqs == sorted(seqs), "out of order"
            assert (player.gaps, player.errors, player.leaves) == (0, [], [])
        await eventually(lambda: server.count(": connected: ") - server.count(": disconnected: ") == len(crowd.players))
