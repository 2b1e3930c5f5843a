"""Who is connected to this server."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.tokens import Player
from tilo_ws.realtime.connection import Connection

MAX_TOTAL_UNSENT_BYTES = 256 * 1024 * 1024
"""Bytes that may wait for all slow readers together: a crowd of them, each below its own limit, must not fill the memory."""


LOST = 1006
"""Stands, as in browsers, for the close code of a connection that ended without one."""

OTHER = 0
"""Stands for all close codes that nobody here knows: clients choose them freely."""

_COUNTED_CODES = frozenset((1000, 1001, 1002, 1003, 1005, 1007, 1009, *CloseCode))
"""What browsers, aiohttp and this server close with."""


class Hub:
    """The open connections, by id, in the order of their arrival; and by player.

    `entered` counts those that ever came, `closed` those that went, by close code. `when_player_left` are called with the
    address of a player whose connection went.
    """

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}
        self._by_player: dict[str, set[Connection]] = {}
        self._members: Sequence[Connection] | None = None
        self.when_player_left: list[Callable[[str], None]] = []
        self.entered = 0
        self.closed: Counter[int] = Counter()
        self.messages_in = 0
        self._bytes_in = 0

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._connections.values())

    @property
    def bytes_in(self) -> int:
        """What came from all of them, and from those that went."""
        return self._bytes_in + sum(connection.bytes_in for connection in self)

    @property
    def slow_consumers(self) -> int:
        """Those that were closed because they did not read."""
        return self.closed[CloseCode.SLOW_CONSUMER]

    def members(self) -> Sequence[Connection]:
        """The open connections; the same tuple until one enters or leaves, so that a round need not look at each to begin."""
        if self._members is None:
            self._members = tuple(self._connections.values())
        return self._members

    def get(self, id: str) -> Connection | None:
        """The connection with this id."""
        return self._connections.get(id)

    def enter(self, connection: Connection) -> None:
        """Adds a connection; write rounds that begin from now on reach it."""
        self._connections[connection.id] = connection
        self._members = None
        self.entered += 1

    def identify(self, connection: Connection, player: Player) -> None:
        """Notes whose connection it is."""
        connection.player = player
        self._by_player.setdefault(player.email, set()).add(connection)

    def of_player(self, email: str) -> Iterable[Connection]:
        """The connections that have shown a token of this address."""
        return self._by_player.get(email, ())

    def leave(self, connection: Connection) -> int:
        """Removes a connection and adds its counters to the hub's. Returns the code by which it ended, LOST without one."""
        del self._connections[connection.id]
        self._members = None
        if connection.player is not None:
            others = self._by_player[connection.player.email]
            others.remove(connection)
            if not others:
                del self._by_player[connection.player.email]
            for action in self.when_player_left:
                action(connection.player.email)
        self.messages_in += connection.messages_in
        self._bytes_in += connection.bytes_in
        code = LOST if connection.close_code is None else connection.close_code
        self.closed[code if code in _COUNTED_CODES or code == LOST else OTHER] += 1
        return code

    def sweep(self, now: float, timeout: float) -> None:
        """Closes who was silent for `timeout` seconds and pings who was for half of it; with a timeout of 0 nobody.

        One pass over all instead of a timer for each. The ping is for hidden tabs, whose own timers browsers throttle.
        """
        if not timeout:
            return
        for connection in self._connections.values():
            silent = now - connection.last_heard
            if silent >= timeout:
                connection.close(CloseCode.IDLE_TIMEOUT, "idle_timeout")
            elif silent >= timeout / 2 and not connection.pinged:
                connection.pinged = True
                connection.ping(now)

    def relieve(self) -> None:
        """Where all together have too much unsent, closes those who have most, until the others fit: call it once a second.

        Those who were closed before do not count: their bytes go with them within seconds.
        """
        unsent = [(connection.buffered_bytes, connection) for connection in self if connection.close_code is None]
        total = sum(size for size, _ in unsent)
        if total <= MAX_TOTAL_UNSENT_BYTES:
            return
        unsent.sort(key=lambda pair: pair[0])
        while total > MAX_TOTAL_UNSENT_BYTES:
            size, connection = unsent.pop()
            connection.close(CloseCode.SLOW_CONSUMER, "slow_consumer")
            total -= size

    def close_all(self, code: int, reason: str = "") -> None:
        """Sends everybody away."""
        for connection in self._connections.values():
            connection.close(code, reason)
