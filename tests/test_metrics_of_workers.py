"""`--workers 2`: one scrape tells of both, whichever of them it comes to."""

import asyncio
from pathlib import Path

import aiohttp

from tests.command import run
from tests.eventually import PATIENCE
from tests.test_supervisor import players_on, reading
from tests.web.test_metrics import Samples, samples_of, values_by
from tilo_ws.web.scrape import Reading, _newest_of_each


async def samples(session: aiohttp.ClientSession) -> Samples:
    async with session.get("/metrics", headers={"Connection": "close"}) as response:
        return samples_of(await response.text())


async def test_any_worker_tells_of_all(server_directory: Path) -> None:
    async with run(server_directory, "--workers", "2") as server, reading(server) as url:
        async with players_on(url, 20), aiohttp.ClientSession(url) as session:
            async with asyncio.timeout(PATIENCE):
                for _ in range(8):  # all of them to one of the two: once in 128 runs
                    while set(values_by(found := await samples(session), "tilo_connections", "worker")) != {"1", "2"}:
                        await asyncio.sleep(0.1)  # they have just started, and know of each other within a second
                    assert sum(values_by(found, "tilo_connections", "worker").values()) == 20
                    assert set(values_by(found, "process_resident_memory_bytes", "worker")) == {"1", "2"}
                while set(values_by(found, "tilo_online_connections", "worker").values()) != {20}:
                    found = await samples(session)
        server.tell(15)


def test_of_two_with_one_number_the_newer_is_told() -> None:
    readings = [Reading("1", 10.0, []), Reading("2", 5.0, []), Reading("1", 20.0, [])]
    assert _newest_of_each(readings) == [readings[2], readings[1]]
