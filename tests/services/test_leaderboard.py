"""The leaderboard in step with what is stored."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.conftest import Sql
from tests.fakes import open_connection
from tests.frames import payload
from tilo_ws.protocol.commands import GetLeaderboard
from tilo_ws.realtime.connection import Connection
from tilo_ws.services.leaderboard import Leaderboard
from tilo_ws.services.player_score import PlayerScore
from tilo_ws.services.standing import Standing
from tilo_ws.storage.database import Database


@pytest.fixture
async def board(database: Database) -> Leaderboard:
    return Leaderboard(database, lambda members: lambda frame: None)


def player(number: int, score: int) -> PlayerScore:
    return PlayerScore(f"p{number:03}@x.y", f"P{number}", score, 1)


async def test_only_the_best_hundred_are_kept(board: Leaderboard) -> None:
    board.update(player(number, number) for number in range(1, 101))
    board.update([player(200, 1), player(201, 50), player(202, 0)])
    top = board.top(1_000)
    assert len(top) == 100
    assert top[-1][1] == "p002@x.y"
    assert [email for entry, email in top if entry.score == 50] == ["p050@x.y", "p201@x.y"]


async def test_a_better_score_moves_its_player(board: Leaderboard) -> None:
    board.update([player(1, 10), player(2, 20)])
    board.update([player(1, 30)])
    assert [(entry.rank, email) for entry, email in board.top(10)] == [(1, "p001@x.y"), (2, "p002@x.y")]


async def test_after_a_restart_the_board_is_the_same(board: Leaderboard, database: Database, sql: Sql) -> None:
    sql("INSERT INTO players (email, score) VALUES ('B@x.y', 5), ('a@x.y', 5), ('c@x.y', 9)")
    await board.load()
    rows = [PlayerScore("B@x.y", None, 5, 0), PlayerScore("a@x.y", None, 5, 0), PlayerScore("c@x.y", None, 9, 0)]
    other = Leaderboard(database, lambda members: lambda frame: None)
    await other.load()
    other.update(rows)
    assert board.top(10) == other.top(10)
    assert [email for _, email in board.top(10)] == ["c@x.y", "B@x.y", "a@x.y"]


class Watching:
    """A board whose broadcasts the test sees."""

    def __init__(self, database: Database) -> None:
        self.told: list[tuple[int, dict[str, Any]]] = []
        self.board = Leaderboard(database, self._open_audience)
        self.standing = Standing(database, self.board)

    def _open_audience(self, members: Iterable[Connection]) -> Callable[[bytes], None]:
        return lambda frame: self.told.append((len(list(members)), json.loads(payload(frame))))

    def watch(self, connection: Connection, watch: bool | None = True, limit: int = 1) -> None:
        self.standing.get(connection, GetLeaderboard(limit=limit, watch=watch, ref=1))


async def test_who_watches_is_told_when_its_part_of_the_board_changes(database: Database) -> None:
    watching = Watching(database)
    first, second = open_connection("c1"), open_connection("c2")
    watching.watch(first[0], limit=1)
    watching.watch(second[0], limit=2)
    assert len(first[1].written) == 1, "an answer at once, with the ref"
    watching.board.announce()
    assert watching.told == []
    watching.board.update([player(1, 10)])
    watching.board.update([player(2, 5)])
    watching.board.announce()
    assert [(members, len(board["entries"])) for members, board in watching.told] == [(1, 1), (1, 2)]
    assert "ref" not in watching.told[0][1]
    watching.board.announce()
    watching.board.update([player(2, 6)])
    watching.board.announce()
    assert len(watching.told) == 3, "the first place has not changed"


async def test_a_watch_ends_when_told_to_and_moves_to_another_limit(database: Database) -> None:
    watching = Watching(database)
    connection, _ = open_connection()
    watching.watch(connection, limit=1)
    watching.watch(connection, watch=None, limit=5)
    watching.board.update([player(1, 10)])
    watching.board.announce()
    assert [members for members, _ in watching.told] == [1]
    watching.watch(connection, limit=2)
    watching.board.update([player(2, 20)])
    watching.board.announce()
    assert sorted(members for members, _ in watching.told[1:]) == [0, 1]
    watching.watch(connection, watch=False)
    watching.board.update([player(3, 30)])
    watching.board.announce()
    assert [members for members, _ in watching.told[3:]] == [0, 0]
