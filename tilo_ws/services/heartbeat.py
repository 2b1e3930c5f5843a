"""The client's heartbeat, `ping` and its `pong`; and the server's pings that measure the round trip."""

import time
from collections.abc import Iterable

from tilo_ws.protocol import pushes
from tilo_ws.protocol.commands import Ping
from tilo_ws.realtime.connection import Connection

MEASURE_INTERVAL = 5.0
"""Seconds between two pings of a connection whose round trip somebody looks at."""


def measure_round_trips(connections: Iterable[Connection], now: float) -> None:
    """Pings those who were not pinged lately. `now` is on the event loop's clock."""
    for connection in connections:
        if now - connection.pinged_at >= MEASURE_INTERVAL:
            connection.ping(now)


def pong(connection: Connection, command: Ping) -> None:
    """Handles Ping: exactly `{"type":"pong"}`, and with a ref also the server's time in ms since 1970."""
    if command.ref is None:
        connection.reply(pushes.PONG)
    else:
        connection.reply(pushes.pong(command.ref, round(time.time() * 1000)))
