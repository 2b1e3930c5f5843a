"""Slow mode as admins set it."""

import asyncio

import pytest

from tests.fakes import no_rules, tell_nobody
from tilo_ws.protocol.pushes import Limits
from tilo_ws.services.slow_mode import SlowMode
from tilo_ws.storage.database import Database

LIMITS = Limits(
    max_message_length=500,
    max_nickname_length=32,
    max_frame_bytes=16_384,
    chat_rate=2,
    chat_burst=10,
    command_rate=20,
    command_burst=60,
)


async def test_of_two_admins_the_later_one_counts_here_as_in_the_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_mode = SlowMode(database, no_rules(), LIMITS, lambda frame: None, tell_nobody)
    stored: list[float] = []
    answered = asyncio.Event()

    async def store(*, seconds: float) -> None:
        stored.append(seconds)
        if seconds == 5:
            await answered.wait()

    monkeypatch.setattr(slow_mode, "_store", store)
    changes = [asyncio.create_task(slow_mode.set(seconds)) for seconds in (5, 10)]
    for _ in range(3):
        await asyncio.sleep(0)
    answered.set()
    await asyncio.gather(*changes)
    assert stored == [5, 10]
    assert slow_mode.seconds == 10
