"""The order of a list of connections, and what is found in it."""

import pytest

from tests.fakes import open_connection
from tilo_ws.realtime.connection import Connection
from tilo_ws.services.connection_list import SORTS, found, in_order


def connections() -> list[Connection]:
    made = []
    for number, (nickname, email, trip) in enumerate(
        [("Zoë", None, 0.2), (None, None, None), ("ann", "ann@example.com", 0.1), (None, "max@example.com", 0.3)]
    ):
        connection, transport = open_connection(f"c{number}")
        connection.nickname, connection.email, connection.round_trip = nickname, email, trip
        connection.ip, connection.user_agent = f"192.0.2.{9 - number}", f"agent {number}"
        connection.messages_in, connection.messages_out, transport.unsent = number, number % 3, 4 - number
        made.append(connection)
    return made


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("-since", "3210"),
        ("since", "0123"),
        ("name", "2301"),
        ("-name", "0321"),
        ("ip", "3210"),
        ("-agent", "3210"),
        ("-in", "3210"),
        ("-out", "2103"),
        ("unsent", "3210"),
        ("trip", "2031"),
        ("-trip", "3021"),
    ],
)
def test_it_is_sorted_with_the_unknown_last(sort: str, order: str) -> None:
    assert [one.id for one in in_order(connections(), sort)] == [f"c{number}" for number in order]


@pytest.mark.parametrize(
    ("words", "ids"),
    [("zoë", ["c0"]), ("example.com", ["c2", "c3"]), ("0.2.8", ["c1"]), ("none", []), ("", ["c0", "c1", "c2", "c3"])],
)
def test_it_is_searched_by_nickname_address_and_e_mail(words: str, ids: list[str]) -> None:
    assert [one.id for one in found(connections(), words)] == ids


def test_every_sort_takes_connections_that_have_said_nothing() -> None:
    fresh = [open_connection(f"c{number}")[0] for number in range(3)]
    for sort in SORTS:
        assert len(in_order(fresh, f"-{sort}")) == 3
