"""The connections to all servers: listed, found, spoken to and sent away, whichever server they are on."""

import asyncio
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

import msgspec

from tilo_ws.protocol.codes import CloseCode
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.redis_link import RedisAway
from tilo_ws.realtime.servers import Servers
from tilo_ws.services.connection_list import found, in_order
from tilo_ws.services.connection_state import ConnectionState, state_of
from tilo_ws.services.heartbeat import measure_round_trips

MOST_JOINED_ROWS = 5_000
"""How far the list of several servers can be leafed through: each of them sends as many rows as the page may come from."""

_MEASURED_AT_ONCE = 200
"""Pings a second to those that nobody sees yet, where the list is in the order of the round trip."""


class ListQuestion(msgspec.Struct, frozen=True):
    """The first `count` of those that have the words, in an order; see `connection_list`."""

    words: str
    sort: str
    count: int


class ListAnswer(msgspec.Struct, frozen=True):
    """The first rows of `found`; `total` counts all connections of the server."""

    rows: list[ConnectionState]
    found: int
    total: int


class Words(msgspec.Struct, frozen=True):
    """A frame for a connection, for those of a player, or for both."""

    frame: bytes
    connection: str | None
    email: str | None


class ConnectionPage(NamedTuple):
    """A page of the list, its number and how many can be leafed through; of how many servers it has nothing."""

    rows: list[ConnectionState]
    page: int
    pages: int
    found: int
    total: int
    silent_servers: int


class Connections:
    """Those of this server are in `hub`; the other servers are asked for theirs, when somebody wants to know."""

    def __init__(self, hub: Hub, servers: Servers) -> None:
        self._hub = hub
        self._servers = servers
        servers.answer("connection_list", ListQuestion, self._list_here)
        servers.answer("connections", type(None), lambda question: self._states(self._open_ones()))
        servers.answer("connection", str, lambda id: self._states(self._open(id)))
        servers.answer("connections_of_player", str, self._of_player_here)
        servers.answer("say", Words, self._say_here)
        servers.answer("kick", str, self._kick_here)

    async def page(self, words: str, sort: str, page: int, rows: int) -> ConnectionPage:
        """The page of this number, or the last there is, of `rows` rows each; who is on it is pinged now and then."""
        others = len(self._servers.all()) - 1
        if others:
            page = min(page, MOST_JOINED_ROWS // rows)
        answers = await self._servers.ask("connection_list", ListQuestion(words, sort, page * rows), ListAnswer)
        open_ones = self._open_ones()
        here = in_order(found(open_ones, words), sort)
        count = len(here) + sum(answer.found for answer in answers)
        pages = max(1, -(-(min(count, MOST_JOINED_ROWS) if others else count) // rows))
        page = min(page, pages)
        first = (page - 1) * rows
        candidates = here[0 if others else first : first + rows]
        self._measure(candidates, sort)
        shown = self._states(candidates)
        if others:
            shown = in_order([*shown, *(row for answer in answers for row in answer.rows)], sort)[first : first + rows]
        total = len(open_ones) + sum(answer.total for answer in answers)
        return ConnectionPage(shown, page, pages, count, total, others - len(answers))

    async def all(self) -> list[ConnectionState]:
        """Everybody, in the order of their arrival."""
        answers = await self._servers.ask("connections", None, list[ConnectionState])
        return in_order([*self._states(self._open_ones()), *(one for answer in answers for one in answer)], "since")

    async def find(self, id: str) -> ConnectionState | None:
        """One that is open."""
        if here := self._states(self._open(id)):
            return here[0]
        answers = await self._servers.ask("connection", id, list[ConnectionState])
        return next((one for answer in answers for one in answer), None)

    async def of_player(self, email: str) -> list[ConnectionState]:
        """The open ones of this address, shown by a token or claimed with a score, oldest first."""
        answers = await self._servers.ask("connections_of_player", email, list[ConnectionState])
        return in_order([*self._of_player_here(email), *(one for answer in answers for one in answer)], "since")

    async def say(self, frame: bytes, *, connection: str | None, email: str | None) -> bool:
        """Sends a frame to a connection, to those of a token's address, or to both. False when none of them is there.

        Raises RedisAway where it may be on another server.
        """
        words = Words(frame, connection, email)
        here = self._say_here(words)
        if here and email is None:
            return True
        answers = await self._servers.ask("say", words, bool)
        return here or self._heard(answers)

    async def kick(self, id: str) -> bool:
        """Sends one away. False when it is not there. Raises RedisAway as `say`."""
        return self._kick_here(id) or self._heard(await self._servers.ask("kick", id, bool))

    def _heard(self, answers: list[bool]) -> bool:
        if not any(answers) and self._servers.redis == "away":
            raise RedisAway(self._servers.redis_reason)
        return any(answers)

    def _list_here(self, question: ListQuestion) -> ListAnswer:
        open_ones = self._open_ones()
        here = in_order(found(open_ones, question.words), question.sort)
        self._measure(here[: question.count], question.sort)
        return ListAnswer(self._states(here[: question.count]), len(here), len(open_ones))

    def _of_player_here(self, email: str) -> list[ConnectionState]:
        theirs = (one for one in self._open_ones() if (one.email if one.player is None else one.player.email) == email)
        return self._states(theirs)

    def _say_here(self, words: Words) -> bool:
        listeners = {*self._open(words.connection), *(() if words.email is None else self._hub.of_player(words.email))}
        return sum(listener.write(words.frame) for listener in listeners) > 0

    def _kick_here(self, id: str) -> bool:
        meant = self._open(id)
        for connection in meant:
            connection.close(CloseCode.KICKED, "kicked")
        return bool(meant)

    def _open_ones(self) -> list[Connection]:
        return [one for one in self._hub if one.close_code is None]

    def _open(self, id: str | None) -> list[Connection]:
        """The one of this id, as far as it is here and open."""
        connection = None if id is None else self._hub.get(id)
        return [] if connection is None or connection.close_code is not None else [connection]

    def _states(self, connections: Iterable[Connection]) -> list[ConnectionState]:
        name = self._servers.own.name
        return [state_of(connection, name) for connection in connections]

    def _measure(self, seen: list[Connection], sort: str) -> None:
        """Pings who is looked at, and where the order is that of the round trip, also some who are not in it yet."""
        now = asyncio.get_running_loop().time()
        measure_round_trips(seen, now)
        if sort.removeprefix("-") == "trip":
            unknown = (one for one in self._hub if one.round_trip is None)
            measure_round_trips(islice(unknown, _MEASURED_AT_ONCE), now)
