"""The client's heartbeat: `ping` and its `pong`."""

import time

from tilo_ws.protocol import pushes
from tilo_ws.protocol.commands import Ping
from tilo_ws.realtime.connection import Connection


def pong(connection: Connection, command: Ping) -> None:
    """Handles Ping: exactly `{"type":"pong"}`, and with a ref also the server's time in ms since 1970."""
    if command.ref is None:
        connection.reply(pushes.PONG)
    else:
        connection.reply(pushes.pong(command.ref, round(time.time() * 1000)))
