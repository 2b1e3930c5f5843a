"""Churn: players come, say something and are cut off, one after the other."""

import asyncio
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.eventually import eventually
from tests.reliability.player import Player

_AT_ONCE = 20
_PAUSE = 0.2


class Resources(NamedTuple):
    """What a process has of the system."""

    resident_mb: float
    files: int
    threads: int


def resources(pid: int) -> Resources:
    """Linux only."""
    process = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    files = len(list((process / "fd").iterdir()))
    return Resources(int(status["VmRSS"].split()[0]) / 1024, files, int(status["Threads"]))


async def churn(port: int, seconds: float, chance: Random) -> int:
    """Some players at a time, for so many seconds. Returns how many there were."""
    until = asyncio.get_running_loop().time() + seconds
    return sum(await asyncio.gather(*(_come_and_go(port, until, chance) for _ in range(_AT_ONCE))))


async def _come_and_go(port: int, until: float, chance: Random) -> int:
    count = 0
    while asyncio.get_running_loop().time() < until:
        await _visit(port, chance)
        await asyncio.sleep(chance.uniform(0, 2 * _PAUSE))
        count += 1
    return count


async def _visit(port: int, chance: Random) -> None:
    player = Player(port, chance=chance)
    playing = asyncio.create_task(player.play())
    player.say("here for a moment")
    await eventually(lambda: player.acknowledged and player.shown, interval=0.01)
    playing.cancel()
    await asyncio.wait([playing])
