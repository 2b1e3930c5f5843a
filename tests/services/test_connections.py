"""The connections to all servers, of a server that is alone and of several."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tests.fakes import FakeTransport, open_connection
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.tokens import Player
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.servers import LoneServer, ServerState
from tilo_ws.services.connections import MOST_JOINED_ROWS, Connections


class Joined(LoneServer):
    """Servers of one process that ask each other through the bytes that they would send. `silent` do not answer."""

    def __init__(self, name: str, hub: Hub, together: "list[Joined]") -> None:
        super().__init__(lambda: state(name, len(hub)), lambda: len(hub))
        self.handlers: dict[str, tuple[Any, Callable[[Any], Any]]] = {}
        self.silent = False
        self._together = together
        together.append(self)

    def all(self) -> Sequence[ServerState]:
        return [server.own for server in self._together]

    def answer(self, topic: str, kind: Any, handler: Callable[[Any], Any]) -> None:
        self.handlers[topic] = (kind, handler)

    async def ask(self, topic: str, question: object, kind: Any) -> list[Any]:
        asked = msgspec.msgpack.encode(question)
        answers = []
        for server in self._together:
            if server is not self and not server.silent:
                question_kind, handler = server.handlers[topic]
                answer = handler(msgspec.msgpack.decode(asked, type=question_kind))
                answers.append(msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=kind))
        return answers


class House:
    """Servers with some players each: `connections` and `transports` by id, which tells the server as well: `a0`."""

    def __init__(self, *counts: int) -> None:
        self.servers: list[Joined] = []
        self.transports: dict[str, FakeTransport] = {}
        self.hubs: dict[str, Hub] = {}
        for arrival, (name, count) in enumerate(zip("abc", counts, strict=False)):
            hub = self.hubs[name] = Hub()
            for number in range(count):
                connection, self.transports[f"{name}{number}"] = open_connection(f"{name}{number}")
                connection.connected_at = number * len(counts) + arrival
                hub.enter(connection)
            made = Connections(hub, Joined(name, hub, self.servers))
            if name == "a":
                self.connections = made

    def identify(self, id: str, email: str) -> None:
        hub = self.hubs[id[0]]
        connection = hub.get(id)
        assert connection is not None
        hub.identify(connection, Player(email, None, 0))


def state(name: str, connections: int, started_at: float = 0, stored_below: int = 1, epoch: str = "") -> ServerState:
    """What a server says of itself."""
    return ServerState(
        id=name,
        epoch=epoch,
        name=name,
        version="1",
        started_at=started_at,
        connections=connections,
        deliveries_per_second=0,
        loop_lag_ms=0,
        memory_bytes=0,
        draining=False,
        stored_below=stored_below,
    )


async def test_a_page_has_a_hundred_and_none_is_past_the_last() -> None:
    house = House(250)
    for asked, number, first, count in ((2, 2, "a100", 100), (3, 3, "a200", 50), (99, 3, "a200", 50), (1, 1, "a0", 100)):
        page = await house.connections.page("", "since", asked, 100)
        assert (page.rows[0].id, len(page.rows)) == (first, count)
        assert (page.page, page.pages, page.found, page.total) == (number, 3, 250, 250)


async def test_a_page_is_one_of_the_connections_of_all_servers_in_one_order() -> None:
    house = House(3, 3, 3)
    page = await house.connections.page("", "since", 2, 4)
    assert [row.id for row in page.rows] == ["b1", "c1", "a2", "b2"]
    assert [row.server for row in page.rows] == ["b", "c", "a", "b"]
    assert (page.page, page.pages, page.found, page.total) == (2, 3, 9, 9)
    assert [row.id for row in (await house.connections.page("", "-since", 1, 4)).rows] == ["c2", "b2", "a2", "c1"]
    assert [row.id for row in (await house.connections.page("", "since", 99, 4)).rows] == ["c2"]


async def test_the_search_goes_through_all_servers() -> None:
    house = House(2, 2)
    for id in ("a1", "b0"):
        connection = house.hubs[id[0]].get(id)
        assert connection is not None
        connection.nickname = "Zoë"
    page = await house.connections.page("zoë", "-since", 1, 100)
    assert ([row.id for row in page.rows], page.found, page.total) == (["a1", "b0"], 2, 4)


async def test_a_server_that_does_not_answer_is_counted() -> None:
    house = House(1, 1, 1)
    house.servers[2].silent = True
    page = await house.connections.page("", "since", 1, 100)
    assert ([row.id for row in page.rows], page.silent_servers) == (["a0", "b0"], 1)


async def test_the_list_of_several_servers_can_be_leafed_through_so_far_only() -> None:
    house = House(MOST_JOINED_ROWS, 200)
    page = await house.connections.page("", "since", 999, 100)
    assert (page.page, page.pages, page.found, len(page.rows)) == (50, 50, 5_200, 100)


async def test_everybody_is_listed_in_the_order_of_arrival() -> None:
    assert [one.id for one in await House(2, 1).connections.all()] == ["a0", "b0", "a1"]


async def test_a_connection_is_found_wherever_it_is() -> None:
    house = House(1, 1)
    for id in ("a0", "b0"):
        found = await house.connections.find(id)
        assert found is not None
        assert (found.id, found.server) == (id, id[0])
    assert await house.connections.find("nobody") is None


async def test_who_is_kicked_is_closed_wherever_it_is_and_gone_for_all() -> None:
    house = House(1, 2)
    assert await house.connections.kick("b0")
    kicked = house.hubs["b"].get("b0")
    assert kicked is not None
    assert kicked.close_code == CloseCode.KICKED
    assert not await house.connections.kick("b0")
    assert await house.connections.find("b0") is None
    assert house.transports["b1"].written == []
    assert [one.id for one in await house.connections.all()] == ["a0", "b1"]
    assert await house.connections.kick("a0")
    page = await house.connections.page("", "since", 1, 100)
    assert ([one.id for one in page.rows], page.found, page.total) == (["b1"], 1, 1)


async def test_a_player_hears_on_every_connection_and_nobody_else_does() -> None:
    house = House(2, 2)
    for id in ("a0", "b1"):
        house.identify(id, "zoe@example.com")
    assert [one.id for one in await house.connections.of_player("zoe@example.com")] == ["a0", "b1"]
    assert await house.connections.say(b"frame", connection=None, email="zoe@example.com")
    assert [id for id, transport in house.transports.items() if transport.written] == ["a0", "b1"]
    assert not await house.connections.say(b"frame", connection=None, email="nobody@example.com")


async def test_one_connection_hears_what_is_meant_for_it() -> None:
    house = House(1, 2)
    assert await house.connections.say(b"frame", connection="b1", email=None)
    assert [id for id, transport in house.transports.items() if transport.written] == ["b1"]
    assert not await house.connections.say(b"frame", connection="nobody", email=None)
