"""The leaderboard of several servers on one Valkey and one PostgreSQL."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import Sql, open_directory
from tests.redis_server import RedisServer, running
from tilo_ws.realtime.redis_link import RedisAway, RedisLink
from tilo_ws.services.leaderboard import Leaderboard
from tilo_ws.services.player_score import PlayerScore
from tilo_ws.services.shared_board import SharedBoard
from tilo_ws.storage.database import Database


@pytest.fixture(scope="module")
def valkey() -> Iterator[RedisServer]:
    with open_directory() as directory, running(directory) as server:
        yield server


@pytest.fixture
async def link(valkey: RedisServer) -> AsyncIterator[RedisLink]:
    valkey.ask("FLUSHALL")
    opened = RedisLink(valkey.url, "test", time_limit=0.5)
    opened.follow("nothing", lambda content: None)
    await opened.open()
    yield opened
    await opened.close()


class Servers:
    """Two leaderboards, as two servers have them."""

    def __init__(self, database: Database, sql: Sql, link: RedisLink) -> None:
        self._sql = sql
        self.one, self.other = (Leaderboard(database, lambda members: lambda frame: None, SharedBoard(link)) for _ in range(2))

    async def start(self) -> None:
        await self.one.load()
        await self.other.load()
        await self.settle()

    async def settle(self) -> None:
        """What each second does, until nothing is left to do."""
        for _ in range(3):
            for board in (self.one, self.other):
                await board.share()

    def store(self, board: Leaderboard, email: str, score: int, *, nickname: str | None = None, survival_time: int = 1) -> None:
        """As a batch of scores ends."""
        [row] = self._sql(
            "INSERT INTO players AS p VALUES (%s, %s, %s, %s, now()) ON CONFLICT (email) DO UPDATE"
            " SET score = excluded.score, nickname = excluded.nickname, survival_time = excluded.survival_time,"
            " updated_at = now()"
            " RETURNING email, nickname, score, survival_time, extract(epoch FROM updated_at)::double precision",
            email,
            nickname,
            score,
            survival_time,
        )
        board.update([PlayerScore(*row)])

    def boards(self) -> list[list[tuple[int, str, int]]]:
        return [[(entry.rank, email, entry.score) for entry, email in board.top(100)] for board in (self.one, self.other)]


@pytest.fixture
async def servers(database: Database, sql: Sql, link: RedisLink) -> Servers:
    joined = Servers(database, sql, link)
    await joined.start()
    return joined


async def test_what_one_server_stored_is_on_the_board_of_the_other(servers: Servers) -> None:
    servers.store(servers.one, "zoe@x.y", 2**53 - 1, nickname="Zoë", survival_time=7)
    servers.store(servers.other, "ada@x.y", 2**53 - 2)
    servers.store(servers.other, "Max@x.y", 2**53 - 2)
    assert servers.boards()[0] == [(1, "zoe@x.y", 2**53 - 1)], "its own at once"
    await servers.settle()
    both = [(1, "zoe@x.y", 2**53 - 1), (2, "Max@x.y", 2**53 - 2), (2, "ada@x.y", 2**53 - 2)]
    assert servers.boards() == [both, both]
    assert servers.other.players()[0][1][:4] == ("zoe@x.y", "Zoë", 2**53 - 1, 7)


async def test_of_two_rows_of_a_player_the_better_one_counts_whichever_comes_last(servers: Servers) -> None:
    servers.store(servers.one, "zoe@x.y", 5)
    servers.store(servers.other, "zoe@x.y", 9)
    await servers.other.share()
    await servers.one.share()
    await servers.settle()
    assert servers.boards() == [[(1, "zoe@x.y", 9)]] * 2


async def test_a_new_name_is_on_all_boards(servers: Servers) -> None:
    servers.store(servers.one, "zoe@x.y", 5)
    await servers.settle()
    servers.store(servers.other, "zoe@x.y", 5, nickname="Zoë")
    await servers.settle()
    assert [entry.nickname for entry, _ in servers.one.top(1)] == ["Zoë"]


async def test_only_the_best_hundred_are_kept_there_either(servers: Servers, valkey: RedisServer) -> None:
    for number in range(80):
        servers.store(servers.one, f"a{number:03}@x.y", 1000 + number)
        servers.store(servers.other, f"b{number:03}@x.y", 2000 + number)
    await servers.settle()
    [board, same] = servers.boards()
    assert board == same
    assert (len(board), board[-1]) == (100, (100, "a060@x.y", 1060))
    assert valkey.ask("ZCARD", "{test}:board") == valkey.ask("HLEN", "{test}:board_rows") == 100


async def test_a_corrected_score_falls_on_all_boards(servers: Servers, sql: Sql) -> None:
    servers.store(servers.one, "zoe@x.y", 500)
    await servers.settle()
    sql("UPDATE players SET score = 10, updated_at = now()")
    async with servers.one.storing:
        await servers.one.correct()
    assert servers.boards() == [[(1, "zoe@x.y", 10)], [(1, "zoe@x.y", 500)]]
    await servers.settle()
    assert servers.boards() == [[(1, "zoe@x.y", 10)]] * 2


async def test_what_was_stored_before_a_correction_does_not_come_back_after_it(servers: Servers, sql: Sql) -> None:
    servers.store(servers.other, "zoe@x.y", 500)
    sql("UPDATE players SET score = 10, updated_at = now()")
    async with servers.one.storing:
        await servers.one.correct()
    await servers.one.share()
    assert servers.boards()[1] == [(1, "zoe@x.y", 500)], "not heard of yet, and about to be shared"
    await servers.settle()
    assert servers.boards() == [[(1, "zoe@x.y", 10)]] * 2


async def test_who_is_removed_while_an_exchange_is_under_way_does_not_come_back_with_its_answer(
    servers: Servers, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.store(servers.other, "zoe@x.y", 500)
    await servers.other.share()
    shared = servers.one._shared
    assert shared is not None
    exchange = shared.exchange

    async def removed_meanwhile(*rows: object) -> object:
        answer = await exchange(*rows)  # type: ignore[arg-type]
        sql("DELETE FROM players")
        async with servers.one.storing:
            await servers.one.correct()
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(shared, "exchange", removed_meanwhile)
        await servers.one.share()
    assert servers.boards()[0] == []
    await servers.settle()
    assert servers.boards() == [[], []]


async def test_who_was_removed_leaves_room_on_all_boards(servers: Servers, sql: Sql) -> None:
    for number in range(100):
        servers.store(servers.one, f"p{number:03}@x.y", 100 + number)
    await servers.settle()
    sql("INSERT INTO players (email, score) VALUES ('next@x.y', 1)")
    sql("DELETE FROM players WHERE email = 'p050@x.y'")
    async with servers.one.storing:
        await servers.one.correct()
    await servers.settle()
    for board in servers.boards():
        emails = [email for _, email, _ in board]
        assert ("p050@x.y" in emails, emails[-1], len(emails)) == (False, "next@x.y", 100)


async def test_a_valkey_that_comes_back_empty_has_the_board_from_postgresql(servers: Servers, valkey: RedisServer) -> None:
    servers.store(servers.one, "zoe@x.y", 5)
    await servers.settle()
    valkey.ask("FLUSHALL")
    servers.store(servers.other, "ada@x.y", 7)
    await servers.settle()
    assert servers.boards() == [[(1, "ada@x.y", 7), (2, "zoe@x.y", 5)]] * 2


async def test_each_board_goes_on_by_itself_while_valkey_is_away(
    servers: Servers, link: RedisLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*words: object) -> None:
        raise RedisAway

    servers.store(servers.one, "zoe@x.y", 5)
    with monkeypatch.context() as patch:
        patch.setattr(link, "script", away)
        await servers.one.share()
        servers.store(servers.one, "ada@x.y", 7)
        await servers.one.share()
        assert servers.boards() == [[(1, "ada@x.y", 7), (2, "zoe@x.y", 5)], []]
    await servers.settle()
    assert servers.boards() == [[(1, "ada@x.y", 7), (2, "zoe@x.y", 5)]] * 2
