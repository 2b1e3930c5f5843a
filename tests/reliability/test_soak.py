"""Players that come and go for a while leave nothing behind."""

import asyncio
import gc
import os
import sys
from pathlib import Path
from random import Random

import pytest

from tests.conftest import StartServer
from tests.eventually import eventually
from tests.reliability.churn import churn, resources
from tests.reliability.server import serving
from tilo_ws.realtime.connection import Connection

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


def connections() -> list[Connection]:
    """All that somebody still keeps."""
    gc.collect()
    return [thing for thing in gc.get_objects() if isinstance(thing, Connection)]


async def test_who_is_gone_leaves_no_task_no_open_file_and_no_connection(start_server: StartServer, chance: Random) -> None:
    others = connections()  # of tests before this one
    client = await start_server(pool_min=4, pool_max=4)
    assert client.port is not None
    tasks, files = len(asyncio.all_tasks()), resources(os.getpid()).files
    assert await churn(client.port, 3, chance) > 20
    await eventually(lambda: len(asyncio.all_tasks()) <= tasks)
    await eventually(lambda: resources(os.getpid()).files <= files)
    assert not [one for one in connections() if one not in others], "somebody keeps a connection"


@pytest.mark.long
async def test_churn_leaves_memory_and_open_files_as_they_were(server_directory: Path, chance: Random) -> None:
    # Otherwise the pool grows when the machine is busy.
    pool = {"TILO_POOL_MIN": "4", "TILO_POOL_MAX": "4"}
    async with serving(server_directory, **pool) as server:
        await churn(server.port, 5, chance)
        before = resources(server.pid)
        assert await churn(server.port, 20, chance) > 200
        await eventually(lambda: resources(server.pid)[1:] <= before[1:])
        # The ids of ten minutes are remembered, some 300 bytes each.
        assert resources(server.pid).resident_mb < before.resident_mb + 10
