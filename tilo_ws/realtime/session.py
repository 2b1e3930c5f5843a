"""One connection's conversation: parse, limit, look the handler up, reply or error."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tilo_ws.protocol.codes import CloseCode, CommandError, ErrorCode
from tilo_ws.protocol.commands import parse
from tilo_ws.protocol.token_bucket import TokenBucket
from tilo_ws.realtime.connection import Connection

Handler = Callable[[Connection, Any], None]
"""Carries out one command. Replies through the connection; raises CommandError for the client's mistakes."""


class Handlers(dict[type[msgspec.Struct], Handler]):
    """Who carries out each kind of command. `received` counts the commands of all connections, `unreadable` what was none."""

    def __init__(self, handlers: Mapping[type[msgspec.Struct], Handler]) -> None:
        super().__init__(handlers)
        self.received = dict.fromkeys(handlers, 0)
        self.unreadable = 0


FLOOD_REFUSALS = 100
FLOOD_SECONDS = 10.0
"""Who is refused so often in so short a time is sent away."""


class Session:
    """Carries out the commands of one connection, at most so many a second."""

    __slots__ = ("_bucket", "_connection", "_handlers", "_refused_at")

    def __init__(self, connection: Connection, handlers: Handlers, bucket: TokenBucket) -> None:
        self._connection = connection
        self._handlers = handlers
        self._bucket = bucket
        self._refused_at: deque[float] | None = None

    def receive(self, text: str, now: float) -> None:
        """Carries out what one text frame says. A client's mistake is answered by `error`; any other exception is a bug."""
        self._connection.messages_in += 1
        command, error, ref = parse(text)
        try:
            if command is None:
                self._handlers.unreadable += 1
            else:
                self._handlers.received[type(command)] += 1
            self._limit(now)
            if command is not None:
                self._handlers[type(command)](self._connection, command)
        except CommandError as refusal:
            error = refusal
        if error is not None:
            self._refuse(error, ref, now)

    def refuse_binary(self, now: float) -> None:
        """Answers a binary frame: commands are text."""
        self._connection.messages_in += 1
        self._handlers.unreadable += 1
        error = CommandError(ErrorCode.BAD_JSON, "send text frames")
        try:
            self._limit(now)
        except CommandError as refusal:
            error = refusal
        self._refuse(error, None, now)

    def takes_control_frame(self, now: float) -> bool:
        """Whether a ping or pong of the WebSocket protocol is within the limit; one beyond it is a refusal without words."""
        if self._bucket.take(now):
            self._count_refusal(now)
            return False
        return True

    def _refuse(self, error: CommandError, ref: int | str | None, now: float) -> None:
        self._connection.refuse(error, ref)
        if error.code is not ErrorCode.BUSY:  # which is not the player's doing; whoever floods meets the limits as well
            self._count_refusal(now)

    def _count_refusal(self, now: float) -> None:
        if self._refused_at is None:
            self._refused_at = deque(maxlen=FLOOD_REFUSALS)
        self._refused_at.append(now)
        if len(self._refused_at) == FLOOD_REFUSALS and now - self._refused_at[0] <= FLOOD_SECONDS:
            self._connection.close(CloseCode.FLOODING, "flooding")

    def _limit(self, now: float) -> None:
        if retry_after := self._bucket.take(now):
            raise rate_limited(retry_after)


def rate_limited(retry_after: float) -> CommandError:
    """Too many in too short a time."""
    return CommandError(ErrorCode.RATE_LIMITED, "too many messages, wait a moment", retry_after=round(retry_after, 3))
