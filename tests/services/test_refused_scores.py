"""Refused scores are counted, and the newest are remembered."""

from tests.fakes import FakeClock
from tilo_ws.services.refused_scores import MEMORY_SCORES, RefusedScores


def refuse(scores: RefusedScores, score: int, email: str = "zoe@x.y") -> None:
    scores.add(email=email, nickname=None, score=score, survival_time=1, reason="too much", connection="c1", ip="192.0.2.1")


def test_the_newest_come_first_each_with_its_time() -> None:
    clock = FakeClock()
    scores = RefusedScores(clock)
    for score in range(3):
        refuse(scores, score)
        clock.now += 1
    assert [(refused.score, refused.refused_at) for refused in scores.newest()] == [(2, 1_002.0), (1, 1_001.0), (0, 1_000.0)]
    assert [refused.score for refused in scores.newest(2)] == [2, 1]


def test_a_thousand_are_remembered_and_all_are_counted() -> None:
    scores = RefusedScores()
    for score in range(MEMORY_SCORES + 5):
        refuse(scores, score)
    assert scores.count == MEMORY_SCORES + 5
    assert len(scores.newest()) == MEMORY_SCORES
    assert scores.newest()[-1].score == 5


def test_those_of_a_player_can_be_forgotten() -> None:
    scores = RefusedScores()
    for number in range(4):
        refuse(scores, number, f"{number % 2}@x.y")
    scores.forget("0@x.y")
    assert [refused.score for refused in scores.newest()] == [3, 1]
    assert scores.count == 4
