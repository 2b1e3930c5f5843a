"""A run of the load player: connect, send for a while, wait for what is under way, add up."""

import asyncio
import resource
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import SplitResult, urlsplit

import msgspec
from tqdm import tqdm

from tilo_ws.load.player import Player, Refused, Tally

_CONNECTS_AT_ONCE = 50
_MEASURING_PLAYERS = 100
"""Players that note the delay of each message: more tell nothing new and cost the driver's time."""

_LAST_WAIT = 5.0
"""Seconds at the end for what is still under way."""


class CannotPlay(Exception):
    """The run could not begin. The text says why."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to play. Rates are of all players together, a second. With `in_flight` chat is sent as fast as it comes back.

    A chat message has at least `length` characters. `stalled` players connect and never read.
    """

    url: str = "ws://localhost:8765/ws"
    clients: int = 100
    rate: float = 10.0
    seconds: float = 10.0
    scores: float = 0.0
    in_flight: int = 0
    length: int = 0
    stalled: int = 0


class Percentiles(msgspec.Struct, frozen=True):
    """Delays in milliseconds."""

    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float


class Report(msgspec.Struct, frozen=True):
    """What the players saw. A delivery is one chat message that arrived at one player."""

    clients: int
    connect_s: float
    connects_per_second: float
    chat_sent: int
    deliveries: int
    deliveries_per_second: float
    lost: int
    errors: int
    closed: int
    delay: Percentiles | None
    scores_sent: int
    scores_acknowledged: int
    scores_acknowledged_per_second: float
    ack_delay: Percentiles | None
    player_cpu: float


class Run:
    """Plays a plan once."""

    def __init__(self, plan: Plan, *, show_progress: bool) -> None:
        self._plan = plan
        self._show_progress = show_progress
        self._url: SplitResult = urlsplit(plan.url)
        self._tally = Tally()
        self._players: list[Player] = []
        self._stalled: list[Player] = []
        self._chat_sent = 0
        self._scores_sent = 0

    async def play(self) -> Report:
        """Raises CannotPlay."""
        if self._url.scheme not in ("ws", "wss") or not self._url.hostname:
            raise CannotPlay(f"{self._plan.url}: expected an address such as ws://localhost:8765/ws")
        try:
            began = time.monotonic()
            await self._connect()
            connect_s = time.monotonic() - began
            cpu, began = _cpu_seconds(), time.monotonic()
            await self._send_for_a_while()
            await self._wait_for_the_rest()
            return self._report(connect_s, time.monotonic() - began, _cpu_seconds() - cpu)
        finally:
            for player in self._players + self._stalled:
                player.leave()

    async def _connect(self) -> None:
        """Brings all players in, a few at a time, as a server would see a crowd arrive."""
        numbers = iter(self._bar(range(self._plan.clients + self._plan.stalled), "connect"))

        async def connect_some() -> None:
            for number in numbers:
                player = await self._open(number)
                if number < self._plan.clients:
                    self._players.append(player)
                else:
                    player.stop_reading()
                    self._stalled.append(player)

        await asyncio.gather(*(connect_some() for _ in range(_CONNECTS_AT_ONCE)))

    async def _open(self, number: int) -> Player:
        loop = asyncio.get_running_loop()
        secure = self._url.scheme == "wss"
        every = -(-self._plan.clients // _MEASURING_PLAYERS)
        try:
            _, player = await loop.create_connection(
                lambda: Player(self._tally, self._url, number, measures=number % every == 0),
                str(self._url.hostname),
                self._url.port or (443 if secure else 80),
                ssl=secure or None,
            )
            await player.opened
        except (OSError, Refused) as error:
            raise CannotPlay(f"player {number + 1} could not connect to {self._plan.url}: {error}") from None
        return player

    async def _send_for_a_while(self) -> None:
        if self._plan.in_flight:
            sending: list[Awaitable[None]] = [self._keep_in_flight()]
        else:
            sending = [self._repeat(self._plan.rate, self._say)]
        await asyncio.gather(*sending, self._repeat(self._plan.scores, self._score), self._watch())

    async def _repeat(self, rate: float, action: Callable[[], None]) -> None:
        """Calls an action so often a second, on time also after a late turn."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for count in range(round(rate * self._plan.seconds)):
            await asyncio.sleep(max(0.0, began + count / rate - loop.time()))
            action()

    async def _keep_in_flight(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._plan.seconds
        while loop.time() < until:
            while self._chat_sent - self._players[0].heard < self._plan.in_flight:
                self._say()
            await asyncio.sleep(0)

    def _say(self) -> None:
        self._players[self._chat_sent % len(self._players)].say(self._plan.length)
        self._chat_sent += 1

    def _score(self) -> None:
        self._scores_sent += 1
        self._players[self._scores_sent % len(self._players)].score(self._scores_sent)

    async def _watch(self) -> None:
        """Shows the seconds that pass."""
        for _ in self._bar(range(round(self._plan.seconds)), "play"):
            await asyncio.sleep(1)

    def _bar(self, steps: range, title: str) -> "tqdm[int]":
        return tqdm(steps, desc=title, disable=not self._show_progress)

    async def _wait_for_the_rest(self) -> None:
        until = time.monotonic() + _LAST_WAIT
        while time.monotonic() < until and (self._lost() or len(self._tally.ack_delays) < self._scores_sent):
            await asyncio.sleep(0.01)

    def _lost(self) -> int:
        """Chat that did not arrive. What the server refused was never anybody's."""
        accepted = self._chat_sent - self._tally.errors
        return sum(max(0, accepted - player.heard) for player in self._players)

    def _report(self, connect_s: float, seconds: float, cpu_s: float) -> Report:
        deliveries = sum(player.heard for player in self._players)
        acknowledged = len(self._tally.ack_delays)
        return Report(
            clients=len(self._players),
            connect_s=round(connect_s, 2),
            connects_per_second=round((self._plan.clients + self._plan.stalled) / connect_s, 1),
            chat_sent=self._chat_sent,
            deliveries=deliveries,
            deliveries_per_second=round(deliveries / seconds, 1),
            lost=self._lost(),
            errors=self._tally.errors,
            closed=self._tally.closed,
            delay=percentiles(self._tally.chat_delays),
            scores_sent=self._scores_sent,
            scores_acknowledged=acknowledged,
            scores_acknowledged_per_second=round(acknowledged / seconds, 1),
            ack_delay=percentiles(self._tally.ack_delays),
            player_cpu=round(cpu_s / seconds, 2),
        )


def percentiles(delays: Sequence[float]) -> Percentiles | None:
    """Of delays in seconds; None of fewer than two."""
    if len(delays) < 2:
        return None
    cuts = statistics.quantiles(delays, n=100)
    return Percentiles(*(round(delay * 1000, 2) for delay in (cuts[49], cuts[89], cuts[98], max(delays))))


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
