"""Many players together, what they said, and whether it came to everybody once."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from random import Random

import psycopg2

from tests.eventually import PATIENCE, eventually
from tests.reliability.player import Player

_ARRIVALS = 500
"""Players that come in a second, at first."""


class Crowd:
    """`said` has the ids of the chat messages and when each was sent; `scores` the best score of each address.

    `speakers` are those who chat: all of them, unless a test says otherwise.
    """

    def __init__(self, ports: Sequence[int], count: int, chance: Random) -> None:
        rotated = [[*ports[first:], *ports[:first]] for first in range(len(ports))]
        self.players = [Player(*rotated[number % len(ports)], chance=chance) for number in range(count)]
        self.speakers = self.players
        self.said: dict[str, float] = {}
        self.scores: dict[str, int] = {}
        self._chance = chance

    def say(self) -> None:
        """A player, by chance, says something."""
        text = f"message {len(self.said)}"
        self.said[self._chance.choice(self.speakers).say(text)] = time.monotonic()

    def score(self) -> None:
        """A player, by chance, reports a better score than before."""
        number = self._chance.randrange(len(self.players))
        email = f"player{number}@example.com"
        self.scores[email] = self.scores.get(email, 0) + 1
        self.players[number].score(email, self.scores[email])

    @property
    def welcomed(self) -> int:
        """How many are in."""
        return sum(player.welcomed for player in self.players)

    async def somebody_in(self) -> None:
        """Waits until somebody is in."""
        await _when(lambda: self.welcomed)

    async def everybody_in(self) -> None:
        """Waits until all are in."""
        await _when(lambda: self.welcomed == len(self.players))

    async def everything_acknowledged(self) -> None:
        """Waits until nobody waits for an ack."""
        await _when(lambda: not any(player.writes for player in self.players))

    async def shown_by_everybody(self, count: int) -> None:
        """Waits until everybody has shown so many messages."""
        await _when(lambda: all(len(player.shown) >= count for player in self.players))

    async def everything_shown(self) -> None:
        """Waits until everybody has shown as many messages as were said."""
        await self.shown_by_everybody(len(self.said))

    def check(self) -> None:
        """Everything said was shown to everybody once and in order, nothing was refused for good."""
        for player in self.players:
            shown = [message.id for message in player.shown]
            assert len(shown) == len(set(shown)), "shown twice"
            assert set(shown) == self.said.keys(), f"{len(self.said.keys() - set(shown))} never shown"
            seqs = [message.seq for message in player.shown]
            assert seqs == sorted(seqs), "out of order"
            assert (player.gaps, player.errors) == (0, [])

    def check_stored(self, dsn: str) -> None:
        """Everything acknowledged is in PostgreSQL, once."""
        connection = psycopg2.connect(dsn)
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT id::text FROM chat_messages")
            stored = [id for (id,) in cursor.fetchall()]
            cursor.execute("SELECT email, score FROM players")
            scores = dict(cursor.fetchall())
        assert len(stored) == len(set(stored)), "stored twice"
        assert set(stored) == self.said.keys(), f"{len(self.said.keys() - set(stored))} not stored"
        assert scores == self.scores

    def delays(self, listeners: Sequence[Player]) -> list[float]:
        """Seconds from the saying to the showing, of all messages at these players."""
        return [shown.at - self.said[shown.id] for player in listeners for shown in player.shown]


async def _when(condition: Callable[[], object]) -> None:
    """Looks seldom, as there are many to look at, and long, as a player's last attempts are 30 s apart."""
    await eventually(condition, 2 * PATIENCE, interval=0.05)


async def _come(player: Player, delay: float) -> None:
    await asyncio.sleep(delay)
    await player.play()


@contextlib.asynccontextmanager
async def playing(port: int, count: int, chance: Random, *other_ports: int) -> AsyncIterator[Crowd]:
    """So many players, spread over servers, while the block lasts; all of them are in at its beginning."""
    crowd = Crowd([port, *other_ports], count, chance)
    tasks = [asyncio.create_task(_come(player, number / _ARRIVALS)) for number, player in enumerate(crowd.players)]
    try:
        await crowd.everybody_in()
        yield crowd
    finally:
        await ended(tasks)


async def ended(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancels tasks that go on for ever. Raises what one of them has failed with."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(result, asyncio.CancelledError):
            raise AssertionError("a task has ended by itself") from result


@contextlib.asynccontextmanager
async def repeating(rate: float, action: Callable[[], None]) -> AsyncIterator[None]:
    """Calls an action so often a second while the block lasts, on time also after a late turn."""
    loop = asyncio.get_running_loop()

    async def repeat() -> None:
        due = loop.time()
        while True:
            due += 1 / rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            action()

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        await ended([task])
