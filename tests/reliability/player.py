"""A player that does what the client library does: comes back, asks for what it missed, sends again, shows once."""

import asyncio
import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from random import Random
from typing import NamedTuple
from uuid import uuid4

import msgspec

from tests.reliability.web_socket import CLOSED_WITHOUT_WORD, End, WebSocket

KNOWN_IDS = 2_000
SETTLED_AFTER = 1.0
RETRY_DELAYS = [(0.0, 2.0), (1.5, 3.0), (3.0, 6.0), (7.5, 15.0), (15.0, 30.0)]
"""Seconds, least and most, before each attempt. Where the library gives up, here the last goes on."""

_MAY_BE_SENT_AGAIN = ("rate_limited", "busy")


class Message(msgspec.Struct):
    """What of a server message concerns a player."""

    type: str
    ref: int | None = None
    id: str = ""
    seq: int = 0
    epoch: str = ""
    messages: "list[Message]" = []
    recovered: bool = False
    code: str = ""
    retry_after: float = 0.0


class Shown(NamedTuple):
    """A chat message on a player's screen. `at` is on the player's clock."""

    id: str
    seq: int
    at: float


class Player:
    """Plays at one of some ports of this machine while `play` runs; whenever it comes back, at the next one.

    `writes` are the commands that are not acknowledged, by ref. `gaps` counts what the server could not give back, `errors`
    has the final ones. `returns` are the times of the welcomes, `leaves` those of the ends of connections, `reconnects` those
    for which attempts were planned.
    """

    def __init__(self, *ports: int, chance: Random, clock: Callable[[], float] = time.monotonic) -> None:
        self._ports = deque(ports)
        self._chance = chance
        self._clock = clock
        self._socket: WebSocket | None = None
        self._next_ref = 0
        self._sent: set[int] = set()
        self._patience: asyncio.TimerHandle | None = None
        self._held: list[Message] | None = []
        self._known: OrderedDict[str, None] = OrderedDict()
        self._last_seen: tuple[str, int] | None = None
        self._attempt = 0
        self._offline_until = 0.0
        self.welcomed = False
        self.writes: dict[int, dict[str, object]] = {}
        self.acknowledged: list[dict[str, object]] = []
        self.shown: list[Shown] = []
        self.repeats = 0
        self.gaps = 0
        self.errors: list[str] = []
        self.reconnects: list[float] = []
        self.returns: list[float] = []
        self.leaves: list[float] = []

    async def play(self) -> None:
        """Connects, and comes back whenever the connection ends, until it is cancelled."""
        try:
            while True:
                delay = self._delay(await self._conversation())
                self._ports.rotate(-1)
                self.reconnects.append(self._clock() + delay)
                await asyncio.sleep(delay)
        finally:
            self._forget_timer()
            if self._socket is not None:
                self._socket.cut()

    def say(self, text: str) -> str:
        """Chats. Returns the message's id."""
        id = str(uuid4())
        self._write({"type": "chat", "nickname": "Zoë", "message": text, "id": id})
        return id

    def score(self, email: str, score: int) -> None:
        """Reports a score."""
        self._write({"type": "score_update", "email": email, "score": score, "survival_time": score})

    def cut(self, offline: float = 0.0) -> None:
        """Loses the connection, and the network for so many seconds."""
        self._offline_until = self._clock() + offline
        if self._socket is not None:
            self._socket.cut()

    async def _conversation(self) -> End:
        """One connection, from the attempt to the end."""
        if self._clock() < self._offline_until:
            return End(CLOSED_WITHOUT_WORD, "offline")
        loop = asyncio.get_running_loop()
        try:
            _, socket = await loop.create_connection(
                lambda: WebSocket(self._opened, self._received), "127.0.0.1", self._ports[0]
            )
        except OSError as error:
            return End(CLOSED_WITHOUT_WORD, str(error))
        self._socket = socket
        try:
            return await asyncio.shield(socket.ended)
        finally:
            self._socket = None
            if self.welcomed and self._clock() - self.returns[-1] >= SETTLED_AFTER:
                self._attempt = 0
            self.welcomed = False
            self.leaves.append(self._clock())
            socket.cut()

    def _delay(self, end: End) -> float:
        if window := re.fullmatch(r"retry_ms=(\d+)-(\d+)", end.reason):
            least, most = (int(milliseconds) / 1000 for milliseconds in window.groups())
        else:
            least, most = RETRY_DELAYS[min(self._attempt, len(RETRY_DELAYS) - 1)]
            self._attempt += 1
        return self._chance.uniform(least, most)

    def _opened(self, socket: WebSocket) -> None:
        self._held = []
        self._sent.clear()
        self._forget_timer()
        hello: dict[str, object] = {"type": "hello"}
        if self._last_seen is not None:
            hello["epoch"], hello["after"] = self._last_seen
        socket.send(msgspec.json.encode(hello))
        self._socket = socket
        self._send_waiting()

    def _write(self, command: dict[str, object]) -> None:
        self._next_ref += 1
        self.writes[self._next_ref] = command | {"ref": self._next_ref}
        self._send_waiting()

    def _send_waiting(self) -> None:
        if self._socket is None or not self._socket.is_open or self._patience is not None:
            return
        for ref, command in self.writes.items():
            if ref not in self._sent:
                self._sent.add(ref)
                self._socket.send(msgspec.json.encode(command))

    def _received(self, text: bytes) -> None:
        message = _decode(text)
        if message.type == "chat":
            self._hear(message)
        elif message.type == "ack":
            self._acknowledged(message.ref)
        elif message.type == "welcome":
            self._welcome(message)
        elif message.type == "error":
            self._refused(message)

    def _acknowledged(self, ref: int | None) -> None:
        if ref in self.writes:
            self.acknowledged.append(self.writes.pop(ref))
        else:
            self.errors.append(f"ack of {ref}, which nobody waits for")

    def _refused(self, error: Message) -> None:
        if error.ref is None or error.code not in _MAY_BE_SENT_AGAIN:
            self.errors.append(error.code)
            self.writes.pop(error.ref or 0, None)
            return
        self._sent.discard(error.ref)
        if self._patience is None:
            self._patience = asyncio.get_running_loop().call_later(error.retry_after, self._go_on)

    def _go_on(self) -> None:
        self._patience = None
        self._send_waiting()

    def _forget_timer(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _hear(self, chat: Message) -> None:
        if self._held is not None:
            self._held.append(chat)
        else:
            self._show(chat)

    def _welcome(self, welcome: Message) -> None:
        self.gaps += self._last_seen is not None and not welcome.recovered
        held, self._held = self._held or [], None
        self._last_seen = welcome.epoch, welcome.seq
        # Older than the joined number, and then the live ones that waited for them.
        for chat in [*welcome.messages, *held]:
            self._show(chat)
        self.welcomed = True
        self.returns.append(self._clock())

    def _show(self, chat: Message) -> None:
        assert self._last_seen is not None
        epoch, last_seq = self._last_seen
        self._last_seen = epoch, max(last_seq, chat.seq)
        if chat.id in self._known:
            self.repeats += 1
            return
        self._known[chat.id] = None
        if len(self._known) > KNOWN_IDS:
            self._known.popitem(last=False)
        self.shown.append(Shown(chat.id, chat.seq, self._clock()))


_decode = msgspec.json.Decoder(Message).decode
