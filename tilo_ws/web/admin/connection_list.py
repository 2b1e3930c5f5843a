"""The list of connections as the dashboard asks for it: found by `q`, in the order `sort`, a page at a time.

It is made once a second for each query that somebody looks at, so ten thousand have to cost a few milliseconds at most.
"""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from tilo_ws.realtime.connection import Connection
from tilo_ws.web.admin.listing import page_of, words_of

_NEWEST_FIRST = "-since"

_KEYS: dict[str, Callable[[Connection], Any]] = {
    "name": lambda connection: (connection.nickname or connection.email or "").casefold(),
    "trip": attrgetter("round_trip"),
    "ip": attrgetter("ip"),
    "agent": attrgetter("user_agent"),
    "in": attrgetter("messages_in"),
    "out": attrgetter("messages_out"),
    "unsent": attrgetter("buffered_bytes"),
}

_IS_KNOWN: dict[str, Callable[[Connection], bool]] = {
    "name": lambda connection: bool(connection.nickname or connection.email),
    "trip": lambda connection: connection.round_trip is not None,
}

SORTS = ("since", *_KEYS)
"""What can be sorted by, upwards; with a minus before it downwards."""


class ConnectionList(NamedTuple):
    """A page of the list, its place, and the order it is in."""

    shown: list[Connection]
    place: dict[str, int]
    sort: str


def connection_list(connections: Iterable[Connection], query: Mapping[str, str]) -> ConnectionList:
    """The page that a query asks for; `connections` come in the order of their arrival."""
    sort = query.get("sort", "")
    if sort.removeprefix("-") not in SORTS:
        sort = _NEWEST_FIRST
    shown, place = page_of(_sorted(_found(connections, words_of(query)), sort), query)
    return ConnectionList(list(shown), place, sort)


def _found(connections: Iterable[Connection], words: str) -> list[Connection]:
    if not words:
        return list(connections)
    return [one for one in connections if words in f"{one.nickname or ''}\n{one.email or ''}\n{one.ip}".casefold()]


def _sorted(connections: list[Connection], sort: str) -> list[Connection]:
    by, is_down = sort.removeprefix("-"), sort.startswith("-")
    if by == "since":
        return connections[::-1] if is_down else connections
    unknown: list[Connection] = []  # last, upwards and downwards
    if is_known := _IS_KNOWN.get(by):
        unknown = [one for one in connections if not is_known(one)]
        connections = [one for one in connections if is_known(one)]
    return sorted(connections, key=_KEYS[by], reverse=is_down) + unknown
