"""Connections whose other end has gone: closed some in a turn, in order, whatever happens to one."""

import asyncio
import logging
from functools import partial

import pytest

from tests.eventually import eventually
from tilo_ws.web.closings import MOST_AT_ONCE, Closings


async def test_steps_take_turns_in_the_order_in_which_they_came() -> None:
    closings, done = Closings(), list[int]()
    for number in range(2 * MOST_AT_ONCE + 1):
        closings.add(partial(done.append, number))
    sizes = [0]
    while sizes[-1] <= 2 * MOST_AT_ONCE:
        await asyncio.sleep(0)
        if len(done) > sizes[-1]:
            sizes.append(len(done))
    assert sizes == [0, MOST_AT_ONCE, 2 * MOST_AT_ONCE, 2 * MOST_AT_ONCE + 1]
    assert done == sorted(done)


async def test_a_step_that_fails_is_told_of_and_keeps_none_from_its_turn(caplog: pytest.LogCaptureFixture) -> None:
    closings, done = Closings(), list[int]()

    def fail() -> None:
        raise RuntimeError("a bug")

    for number in range(2):
        closings.add(fail)
        closings.add(partial(done.append, number))
    await eventually(lambda: len(done) == 2)
    closings.add(partial(done.append, 2))
    await eventually(lambda: len(done) == 3)
    assert [record.levelno for record in caplog.records if "a bug" in str(record.exc_info)] == [logging.ERROR] * 2
