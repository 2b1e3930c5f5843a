"""The departure of everybody, before the server ends or after a gap, and the window in which each is to come back."""

from collections import deque
from collections.abc import Sequence

from tilo_ws.protocol.codes import CloseCode
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.fanout import Fanout

_PACE = 200
"""Connections that are sent away in a second, where there is time for it."""

_STORE_TIMEOUT = 5.0
_LAST_STORE_TIMEOUT = 1.0
"""Seconds for writes to be stored and acknowledged: from the beginning of the end, and at least from a connection's turn."""

_RESTART_MS = 2_000
"""From the last connection's leaving to the first one's return: in that time a server ends and another starts."""

_RETURN_MS = 2
_LEAST_WINDOW_MS = 2_000
"""The window's share of each connection, and the least: 500 a second come back. A core takes some 2,000."""


class Departure:
    """Sends connections away over the shorter of `seconds` and (connections / 200) seconds. `now` is on the loop's clock."""

    def __init__(self, connections: Sequence[Connection], seconds: float, now: float) -> None:
        self._began = now
        self._seconds = min(seconds, len(connections) / _PACE)
        self._window_ms = max(_LEAST_WINDOW_MS, len(connections) * _RETURN_MS)
        step = self._seconds / max(1, len(connections))
        self._staying = deque((now + number * step, connection) for number, connection in enumerate(connections))
        self._leaving: list[tuple[float, Connection]] = []

    def proceed(self, now: float, *, can_store: bool) -> bool:
        """Closes those whose turn has come and whose writes are acknowledged, or cannot be. Returns whether some are left."""
        while self._staying and self._staying[0][0] <= now:
            self._leaving.append(self._staying.popleft())
        late = []
        for turn, connection in self._leaving:
            time_left = now < max(self._began + _STORE_TIMEOUT, turn + _LAST_STORE_TIMEOUT)
            if connection.waiting and can_store and time_left:
                late.append((turn, connection))
            else:
                self.close(connection, now)
        self._leaving = late
        return bool(self._staying or self._leaving)

    def close(self, connection: Connection, now: float) -> None:
        """Sends one away. All windows end at the same time, so that who left first does not find the server still ending."""
        least = round(max(0.0, self._began + self._seconds - now) * 1000) + _RESTART_MS
        connection.close(CloseCode.SERVICE_RESTART, f"retry_ms={least}-{least + self._window_ms}")


def begin_anew(fanout: Fanout, connections: Sequence[Connection], seq: int, now: float) -> None:
    """Sends everybody away at once, since chat up to this number was missed here: who comes now is given it by recovery."""
    Departure(connections, 0, now).proceed(now, can_store=False)
    fanout.seq = max(fanout.seq, seq)
