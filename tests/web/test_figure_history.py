"""The last 15 minutes of the figures."""

from tests.fakes import FakeClock
from tests.web.test_statistics import Measured
from tilo_ws.web.figure_history import INTERVAL, LENGTH, SERIES, FigureHistory

DELIVERIES = list(SERIES).index("deliveries_per_second") + 1


class Kept:
    """A history on the clock of a server that does what the test says."""

    def __init__(self) -> None:
        self.measured = Measured()
        self.clock: FakeClock = self.measured.clock
        self.history = FigureHistory(self.measured.statistics, self.clock)

    def second(self, deliveries: int) -> None:
        """One second in which so much is delivered."""
        self.measured.pauses.append(0.0)
        self.measured.fanout.deliveries += deliveries
        self.clock.now += 1
        self.history.sample()


async def test_a_point_is_the_highest_of_its_seconds() -> None:
    kept = Kept()
    kept.clock.now = 1_004
    for deliveries in (10, 70, 20, 30, 40, 5):
        kept.second(deliveries)
    assert [(point[0], point[DELIVERIES]) for point in kept.history.all()] == [(201, 70), (202, 5)]


async def test_the_history_ends_15_minutes_ago() -> None:
    kept = Kept()
    for _ in range(20 * 60):
        kept.second(1)
    points = kept.history.all()
    assert len(points) == LENGTH
    assert (points[-1][0] - points[0][0]) * INTERVAL == 15 * 60


async def test_a_pause_is_a_gap() -> None:
    kept = Kept()
    kept.second(1)
    kept.clock.now += 60
    kept.second(1)
    first, second = kept.history.all()
    assert second[0] - first[0] == 12


async def test_the_newest_points_are_those_that_may_have_changed_since_a_second_ago() -> None:
    kept = Kept()
    assert kept.history.newest() == []
    for _ in range(3 * INTERVAL):
        kept.second(1)
        assert kept.history.newest() == kept.history.all()[-2:]
