"""One open socket: who is at the other end, what went over it, and the only place that writes to it."""

import asyncio
import logging
import math
import struct

from tilo_ws.protocol import pushes
from tilo_ws.protocol.codes import CloseCode, CommandError
from tilo_ws.protocol.frames import close_frame, ping_frame
from tilo_ws.protocol.tokens import Player
from tilo_ws.realtime.replies import Replies

logger = logging.getLogger(__name__)

MAX_UNSENT_BYTES = 1024 * 1024
"""Bytes that may wait for a slow reader before its connection is closed."""

_ABORT_DELAY = 5.0
"""Seconds that the other end has to answer a close frame."""


class Connection:
    """A WebSocket connection as everything below the web floor sees it.

    `connected_at` is in seconds since 1970, `last_heard` and `pinged_at` on the event loop's clock; `round_trip` is how long
    the last answered ping took, in seconds. `nickname` and `email` are what the client last called itself; `player` is who its
    token says it is, and `token_warned` whether it was told that this token ends soon. `waiting` counts its writes that are not
    stored yet. Chat numbers up to `joined_seq` went out before it came; it hears all later ones.
    """

    __slots__ = (
        "__weakref__",
        "_abort_timer",
        "_awaits_pong",
        "_replies",
        "_transport",
        "bytes_in",
        "close_code",
        "connected_at",
        "email",
        "id",
        "ip",
        "joined_seq",
        "last_heard",
        "messages_in",
        "messages_out",
        "nickname",
        "pinged",
        "pinged_at",
        "player",
        "round_trip",
        "token_warned",
        "user_agent",
        "waiting",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        replies: Replies,
        *,
        id: str,
        ip: str,
        user_agent: str,
        connected_at: float,
        last_heard: float,
    ) -> None:
        self._transport = transport
        self._abort_timer: asyncio.TimerHandle | None = None
        self._replies = replies
        self.id = id
        self.ip = ip
        self.user_agent = user_agent
        self.connected_at = connected_at
        self.last_heard = last_heard
        self.pinged = False
        self.pinged_at = -math.inf
        self._awaits_pong = False
        self.round_trip: float | None = None
        self.nickname: str | None = None
        self.email: str | None = None
        self.player: Player | None = None
        self.token_warned = False
        self.bytes_in = 0
        self.messages_in = 0
        self.messages_out = 0
        self.waiting = 0
        self.joined_seq = 0
        self.close_code: int | None = None

    @property
    def player_key(self) -> str:
        """Whom limits for each player hold for: the token's address, or without a token the connection."""
        return self.id if self.player is None else self.player.email

    @property
    def buffered_bytes(self) -> int:
        """Bytes that the other end has not taken yet."""
        return self._transport.get_write_buffer_size()

    def write(self, frames: bytes, count: int = 1) -> bool:
        """Sends whole frames, `count` in number, without waiting. False, and nothing is sent, once it closes or is lost."""
        if self.close_code is not None or self._transport.is_closing():
            return False
        self._transport.write(frames)
        self.messages_out += count
        if self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.close(CloseCode.SLOW_CONSUMER, "slow_consumer")
        return True

    def reply(self, frame: bytes) -> None:
        """Sends a frame at the end of this turn of the event loop, joined with other replies."""
        self._replies.add(self, frame)

    def refuse(self, error: CommandError, ref: pushes.Ref) -> None:
        """Replies that a command was not carried out."""
        self._replies.errors[error.code] += 1
        self.reply(pushes.error(error, ref))

    def heard(self, now: float) -> None:
        """Notes that a frame came."""
        self.last_heard = now
        self.pinged = False

    def ping(self, now: float) -> None:
        """Sends a ping that carries its time."""
        self.pinged_at = now
        self._awaits_pong = True
        self.write(ping_frame(_stamp(now)), 0)

    def ponged(self, payload: bytes, now: float) -> bool:
        """Takes the answer to the last ping, once. False for any other pong."""
        if not self._awaits_pong or payload != _stamp(self.pinged_at):
            return False
        self._awaits_pong = False
        self.round_trip = now - self.pinged_at
        return True

    def close(self, code: int, reason: str = "") -> None:
        """Sends replies that wait and the close frame, after which no other may follow, and cuts the connection 5 s later."""
        self._replies.send(self)
        if self.close_code is not None:
            return
        self.close_code = code
        if not self._transport.is_closing():
            self._transport.write(close_frame(code, reason))
            self._abort_timer = asyncio.get_running_loop().call_later(_ABORT_DELAY, self._transport.abort)

    def fail(self) -> None:
        """The exception that is handled is a bug: logs it and closes."""
        logger.exception("connection %(connection)s from %(ip)s failed", {"connection": self.id, "ip": self.ip})
        self.close(CloseCode.INTERNAL_ERROR)

    def hang_up(self) -> None:
        """Closes the transport: the other end has. What it does not read then is not kept for long."""
        self._transport.close()
        if self.buffered_bytes and self._abort_timer is None:
            self._abort_timer = asyncio.get_running_loop().call_later(_ABORT_DELAY, self._transport.abort)

    def lost(self) -> None:
        """The transport is closed: a timer would keep it and all that belongs to it in memory."""
        if self._abort_timer is not None:
            self._abort_timer.cancel()
            self._abort_timer = None

    @property
    def cut(self) -> bool:
        """Whether the transport is closed or closing: nothing more is read or written."""
        return self._transport.is_closing()

    def stop_reading(self) -> None:
        """Leaves what still comes to the other end's system."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def finish_sending(self) -> None:
        """Sends what is left and then an end of file; what still comes is read and dropped."""
        if not self._transport.is_closing() and self._transport.can_write_eof():
            self._transport.write_eof()


def _stamp(now: float) -> bytes:
    return struct.pack(">d", now)
