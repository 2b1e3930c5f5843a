"""The usual way with the library websockets, for comparison: its `broadcast`, without compression."""

import asyncio
import logging
import os

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

listeners: set[ServerConnection] = set()


async def chat(socket: ServerConnection) -> None:
    """Sends what anybody says to everybody."""
    listeners.add(socket)
    try:
        async for message in socket:
            broadcast(listeners, message)
    finally:
        listeners.discard(socket)


async def main() -> None:
    """Serves until the process is ended."""
    logging.disable()  # clients that are cut off are no news
    async with serve(chat, "127.0.0.1", int(os.environ["PORT"]), compression=None, backlog=4096):
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
