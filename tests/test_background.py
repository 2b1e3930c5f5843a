"""Actions that run again and again."""

import asyncio

import pytest

from tests.eventually import PATIENCE, eventually
from tilo_ws import background
from tilo_ws.background import Every


class Told(Exception):
    """An exception of which the log has heard already."""


class Action:
    """Counts its runs; fails as often as the test says, then waits until it may end."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.begun = 0
        self.ended = 0
        self.may_end = asyncio.Event()

    async def __call__(self) -> None:
        self.begun += 1
        if self._failures:
            raise self._failures.pop(0)
        await self.may_end.wait()
        self.ended += 1


async def test_an_action_that_fails_is_logged_and_runs_again(caplog: pytest.LogCaptureFixture) -> None:
    action = Action(ValueError("a bug"), Told("known"))
    async with background.running(Every(0, action, "sweeping"), told=(Told,)):
        await eventually(lambda: action.begun == 3)
        action.may_end.set()
    assert [record.message for record in caplog.records] == ["sweeping failed; it runs again in 0 s"]
    assert caplog.records[0].exc_info


async def test_a_run_under_way_is_finished_before_the_end() -> None:
    action = Action()
    async with background.running(Every(60, action, "sweeping")):
        await eventually(lambda: action.begun == 1)
        asyncio.get_running_loop().call_later(0.01, action.may_end.set)
    assert (action.begun, action.ended) == (1, 1)


async def test_a_run_that_does_not_end_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "STOP_TIMEOUT", 0.01)
    action = Action()
    async with asyncio.timeout(PATIENCE), background.running(Every(60, action, "sweeping")):
        await eventually(lambda: action.begun == 1)
    assert action.ended == 0


async def test_a_plain_function_that_fails_is_logged_and_runs_again(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[Exception] = [ValueError("a bug"), Told("known")]
    ended = asyncio.Event()

    def action() -> None:
        if failures:
            raise failures.pop(0)
        ended.set()

    async with asyncio.timeout(PATIENCE), background.running(Every(0, action, "counting"), told=(Told,)):
        await ended.wait()
    assert [record.message for record in caplog.records] == ["counting failed; it runs again in 0 s"]


async def test_after_the_end_nothing_runs_any_more() -> None:
    runs = []
    async with background.running(Every(0, lambda: runs.append(1), "counting")):
        await eventually(lambda: len(runs) > 1)
    before = len(runs)
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(runs) == before
