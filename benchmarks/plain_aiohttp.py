"""The usual way with aiohttp, for comparison: `await ws.send_str` to each listener in turn."""

import contextlib
import os

from aiohttp import WSMsgType, web

listeners: set[web.WebSocketResponse] = set()


async def chat(request: web.Request) -> web.WebSocketResponse:
    """Sends what anybody says to everybody."""
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    listeners.add(socket)
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                for listener in list(listeners):
                    with contextlib.suppress(ConnectionResetError):
                        await listener.send_str(message.data)
    finally:
        listeners.discard(socket)
    return socket


if __name__ == "__main__":
    import uvloop

    app = web.Application()
    app.router.add_get("/ws", chat)
    web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None, access_log=None, loop=uvloop.new_event_loop())
