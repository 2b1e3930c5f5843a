"""Connections whose other end has gone: closed some in a turn, in order, whatever happens to one."""

import logging
from functools import partial

import pytest

from tests.eventually import eventually
from tests.turns import turns_between
from tilo_ws.web.closings import MOST_AT_ONCE, Closings


async def test_the_first_of_a_turn_go_at_once_and_the_rest_in_order_some_in_each_turn() -> None:
    closings, done = Closings(), list[int]()
    async with turns_between(done) as turns:
        for number in range(2 * MOST_AT_ONCE + 1):
            closings.add(partial(done.append, number))
        assert len(done) == MOST_AT_ONCE
        await eventually(lambda: len(done) > 2 * MOST_AT_ONCE)
    assert max(turns.steps) == MOST_AT_ONCE
    assert done == sorted(done)


async def test_once_nobody_waits_any_more_the_next_goes_at_once() -> None:
    closings, done = Closings(), list[int]()
    for number in range(MOST_AT_ONCE + 1):
        closings.add(partial(done.append, number))
    await eventually(lambda: len(done) > MOST_AT_ONCE)
    closings.add(partial(done.append, len(done)))
    assert len(done) == MOST_AT_ONCE + 2


async def test_a_step_that_fails_is_told_of_and_keeps_none_from_its_turn(caplog: pytest.LogCaptureFixture) -> None:
    closings, done = Closings(), list[int]()

    def fail() -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        closings.add(fail)
    for _ in range(MOST_AT_ONCE):
        closings.add(lambda: None)
    for number in range(2):
        closings.add(fail)
        closings.add(partial(done.append, number))
    await eventually(lambda: len(done) == 2)
    closings.add(partial(done.append, 2))
    await eventually(lambda: len(done) == 3)
    assert [record.levelno for record in caplog.records if "a bug" in str(record.exc_info)] == [logging.ERROR] * 2
