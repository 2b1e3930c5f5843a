"""The WebSocket of the players at `/ws` and `/`: from the upgrade to the last frame."""

import asyncio
import logging
import secrets
import sys
import time
from collections.abc import Callable
from typing import Protocol

from aiohttp import WSMsgType, web

from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.frames import pong_frame
from tilo_ws.protocol.token_bucket import TokenBucket
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.replies import Replies
from tilo_ws.realtime.session import FLOOD_REFUSALS, FLOOD_SECONDS, Handlers, Session
from tilo_ws.web.admission import Admission
from tilo_ws.web.closings import Closings
from tilo_ws.web.inbound import NO_LIMIT, Inbound, InboundLimit, TextListener
from tilo_ws.web.lifecycle import Lifecycle
from tilo_ws.web.untrusted import header_text

logger = logging.getLogger(__name__)

_FRAMES_OF_A_MESSAGE = 4
"""More fragments than clients make of a message. What is parsed waits in memory, and the garbage collector walks over it."""

MOST_IGNORED = 100
"""Frames that may still be under way when a connection is closed here."""

_STEP = 4
"""Frames that have come at once after which others get their turn: fifty who flood hold up nobody for more than 200 frames."""

_FRAMES = (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG)


class _Socket(web.WebSocketResponse):
    """aiohttp's reader with closing left to `Connection`, so that no frame of ours ever follows a close frame."""

    connection: Connection
    inbound: Inbound

    def __init__(self, max_frame_bytes: int) -> None:
        # Compression keeps 90 kB for each connection and forbids sharing one frame. aiohttp counts a message of exactly its
        # limit as too large.
        limit = max_frame_bytes + 1 if max_frame_bytes else 0
        super().__init__(compress=False, autoping=False, autoclose=False, max_msg_size=limit)

    async def close(self, *, code: int = CloseCode.NORMAL, message: bytes = b"", drain: bool = True) -> bool:
        if not self.connection.cut:  # aiohttp also says that a lost one is to be closed, as if it had said good-bye
            self.connection.close(code, message.decode())
        return True


async def open_connection(
    request: web.Request,
    ip: str,
    max_frame_bytes: int,
    replies: Replies,
    closings: Closings,
    limit: InboundLimit = NO_LIMIT,
) -> tuple[_Socket, Connection]:
    """Upgrades a request. The caller adds the connection to a hub and then calls `converse`."""
    transport, loop = request.transport, asyncio.get_running_loop()
    if transport is None:
        raise _gone()
    socket = _Socket(max_frame_bytes)
    socket.connection = Connection(
        transport,
        replies,
        id=secrets.token_hex(8),
        ip=ip,
        user_agent=sys.intern(header_text(request, "User-Agent")[:200]),  # thousands have the same
        connected_at=time.time(),
        last_heard=loop.time(),
    )
    socket.inbound = Inbound(request.protocol, limit, loop.time, socket.connection, closings, max_frame_bytes)
    transport.set_protocol(socket.inbound)
    try:
        await socket.prepare(request)
    except BaseException as error:
        transport.set_protocol(request.protocol)  # it may go on with another request
        if isinstance(error, ConnectionResetError):
            raise _gone() from None
        raise
    if transport.is_closing():
        raise _gone()
    return socket, socket.connection


def _gone() -> web.HTTPException:
    """Nobody reads this answer: the client has left during the handshake."""
    return web.HTTPBadRequest()


class Listener(TextListener, Protocol):
    """Who is told whatever comes in."""

    def refuse_binary(self, now: float) -> None:
        """A binary frame came."""

    def takes_control_frame(self, now: float) -> bool:
        """A ping or pong came; one that is taken is answered."""


async def converse(socket: _Socket, connection: Connection, listener: Listener) -> None:
    """Reads frames until the connection ends, and tells the listener of each.

    What comes after it was closed here is not looked at, and soon not read: who floods would go on for as long as is read.
    """
    loop = asyncio.get_running_loop()
    ignored = 0
    at_once = 0
    last = 0.0
    while ignored < MOST_IGNORED:
        socket.inbound.tell(listener)
        message = await socket.receive()
        now = loop.time()  # the same throughout a turn of the loop
        at_once = at_once + 1 if now == last else 0
        last = now
        if at_once == _STEP:
            at_once = 0
            await asyncio.sleep(0)
        connection.heard(now)
        if connection.close_code is not None and message.type in _FRAMES:
            ignored += 1
        elif message.type is WSMsgType.TEXT:
            listener.receive(message.data, now)
        elif message.type is WSMsgType.PONG and connection.ponged(message.data, now):
            pass  # it was asked for
        elif message.type in (WSMsgType.PING, WSMsgType.PONG):
            if listener.takes_control_frame(now) and message.type is WSMsgType.PING:
                connection.write(pong_frame(message.data), 0)
        elif message.type is WSMsgType.BINARY:
            listener.refuse_binary(now)
        elif message.type is WSMsgType.CLOSE:
            connection.close(message.data or CloseCode.NORMAL)
            return
        elif message.type is WSMsgType.ERROR:
            await _let_read(connection)
            return
        else:
            return
    connection.stop_reading()
    await _let_read(connection)


