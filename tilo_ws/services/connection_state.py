"""A connection as other servers, game back ends and the dashboard see it."""

import msgspec

from tilo_ws.realtime.connection import Connection


class ConnectionState(msgspec.Struct, frozen=True, kw_only=True):
    """`nickname` and `email` are what it last called itself, or its token does: with `has_token` the address is proven.

    `connected_at` is in seconds since 1970, `round_trip` in seconds; `server` is the name of the server that it is on. A new
    field needs a default: during an upgrade older servers answer without it.
    """

    id: str
    server: str
    ip: str
    nickname: str | None
    email: str | None
    has_token: bool
    connected_at: float
    messages_in: int
    messages_out: int
    buffered_bytes: int
    round_trip: float | None
    user_agent: str

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return self.nickname or self.email or self.ip


def state_of(connection: Connection, server: str) -> ConnectionState:
    """As it is now."""
    return ConnectionState(
        id=connection.id,
        server=server,
        ip=connection.ip,
        nickname=connection.nickname,
        email=connection.email if connection.player is None else connection.player.email,
        has_token=connection.player is not None,
        connected_at=connection.connected_at,
        messages_in=connection.messages_in,
        messages_out=connection.messages_out,
        buffered_bytes=connection.buffered_bytes,
        round_trip=connection.round_trip,
        user_agent=connection.user_agent,
    )
