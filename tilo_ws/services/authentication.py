"""Authentication: who a player is, by a token that the game's back end has signed."""

import time
from collections.abc import Callable
from typing import Any

from tilo_ws.protocol import pushes
from tilo_ws.protocol.codes import CloseCode, CommandError, ErrorCode
from tilo_ws.protocol.commands import Auth, Hello
from tilo_ws.protocol.tokens import ExpiredToken, InvalidToken, Tokens
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.session import Handler
from tilo_ws.realtime.shared_counts import SharedCounts
from tilo_ws.services.key_file import KeyFile

TIME_TO_AUTHENTICATE = 10.0
"""Seconds within which a token has to be shown where one is required."""

WARNING_TIME = 60.0
"""Seconds before the end of a token at which its player is told."""


class Authentication:
    """Reads players' tokens. Without `tokens` nobody is known, and a token at `hello` is not looked at.

    `key_file` is where their keys are, if in a file. `max_connections` is for each player; 0 is no limit. `shared` holds it
    over all servers.
    """

    def __init__(
        self,
        hub: Hub,
        tokens: Tokens | None,
        key_file: KeyFile | None = None,
        *,
        required: bool,
        max_connections: int,
        is_banned: Callable[[Connection], bool],
        shared: SharedCounts | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._hub = hub
        self._tokens = tokens
        self._key_file = key_file
        self._required = required
        self._max_connections = max_connections
        self._is_banned = is_banned
        self._shared = shared
        self._clock = clock

    def before(self, hello: Handler) -> Handler:
        """The handler of Hello that reads its token first."""

        def handle(connection: Connection, command: Hello) -> None:
            if command.token is None or self._tokens is None or self._shown(connection, command):
                hello(connection, command)

        return handle

    def for_players(self, handler: Handler) -> Handler:
        """A handler that takes commands only of players, where tokens are required."""
        if not self._required:
            return handler

        def handle(connection: Connection, command: Any) -> None:
            if connection.player is None:
                raise CommandError(ErrorCode.AUTH_REQUIRED, "say hello with a token first")
            handler(connection, command)

        return handle

    def auth(self, connection: Connection, command: Auth) -> None:
        """Handles Auth. Raises CommandError."""
        if self._shown(connection, command) and command.ref is not None:
            connection.reply(pushes.ack(command.ref))

    def renew_keys(self) -> None:
        """Takes the keys of the file where it has changed: call it once a second. Who is known stays known."""
        if self._tokens is not None and self._key_file is not None and (keys := self._key_file.changed()) is not None:
            self._tokens.keys = keys

    def sweep(self) -> None:
        """Warns and closes those whose token ends, and closes those who have shown none in time: call it once a second."""
        now = self._clock()
        for connection in self._hub:
            if connection.player is None:
                if self._required and now - connection.connected_at >= TIME_TO_AUTHENTICATE:
                    connection.close(CloseCode.AUTH_REQUIRED, "auth_required")
                continue
            left = connection.player.expires_at - now
            if left <= 0:
                connection.close(CloseCode.TOKEN_EXPIRED, "token_expired")
            elif left <= WARNING_TIME and not connection.token_warned:
                connection.token_warned = True
                connection.write(pushes.token_expiring(int(left)))

    def _shown(self, connection: Connection, command: Hello | Auth) -> bool:
        """Takes a token; False once the connection is closed for it. Raises CommandError."""
        try:
            self._take(connection, command.token or "")
        except ExpiredToken:
            connection.close(CloseCode.TOKEN_EXPIRED, "token_expired")
            return False
        except InvalidToken as error:
            refusal = CommandError(ErrorCode.INVALID_TOKEN, str(error))
            if not self._required:
                raise refusal from None
            connection.refuse(refusal, command.ref)
            connection.close(CloseCode.INVALID_TOKEN, "invalid_token")
            return False
        return connection.close_code is None

    def _take(self, connection: Connection, token: str) -> None:
        if self._tokens is None:
            raise InvalidToken("this server takes no tokens")
        player = self._tokens.read(token, self._clock())
        if connection.player is not None and connection.player.email != player.email:
            raise CommandError(ErrorCode.FORBIDDEN, "the token is another player's: connect anew for that one")
        others = set(self._hub.of_player(player.email)) - {connection}
        if self._max_connections and len(others) >= self._max_connections:
            _send_away(connection)
            return
        is_new = connection.player is None
        self._hub.identify(connection, player)
        if is_new and self._shared is not None:
            self._shared.check(player.email, lambda: _send_away(connection))
        connection.token_warned = False
        connection.email = player.email
        connection.nickname = player.nickname or connection.nickname
        if self._is_banned(connection):
            connection.close(CloseCode.BANNED, "banned")


def _send_away(connection: Connection) -> None:
    connection.close(CloseCode.AUTH_REQUIRED, "too many connections of this player")
