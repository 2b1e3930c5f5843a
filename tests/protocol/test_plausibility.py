"""Scores that nobody can have played are told from those that somebody can."""

import pytest

from tilo_ws.protocol import plausibility
from tilo_ws.protocol.plausibility import ARRIVAL_GRACE, ScoreRules

ZOE = "zoe@example.com"


def test_without_limits_any_score_will_do() -> None:
    rules = ScoreRules(0, 0)
    rules.accept(ZOE, 0, now=0.0)
    assert rules.objection(ZOE, 2**53 - 1, 0, now=0.0) is None


def test_a_score_above_the_most_there_can_be_is_refused() -> None:
    rules = ScoreRules(1_000, 0)
    assert rules.objection(ZOE, 1_000, 0, now=0.0) is None
    assert rules.objection(ZOE, 1_001, 0, now=0.0) == "score: 1001 is more than 1000, the most there can be"


def test_a_score_may_not_grow_faster_than_the_player_survived() -> None:
    rules = ScoreRules(0, 10)
    assert rules.objection(ZOE, 109, 10, now=0.0) is None  # 10.9 seconds, cut to 10
    assert rules.objection(ZOE, 111, 10, now=0.0) == "score: 111 is more than anybody gets in 10 seconds"


def test_a_score_may_not_grow_faster_than_time_went_by() -> None:
    rules = ScoreRules(0, 10)
    rules.accept(ZOE, 100, now=0.0)
    most = 100 + 10 * (5 + ARRIVAL_GRACE)
    assert rules.objection(ZOE, int(most), 10_000, now=5.0) is None
    assert rules.objection(ZOE, int(most) + 1, 10_000, now=5.0) == "score: 751 is too much so soon after 100"
    assert rules.objection("max@example.com", int(most) + 1, 10_000, now=5.0) is None


def test_the_grace_does_not_add_up_over_many_small_steps() -> None:
    rules = ScoreRules(0, 10)
    rules.accept(ZOE, 0, now=0.0)
    score = 0
    for step in range(1, 101):
        now = step / 10
        while rules.objection(ZOE, score + 50, 10_000, now) is None:
            score += 50
            rules.accept(ZOE, score, now)
    assert score <= 10 * (10 + ARRIVAL_GRACE)


def test_scores_that_a_hanging_line_delivers_at_once_are_taken() -> None:
    rules = ScoreRules(0, 10)
    rules.accept(ZOE, 0, now=0.0)
    for score in range(10, 610, 10):
        assert rules.objection(ZOE, score, score // 10, now=60.0) is None
        rules.accept(ZOE, score, now=60.0)


def test_a_worse_score_of_another_game_does_not_count_against_the_better() -> None:
    rules = ScoreRules(0, 10)
    rules.accept(ZOE, 5_000, now=0.0)
    rules.accept(ZOE, 10, now=1.0)
    assert rules.objection(ZOE, 5_010, 600, now=2.0) is None


def test_players_who_came_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plausibility, "MEMORY_PLAYERS", 2)
    rules = ScoreRules(0, 1)
    for player in ("a", "b", "a", "c"):
        rules.accept(player, 0, now=0.0)
    assert [rules.objection(player, 100, 1_000, now=0.0) is None for player in "abc"] == [False, True, False]


def test_what_an_admin_set_is_where_a_score_grows_from() -> None:
    rules = ScoreRules(0, 10)
    rules.accept(ZOE, 900, now=0.0)
    rules.correct(ZOE, 40, now=1.0)
    assert rules.objection(ZOE, 900, 100, now=1.0) == "score: 900 is too much so soon after 40"
    assert rules.objection(ZOE, 900, 100, now=100.0) is None
    rules.correct("bo@example.com", 40, now=1.0)
    assert rules.objection("bo@example.com", 900, 100, now=1.0) is None, "nothing was known of him"
