"""The order of a list of connections, and what is found in it.

It is made once a second for each query that somebody looks at, so ten thousand have to cost a few milliseconds at most.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, TypeVar

from tilo_ws.realtime.connection import Connection
from tilo_ws.services.connection_state import ConnectionState

Listed = TypeVar("Listed", Connection, ConnectionState)

NEWEST_FIRST = "-since"

_KEYS: dict[str, Callable[[Any], Any]] = {
    "since": attrgetter("connected_at"),
    "name": lambda connection: (connection.nickname or connection.email or "").casefold(),
    "trip": attrgetter("round_trip"),
    "ip": attrgetter("ip"),
    "agent": attrgetter("user_agent"),
    "in": attrgetter("messages_in"),
    "out": attrgetter("messages_out"),
    "unsent": attrgetter("buffered_bytes"),
}

_IS_KNOWN: dict[str, Callable[[Any], bool]] = {
    "name": lambda connection: bool(connection.nickname or connection.email),
    "trip": lambda connection: connection.round_trip is not None,
}

SORTS = tuple(_KEYS)
"""What can be sorted by, upwards; with a minus before it downwards."""


def found(connections: Iterable[Listed], words: str) -> list[Listed]:
    """Those whose nickname, e-mail address or network address has the words, which are case-folded; all without words."""
    if not words:
        return list(connections)
    return [one for one in connections if words in f"{one.nickname or ''}\n{one.email or ''}\n{one.ip}".casefold()]


def in_order(connections: list[Listed], sort: str) -> list[Listed]:
    """Sorted by one of `SORTS`, with a minus before it downwards; what is not known comes last."""
    by, is_down = sort.removeprefix("-"), sort.startswith("-")
    if by == "since":  # of two that came at once, the one that came second is the newer
        return sorted(connections, key=_KEYS[by])[:: -1 if is_down else 1]
    unknown: list[Listed] = []
    if is_known := _IS_KNOWN.get(by):
        unknown = [one for one in connections if not is_known(one)]
        connections = [one for one in connections if is_known(one)]
    return sorted(connections, key=_KEYS[by], reverse=is_down) + unknown
