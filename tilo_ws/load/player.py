"""One played player: as little work for a message as Python allows, so that one core can play thousands."""

import asyncio
import base64
import os
import re
import socket
import struct
import time
from typing import cast
from urllib.parse import SplitResult

import msgspec

# What a player counts: chat of this run with its time in ns, acks with theirs in µs, errors, and a close frame, whose code
# begins with a byte that no JSON has.
_MESSAGE = re.compile(
    rb'"message":"load (?P<chat>\d+) |"type":"ack","ref":(?P<ack>\d+)[,}]|"type":"(?P<error>error)"'
    rb"|\x88[\x02-\x7d](?P<close>[\x03-\x13])"
)
_LONGEST_MATCH = 60
"""Bytes at the end of what was read that may be the beginning of a match."""


class Refused(Exception):
    """The server did not open a WebSocket. The text is its answer's first line."""


class Tally:
    """What all players together sent and heard. Delays are in seconds."""

    def __init__(self) -> None:
        self.errors = 0
        self.closed = 0
        self.chat_delays: list[float] = []
        self.ack_delays: list[float] = []


class Player(asyncio.Protocol):
    """Connects, sends, and counts what it hears.

    The send time travels in the message, on this process's clock; who `measures` notes the delay of each chat message.
    """

    def __init__(self, tally: Tally, url: SplitResult, number: int, *, measures: bool) -> None:
        self._tally = tally
        self._url = url
        self._number = number
        self._measures = measures
        self._unread = b""
        self._transport: asyncio.Transport | None = None
        self._leaving = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the WebSocket (RFC 6455, section 4.1)."""
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET {self._url.path or '/ws'} HTTP/1.1\r\nHost: {self._url.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Counts the messages in what came; what may be half of one is kept for the next time."""
        data = self._unread + data
        if not self.opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._unread = head
                return
            self._finish_handshake(head)
        read_to = 0
        now = time.monotonic()
        for message in _MESSAGE.finditer(data):
            read_to = message.end()
            if message["chat"]:
                self.heard += 1
                if self._measures:
                    self._tally.chat_delays.append(now - int(message["chat"]) / 1e9)
            elif message["ack"]:
                self._tally.ack_delays.append(now - int(message["ack"]) / 1e6)
            elif message["error"]:
                self._tally.errors += 1
            elif self._transport is not None:
                self._transport.close()
        self._unread = data[max(read_to, len(data) - _LONGEST_MATCH) :]

    def _finish_handshake(self, head: bytes) -> None:
        status = head.partition(b"\r\n")[0].decode(errors="replace")
        if " 101 " in status:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(Refused(status))

    def connection_lost(self, reason: Exception | None) -> None:
        """Counts a connection that the server ended."""
        if not self.opened.done():
            self.opened.set_exception(Refused(str(reason or "the server closed the connection")))
        elif not self._leaving:
            self._tally.closed += 1

    def stop_reading(self) -> None:
        """Plays a client that has stalled, with as small a buffer for what comes as its system allows."""
        assert self._transport is not None
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self._transport.pause_reading()

    def say(self, length: int) -> None:
        """Sends a chat message of at least so many characters, with the time in it."""
        text = f"load {time.monotonic_ns()} from player {self._number}".ljust(length, ".")
        self._send({"type": "chat", "nickname": f"Player {self._number}", "message": text})

    def score(self, score: int) -> None:
        """Sends a score that is to be acknowledged; its ref is the time in microseconds."""
        ref = time.monotonic_ns() // 1000
        email = f"player{self._number}@load.invalid"
        self._send({"type": "score_update", "email": email, "score": score, "survival_time": score, "ref": ref})

    def leave(self) -> None:
        """Cuts the connection."""
        self._leaving = True
        if self._transport is not None:
            self._transport.abort()

    def _send(self, command: dict[str, object]) -> None:
        payload = msgspec.json.encode(command)
        size = len(payload)
        head = bytes((0x81, 0x80 | size)) if size < 126 else struct.pack(">BBH", 0x81, 0x80 | 126, size)
        assert self._transport is not None
        if self._transport.is_closing():
            return  # counted as closed
        # A mask of zeros leaves the payload as it is.
        self._transport.write(head + b"\0\0\0\0" + payload)
