"""Tokens over time: the warning, the end, and the ten seconds to show one."""

import pytest

from tests.fakes import FakeClock, FakeTransport, open_connection
from tilo_ws.protocol import pushes
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.commands import Auth
from tilo_ws.protocol.frames import close_frame
from tilo_ws.protocol.token_keys import secret_key
from tilo_ws.protocol.tokens import Player, Tokens
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.hub import Hub
from tilo_ws.services.authentication import Authentication

TOKENS = Tokens(secret_key("a secret that is long enough for HS256"), max_nickname_length=32)


class Stage:
    """One connection, at a time that the test sets."""

    def __init__(self, *, required: bool = False) -> None:
        self.clock = FakeClock()
        self.hub = Hub()
        self.connection: Connection
        self.transport: FakeTransport
        self.connection, self.transport = open_connection()
        self.connection.connected_at = self.clock.now
        self.hub.enter(self.connection)
        self.authentication = Authentication(
            self.hub, TOKENS, required=required, max_connections=0, is_banned=lambda connection: False, clock=self.clock
        )

    def show_token(self, seconds: float) -> None:
        """Shows a token that ends in so many seconds."""
        token = TOKENS.sign(Player("zoe@example.com", None, self.clock.now + seconds))
        self.authentication.auth(self.connection, Auth(token=token))

    def sweep_after(self, seconds: float) -> list[bytes]:
        """What is written then."""
        self.clock.now += seconds
        self.transport.written.clear()
        self.authentication.sweep()
        return self.transport.written


async def test_who_has_a_token_is_warned_once_60_seconds_before_its_end_and_closed_at_it() -> None:
    stage = Stage()
    stage.show_token(100)
    assert stage.sweep_after(39) == []
    assert stage.sweep_after(1) == [pushes.token_expiring(60)]
    assert stage.sweep_after(1) == []
    assert stage.sweep_after(58) == []
    assert stage.sweep_after(1) == [close_frame(CloseCode.TOKEN_EXPIRED, "token_expired")]


async def test_who_replaces_the_token_in_time_stays_and_is_warned_of_the_next_end() -> None:
    stage = Stage()
    stage.show_token(100)
    stage.sweep_after(41)
    stage.show_token(100)
    assert stage.sweep_after(39) == []
    assert stage.sweep_after(1) == [pushes.token_expiring(60)]


@pytest.mark.parametrize(
    ("required", "written"), [(True, [close_frame(CloseCode.AUTH_REQUIRED, "auth_required")]), (False, [])]
)
async def test_who_has_shown_none_after_ten_seconds_is_closed_where_tokens_are_required(
    required: bool, written: list[bytes]
) -> None:
    stage = Stage(required=required)
    assert stage.sweep_after(9.9) == []
    assert stage.sweep_after(0.1) == written
