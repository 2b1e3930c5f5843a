"""The leaderboard: the best players, in memory, kept in step with what is stored, here and on other servers."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from weakref import WeakSet

from tilo_ws.protocol import pushes
from tilo_ws.protocol.commands import MAX_LEADERBOARD_ENTRIES
from tilo_ws.protocol.pushes import LeaderboardEntry
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.redis_link import RedisAway
from tilo_ws.services.player_score import PlayerScore
from tilo_ws.services.shared_board import SharedBoard
from tilo_ws.storage.database import Database

OpenAudience = Callable[[Iterable[Connection]], Callable[[bytes], None]]
"""Makes a broadcast to some connections: a function that takes a frame for all of them."""


class _Watch:
    """The connections that watch the best so many players."""

    def __init__(self, open_audience: OpenAudience) -> None:
        self.members: WeakSet[Connection] = WeakSet()
        self.broadcast = open_audience(self.members)
        self.told: list[LeaderboardEntry] = []


class Leaderboard:
    """The top 100. Scores rise, so it is exact without asking PostgreSQL again; after a correction it is read anew.

    `shared` is what all servers have together, where there are several. Who watches is told again by `announce`.
    """

    def __init__(self, database: Database, open_audience: OpenAudience, shared: SharedBoard | None = None) -> None:
        self._open_audience = open_audience
        self._shared = shared
        self._watches: dict[int, _Watch] = {}
        self._identity = database.query("server_identity")
        self._top_players = database.query("top_players")
        self._name_key = b""
        self._players: list[PlayerScore] = []
        self._entries: list[LeaderboardEntry] = []
        self._loads = 0
        self._unshared: dict[str, PlayerScore] = {}
        self.storing = asyncio.Lock()
        """Held from a statement that stores scores until they are told here: what is read meanwhile could be older."""

    async def load(self) -> None:
        """Reads the best players from PostgreSQL."""
        [identity] = await self._identity()
        self._name_key = identity.name_key.bytes
        self._show({player.email: player for player in await self._read()})
        self._loads += 1
        self._unshared = {player.email: player for player in self._players}

    async def correct(self) -> None:
        """Reads them anew, here and on all servers, since scores may have fallen. Call it while `storing`."""
        await self.load()
        if self._shared is not None:
            self._shared.renew()

    async def reload(self) -> None:
        """Reads them anew, here and on all servers, since corrections may have been missed."""
        async with self.storing:
            await self.correct()

    def update(self, stored: Iterable[PlayerScore]) -> None:
        """Takes over rows that PostgreSQL has stored."""
        full = len(self._players) == MAX_LEADERBOARD_ENTRIES
        bar = self._players[-1].score if full else 0
        news = {player.email: player for player in stored if player.score >= bar}
        self._show({player.email: player for player in self._players} | news)
        if self._shared is not None:
            self._unshared |= news

    async def share(self) -> None:
        """Takes over what other servers have stored, and tells them what this one has: call it once a second."""
        if self._shared is None:
            return
        loads, sent, self._unshared = self._loads, self._unshared, {}
        try:
            board = await self._shared.exchange(sent.values())
        except RedisAway:
            if loads == self._loads:
                self._unshared = sent | self._unshared
            return  # the log has it already
        if loads != self._loads:
            return  # what was read meanwhile is newer
        if not board.is_current:
            async with self.storing:
                await self.load()
            self._shared.adopt(board.edition)
        elif board.players is not None:
            self._show({player.email: player for player in board.players} | self._unshared)

    async def _read(self) -> list[PlayerScore]:
        return [PlayerScore(*row) for row in await self._top_players(limit=MAX_LEADERBOARD_ENTRIES)]

    def _show(self, players: Mapping[str, PlayerScore]) -> None:
        self._players = sorted(players.values(), key=lambda player: (-player.score, player.email))[:MAX_LEADERBOARD_ENTRIES]
        self._entries = self._ranked()

    def best(self, limit: int) -> list[LeaderboardEntry]:
        """The best `limit` players, as others see them."""
        return self._entries[:limit]

    def entry_of(self, email: str) -> LeaderboardEntry | None:
        """This player's entry, if it is on the board."""
        place = next((place for place, player in enumerate(self._players) if player.email == email), None)
        return None if place is None else self._entries[place]

    @property
    def has_everybody(self) -> bool:
        """Whether all players have room on the board."""
        return len(self._players) < MAX_LEADERBOARD_ENTRIES

    def announce(self) -> None:
        """Tells those who watch what has changed since the last call: call it once a second."""
        for limit, watch in self._watches.items():
            entries = self._entries[:limit]
            if entries != watch.told:
                watch.told = entries
                watch.broadcast(pushes.leaderboard(entries))

    def watch(self, connection: Connection, limit: int) -> None:
        """A connection watches the best `limit` players from now on; with 0 none."""
        for watch in self._watches.values():
            watch.members.discard(connection)
        if not limit:
            return
        if limit not in self._watches:
            self._watches[limit] = _Watch(self._open_audience)
            self._watches[limit].told = self._entries[:limit]
        self._watches[limit].members.add(connection)

    def players(self) -> list[tuple[int, PlayerScore]]:
        """All on the board with their ranks, for admins."""
        return [(entry.rank, player) for entry, player in zip(self._entries, self._players, strict=True)]

    def name_of(self, email: str, nickname: str | None) -> str:
        """The name that other players see."""
        return nickname or self._anonymous_name(email)

    def top(self, limit: int) -> list[tuple[LeaderboardEntry, str]]:
        """The best `limit` players with their e-mail addresses, for game back ends."""
        return [(entry, player.email) for entry, player in zip(self._entries[:limit], self._players[:limit], strict=True)]

    def _ranked(self) -> list[LeaderboardEntry]:
        """rank = 1 + the number of players with a higher score; equals in order of e-mail address."""
        entries: list[LeaderboardEntry] = []
        for position, player in enumerate(self._players, start=1):
            same = bool(entries) and entries[-1].score == player.score
            rank = entries[-1].rank if same else position
            nickname = self.name_of(player.email, player.nickname)
            entries.append(LeaderboardEntry(rank, nickname, player.score, player.survival_time))
        return entries

    def _anonymous_name(self, email: str) -> str:
        """A name that stays the same for a player and tells nothing about the address: a keyed hash."""
        digest = hmac.digest(self._name_key, email.encode(), hashlib.sha256)
        return f"Player-{base64.b32encode(digest)[:6].decode().lower()}"
