"""Announcements to all, told by another server."""

import msgspec
import pytest

from tests.services.test_connections import state
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.servers import LoneServer
from tilo_ws.services.announcements import MAX_AGE, Announcements
from tilo_ws.services.connections import Connections


class Joined(LoneServer):
    """It has the others' time."""

    def now(self) -> float:
        return 1_000.0


@pytest.mark.parametrize(("age", "heard"), [(0, True), (MAX_AGE - 1, True), (MAX_AGE, False), (600, False)])
async def test_one_that_comes_late_is_heard_by_nobody_and_logged(
    age: float, heard: bool, caplog: pytest.LogCaptureFixture
) -> None:
    frames: list[bytes] = []
    servers = Joined(lambda: state("a", 0), lambda: 0)
    announcements = Announcements(Connections(Hub(), servers), frames.append, lambda topic, content: None, servers)
    announcements.hear(msgspec.msgpack.encode((1_000.0 - age, b"hello")))
    assert frames == ([b"hello"] if heard else [])
    assert ("came 600 s late" in caplog.text) == (age == 600)
