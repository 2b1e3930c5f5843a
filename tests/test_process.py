"""What the process takes from the operating system, and how it keeps its pauses short."""

import gc
import resource
import weakref
from collections.abc import Iterator

import aiohttp
import pytest

from tests.conftest import StartServer
from tests.eventually import eventually
from tilo_ws import process_limits
from tilo_ws.garbage import Freezer, GarbagePauses
from tilo_ws.web import keys


@pytest.fixture
def few_files() -> Iterator[None]:
    """A limit of 1,024 open files, as systems have it for their users."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("few_files")
def test_the_limit_of_open_files_is_raised_as_far_as_it_goes() -> None:
    assert process_limits.possible_connections() == 1024 - 200
    process_limits.raise_open_files()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard


async def test_a_full_server_says_so(start_server: StartServer) -> None:
    client = await start_server(max_connections=1)
    first = await client.ws_connect("/ws")
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.ws_connect("/ws")
    assert refused.value.status == 503
    assert refused.value.headers is not None
    assert refused.value.headers["Retry-After"]
    await first.close()
    assert client.app is not None
    hub = client.app[keys.HUB]
    await eventually(lambda: not len(hub))
    await client.ws_connect("/ws")


def test_the_longest_pause_of_the_garbage_collector_is_known() -> None:
    pauses = GarbagePauses()
    pauses.start()
    gc.collect()
    pauses.stop()
    worst = pauses.take_worst()
    assert worst > 0
    assert pauses.take_worst() == 0
    gc.collect()
    assert pauses.take_worst() == 0, "stopped"


class _Node:
    """Refers to itself: only the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_survives_a_full_collection_is_not_walked_over_again_until_the_period_is_over() -> None:
    now = 0.0
    freezer = Freezer(period=60.0, clock=lambda: now)
    freezer.start()
    try:
        node = _Node()
        gone = weakref.ref(node)
        frozen = gc.get_freeze_count()
        gc.collect(1)
        assert gc.get_freeze_count() == frozen, "what is young may still go"
        gc.collect()
        assert gc.get_freeze_count() > frozen
        del node
        gc.collect()
        assert gone() is not None, "it was walked over again"
        now = 60.0
        gc.collect()
        assert gone() is None
    finally:
        freezer.stop()
    assert not gc.get_freeze_count()


def test_what_a_crowd_brings_is_frozen_in_small_steps() -> None:
    steps: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            steps.append(len(gc.get_objects()))

    thresholds = gc.get_threshold()
    freezer = Freezer()
    freezer.start()
    gc.callbacks.append(note)
    try:
        crowd: list[list[object]] = []
        while len(steps) < 6 and len(crowd) < 3_000_000:
            crowd.append([crowd])
    finally:
        gc.callbacks.remove(note)
        freezer.stop()
    assert steps[-1] < 20_000, "the first ones are longer: Python waits for a quarter of what the last one walked over"
    assert gc.get_threshold() == thresholds


async def test_a_connection_that_leaves_is_freed_without_the_collector(start_server: StartServer) -> None:
    client = await start_server()
    assert client.app is not None
    hub = client.app[keys.HUB]
    gc.collect()
    gc.disable()
    try:
        await client.ws_connect("/ws")
        [gone] = [weakref.ref(connection) for connection in hub]
        await client.session.close()
        await eventually(lambda: gone() is None)
    finally:
        gc.enable()
