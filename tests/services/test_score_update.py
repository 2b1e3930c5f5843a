"""Two updates of one player as one: it does what the first and then the second would do."""

import itertools

import pytest

from tilo_ws.services.score_update import ScoreUpdate, merged, removal

Row = tuple[str | None, int, int] | None
"""Nickname, score and survival time as they are stored; None where the player has no row."""

UPDATES = [
    ScoreUpdate("z", None, 5, 1),
    ScoreUpdate("z", "Zoë", 3, 9),
    ScoreUpdate("z", "Bo", 4, 4, renames=True),
    ScoreUpdate("z", None, 0, 0, renames=True),
    ScoreUpdate("z", None, 2, 2, corrects=True),
    ScoreUpdate("z", None, 7, 0, corrects=True),
    removal("z"),
]


def stored(row: Row, update: ScoreUpdate) -> Row:
    """What `store_scores.sql` does."""
    if update.removes:
        return None
    nickname, score, survival_time = row or (None, 0, 0)
    nickname = update.nickname if update.renames else nickname or update.nickname
    if update.corrects:
        return nickname, update.score, update.survival_time
    return nickname, max(score, update.score), max(survival_time, update.survival_time)


@pytest.mark.parametrize("row", [None, (None, 6, 1), ("Old", 1, 6)])
@pytest.mark.parametrize("updates", list(itertools.product(UPDATES, repeat=3)))
def test_updates_that_are_merged_do_what_they_do_one_after_the_other(row: Row, updates: tuple[ScoreUpdate, ...]) -> None:
    first, second, third = updates
    expected = stored(stored(stored(row, first), second), third)
    assert stored(row, merged(merged(first, second), third)) == expected
    assert stored(row, merged(first, merged(second, third))) == expected
