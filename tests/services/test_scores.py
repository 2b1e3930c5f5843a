"""Scores of two servers at a time."""

import asyncio

from tests.conftest import Sql, Transaction
from tests.eventually import PATIENCE, eventually
from tests.fakes import no_rules, open_connection, tell_nobody
from tilo_ws.protocol.commands import SubmitScore
from tilo_ws.protocol.plausibility import ScoreRules
from tilo_ws.services.leaderboard import Leaderboard
from tilo_ws.services.scores import Scores
from tilo_ws.storage.backlog import Backlog
from tilo_ws.storage.database import Database

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def scores_of(database: Database, emails: str, score: int) -> Scores:
    """A service with scores for these players, in this order."""
    scores = Scores(
        database,
        Backlog(),
        max_nickname_length=0,
        rules=ScoreRules(0, 0),
        text_rules=no_rules(),
        board=Leaderboard(database, lambda members: lambda frame: None),
        tell=tell_nobody,
    )
    connection, _ = open_connection()
    for name in emails:
        scores.submit(connection, SubmitScore(email=f"{name}@x.y", score=score, survival_time=1))
    return scores


async def test_overlapping_batches_in_opposite_order_do_not_wait_for_each_other(
    database: Database, sql: Sql, transaction: Transaction
) -> None:
    await scores_of(database, "amz", 1).commit.flush()
    # Both come as far as the player in the middle; in their own order each would then hold what the other needs.
    transaction.begin("SELECT FROM players WHERE email = 'm@x.y' FOR UPDATE")
    batches = [scores_of(database, "amz", 2), scores_of(database, "zma", 3)]
    storing = [asyncio.create_task(batch.commit.flush()) for batch in batches]
    await eventually(lambda: sql(WAITING) == [(2,)])
    transaction.end()
    await asyncio.wait_for(asyncio.gather(*storing), PATIENCE)
    assert [batch.commit.pending for batch in batches] == [0, 0]
    assert sql("SELECT DISTINCT score FROM players") == [(3,)]
