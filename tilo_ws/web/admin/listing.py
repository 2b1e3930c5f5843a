"""Long lists of the dashboard, a page at a time: what the address asks for by `q` and `page`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

ROWS = 100
"""On a page."""

_MAX_WORDS = 200

T = TypeVar("T")


class Place(NamedTuple):
    """Which page of how many; `found` counts what is on all of them."""

    page: int
    pages: int
    found: int


def words_of(query: Mapping[str, str]) -> str:
    """What is searched for, however it is written; empty for everything."""
    return query.get("q", "")[:_MAX_WORDS].strip().casefold()


def page_of(items: Sequence[T], query: Mapping[str, str]) -> tuple[Sequence[T], dict[str, int]]:
    """The items of the page that is asked for, or of the last one there is, and its place."""
    place = place_of(len(items), query)
    first = (place.page - 1) * ROWS
    return items[first : first + ROWS], place._asdict()


def place_of(found: int, query: Mapping[str, str]) -> Place:
    """The page that is asked for, or the last one there is."""
    pages = max(1, -(-found // ROWS))
    return Place(min(page_number(query), pages), pages, found)


def page_number(query: Mapping[str, str]) -> int:
    """The page that is asked for, whether there is one or not."""
    raw = query.get("page", "")
    return max(1, int(raw)) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 1
