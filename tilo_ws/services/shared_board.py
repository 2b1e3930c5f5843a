"""The leaderboard that all servers have together, in Redis: a sorted set, made from what PostgreSQL has stored."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import uuid4

import msgspec

from tilo_ws.protocol.commands import MAX_LEADERBOARD_ENTRIES
from tilo_ws.realtime.redis_link import RedisLink
from tilo_ws.services.player_score import PlayerScore


class Exchange(NamedTuple):
    """What the others have: None when nothing has changed. With another `edition` scores have fallen: PostgreSQL knows."""

    edition: str
    is_current: bool
    players: list[PlayerScore] | None


class SharedBoard:
    """In one edition scores only rise, so rows of several servers can come in any order: of two the better one counts.

    When scores fall, the server that knows begins another edition. What belongs to an older one is not taken.
    """

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._keys = [link.key(name) for name in ("board", "board_rows", "board_state")]
        self._edition = ""
        self._version = -1
        self._new_edition = ""
        self.renew()

    def renew(self) -> None:
        """The next exchange begins an edition: its rows are read from PostgreSQL."""
        self._new_edition = uuid4().hex

    def adopt(self, edition: str) -> None:
        """What is exchanged from now on is of this edition, or newer."""
        self._edition, self._version = edition, -1
        if not edition:
            self.renew()

    async def exchange(self, players: Iterable[PlayerScore]) -> Exchange:
        """Adds these and returns what others have added. Raises RedisAway."""
        rows = [field for player in players for field in (player.email, -player.score, msgspec.msgpack.encode(player))]
        begun = self._new_edition
        edition, *more = await self._link.script(
            "ranking", self._keys, MAX_LEADERBOARD_ENTRIES, self._edition, self._version, begun, *rows
        )
        if not more:
            return Exchange(edition.decode(), is_current=False, players=None)
        if begun and begun == self._new_edition:
            self._new_edition = ""
        self._edition, self._version = edition.decode(), more[0]
        if len(more) == 1:
            return Exchange(self._edition, is_current=True, players=None)
        return Exchange(
            self._edition, is_current=True, players=[msgspec.msgpack.decode(row, type=PlayerScore) for row in more[1]]
        )