async def _let_read(connection: Connection) -> None:
    """Keeps the socket until the other end has read why it was closed.

    Closing while bytes of a too large message still come would reset the connection and lose the close frame. aiohttp tells
    nobody of the end of a connection whose reader has failed, hence the looking; the connection cuts itself after 5 s.
    """
    connection.finish_sending()
    while not connection.cut:
        await asyncio.sleep(0.05)


class Players:
    """Serves the players' connections. `admission`, `handlers` and `replies` count.

    `greeting` gives the frames that each hears first, `greeting_count` in number. `last_told` gives the last chat number that
    went out.
    """

    def __init__(
        self,
        hub: Hub,
        handlers: Handlers,
        lifecycle: Lifecycle,
        admission: Admission,
        *,
        greeting: Callable[[], bytes],
        greeting_count: int,
        last_told: Callable[[], int],
        command_rate: float,
        command_burst: float,
        max_frame_bytes: int,
    ) -> None:
        self._hub = hub
        self.handlers = handlers
        self._lifecycle = lifecycle
        self.admission = admission
        self._greeting = greeting
        self._greeting_count = greeting_count
        self._last_told = last_told
        self._command_rate = command_rate
        self._command_burst = command_burst
        self._max_frame_bytes = max_frame_bytes
        self.replies = Replies()
        self._closings = Closings()
        self._inbound_limit = _inbound_limit(command_rate, command_burst, max_frame_bytes)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answers a request for the WebSocket."""
        if not is_upgrade(request):
            raise web.HTTPUpgradeRequired(text="this is a WebSocket, see /static/websocket-client.js\n")
        ip = self.admission.enter(request, ending=self._lifecycle.draining)
        try:
            await self.admission.confirm(ip)
            socket, connection = await self._open(request, ip)
            try:
                await converse(socket, connection, self._enter(connection))
            except Exception:
                connection.fail()
            finally:
                self._leave(connection)
            return socket
        finally:
            self.admission.leave(ip)

    async def _open(self, request: web.Request, ip: str) -> tuple[_Socket, Connection]:
        try:
            size, limit = self._max_frame_bytes, self._inbound_limit
            return await open_connection(request, ip, size, self.replies, self._closings, limit)
        except web.HTTPException as error:
            raise self.admission.refuse("handshake", ip, error) from None

    def _enter(self, connection: Connection) -> Session:
        connection.joined_seq = self._last_told()
        self._hub.enter(connection)
        self._lifecycle.turn_away(connection)
        fields = {"connection": connection.id, "ip": connection.ip, "user_agent": connection.user_agent}
        logger.info("connected: %(connection)s from %(ip)s", fields)
        connection.write(self._greeting(), self._greeting_count)
        bucket = TokenBucket(self._command_rate, self._command_burst, connection.last_heard)
        return Session(connection, self.handlers, bucket)

    def _leave(self, connection: Connection) -> None:
        code = self._hub.leave(connection)
        seconds = round(time.time() - connection.connected_at, 1)
        fields = {"connection": connection.id, "ip": connection.ip, "code": code, "seconds": seconds}
        logger.info("disconnected: %(connection)s from %(ip)s, code %(code)s", fields)


def _inbound_limit(command_rate: float, command_burst: float, max_frame_bytes: int) -> InboundLimit:
    """More than this comes from nobody who keeps to the limits of messages, not even from who is about to be sent away."""
    if not command_rate or not max_frame_bytes:
        return NO_LIMIT
    rate, burst = command_rate + FLOOD_REFUSALS / FLOOD_SECONDS, command_burst + FLOOD_REFUSALS
    return InboundLimit(rate * max_frame_bytes, burst * max_frame_bytes, frame=max_frame_bytes / _FRAMES_OF_A_MESSAGE)


def is_upgrade(request: web.Request) -> bool:
    """Whether the client wants a WebSocket."""
    return request.method == "GET" and request.headers.get("Upgrade", "").strip().lower() == "websocket"
