"""The list of connections as the dashboard asks for it."""

import pytest

from tests.fakes import open_connection
from tilo_ws.realtime.connection import Connection
from tilo_ws.web.admin.connection_list import SORTS, connection_list


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


def ids(**query: str) -> list[str]:
    return [connection.id for connection in connection_list(connections(), query).shown]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", "3210"),
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
        ("secrets", "3210"),
    ],
)
def test_it_is_sorted_with_the_unknown_last(sort: str, order: str) -> None:
    assert ids(sort=sort) == [f"c{number}" for number in order]


@pytest.mark.parametrize(
    ("words", "found"), [("zoë", ["c0"]), ("ZOË ", ["c0"]), ("EXAMPLE.com", ["c3", "c2"]), ("0.2.8", ["c1"]), ("none", [])]
)
def test_it_is_searched_by_nickname_address_and_e_mail(words: str, found: list[str]) -> None:
    assert ids(q=words) == found


def test_a_page_has_a_hundred_and_none_is_past_the_last() -> None:
    many = [open_connection(f"c{number}")[0] for number in range(250)]
    for page, number, first, count in (
        ("2", 2, "c100", 100),
        ("3", 3, "c200", 50),
        ("99", 3, "c200", 50),
        ("-1", 1, "c0", 100),
    ):
        shown, place, _ = connection_list(many, {"sort": "since", "page": page})
        assert (shown[0].id, len(shown)) == (first, count)
        assert place == {"page": number, "pages": 3, "found": 250}


def test_every_sort_takes_connections_that_have_said_nothing() -> None:
    fresh = [open_connection(f"c{number}")[0] for number in range(3)]
    for sort in SORTS:
        assert len(connection_list(fresh, {"sort": f"-{sort}"}).shown) == 3
