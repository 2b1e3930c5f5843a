"""The leaderboard in step with what is stored."""

import pytest

from tests.conftest import Sql
from tilo_ws.services.leaderboard import Leaderboard, PlayerScore
from tilo_ws.storage.database import Database


@pytest.fixture
async def board(database: Database) -> Leaderboard:
    return Leaderboard(database)


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
    other = Leaderboard(database)
    await other.load()
    other.update(rows)
    assert board.top(10) == other.top(10)
    assert [email for _, email in board.top(10)] == ["c@x.y", "B@x.y", "a@x.y"]
