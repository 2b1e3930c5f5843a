"""Addresses of the dashboard's pages that carry what people typed."""

from urllib.parse import quote, urlencode

EMAIL = "{email:[^/]+}"
"""An e-mail address in a route: aiohttp's own pattern leaves out braces, which addresses may have."""


def player_path(email: str) -> str:
    """The page of a player. Nothing in the address ends the path or its part: `/`, `?`, `#` and `%` are escaped."""
    return f"/admin/players/{quote(email, safe='@')}"


def query(**fields: str | int | None) -> str:
    """`?name=value&…` of the fields that have a value."""
    return "?" + urlencode({name: value for name, value in fields.items() if value not in (None, "")}, quote_via=quote)
