"""How often a value fell into each range."""

from tilo_ws.histogram import Histogram


def test_a_value_belongs_to_the_first_bound_that_is_not_below_it() -> None:
    histogram = Histogram((1, 2))
    for value in (0.5, 1, 1.5, 2, 3):
        histogram.add(value)
    assert histogram.counts == [2, 2, 1]
    assert histogram.sum == 8


def test_many_at_once_count_like_one_by_one() -> None:
    one_by_one, at_once = Histogram(), Histogram()
    values = [0.0, 0.001, 0.2, 99.0]
    for value in values:
        one_by_one.add(value)
    at_once.add_all(value for value in values)
    assert at_once.counts == one_by_one.counts
    assert at_once.sum == one_by_one.sum
