"""Recovery in figures: bad lines, a restart with 5,000 players, ten minutes of coming and going.

.venv/bin/python -m benchmarks.reliability                    all, about thirteen minutes
.venv/bin/python -m benchmarks.reliability jitter avalanche   some: jitter, avalanche, soak
"""

import asyncio
import sys
from pathlib import Path
from random import Random

from tests.conftest import open_directory
from tests.reliability.avalanche import crowding, restart
from tests.reliability.churn import churn, resources
from tests.reliability.crowd import playing, repeating
from tests.reliability.jitter import bad_lines
from tests.reliability.server import serving
from tilo_ws import process_limits
from tilo_ws.load.run import percentiles

_SPEAKERS = 5
_CHANCE = Random()


async def jitter(directory: Path) -> None:
    """1,000 players on bad lines hear what five on good ones say, five messages a second for 60 seconds."""
    async with serving(directory) as server, playing(server.port, 1000 + _SPEAKERS, _CHANCE) as crowd:
        crowd.speakers, listeners = crowd.players[:_SPEAKERS], crowd.players[_SPEAKERS:]
        async with repeating(5, crowd.say), bad_lines(listeners, _CHANCE):
            await asyncio.sleep(60)
        await crowd.everything_shown()
        crowd.check()
        cuts = sum(len(player.returns) - 1 for player in listeners)
        print(
            f"jitter: {len(crowd.said)} messages to {len(listeners)} players, who came back {cuts:,} times:"
            f" all shown, none twice, {percentiles(crowd.delays(listeners))}"
        )


async def avalanche(directory: Path) -> None:
    """5,000 players, and the server is restarted."""
    async with serving(directory) as server, playing(server.port, 5000, _CHANCE) as crowd:
        fallen = await restart(server, crowd)
        print(
            f"avalanche: all back {fallen.all_back:.1f} s after the signal, in {len(fallen.planned):,} attempts; the fullest"
            f" 100 ms had {crowding(fallen.planned):.2f} times the mean of attempts, {crowding(fallen.returned):.2f} of returns"
        )


async def soak(directory: Path) -> None:
    """Ten minutes of players who come, chat and are cut off."""
    async with serving(directory, TILO_POOL_MIN="5", TILO_POOL_MAX="5") as server:
        players = 0
        print("soak: minute, players so far, resident MB, open files, threads")
        for minute in range(11):
            resident_mb, files, threads = resources(server.pid)
            print(f"soak: {minute:2}, {players:6,}, {resident_mb:.1f}, {files}, {threads}", flush=True)
            if minute < 10:
                players += await churn(server.port, 60, _CHANCE)


def main() -> None:
    """Prints what each one found."""
    process_limits.raise_open_files()
    for name in sys.argv[1:] or ["jitter", "avalanche", "soak"]:
        with open_directory() as directory:
            asyncio.run({"jitter": jitter, "avalanche": avalanche, "soak": soak}[name](directory))


if __name__ == "__main__":
    main()
