"""The online count: everybody hears the last one."""

from tests.fakes import open_connection
from tests.frames import payload
from tilo_ws.realtime.hub import Hub
from tilo_ws.services.online import Online


def test_a_count_that_was_told_in_between_is_corrected() -> None:
    """One came and heard 2, another left within the same second: the last count told to all was 1, but not to the first."""
    hub = Hub()
    told: list[bytes] = []
    online = Online(lambda: len(hub), told.append)
    first, second = open_connection("first")[0], open_connection("second")[0]
    hub.enter(first)
    online.announce()
    hub.enter(second)
    assert b'"count":2' in online.frame()
    hub.leave(first)
    online.announce()
    assert [b'"count":1' in frame for frame in told] == [True, True]
    online.announce()
    assert len(told) == 2


def test_a_count_is_told_only_when_it_is_another_than_the_last() -> None:
    hub = Hub()
    told: list[bytes] = []
    online = Online(lambda: len(hub), told.append)
    connections = [open_connection(f"c{number}")[0] for number in range(3)]
    online.announce()
    for connection in connections:
        hub.enter(connection)
    online.announce()
    online.announce()
    hub.leave(connections[0])
    online.announce()
    assert [payload(frame) for frame in told] == ['{"type":"online_count","count":3}', '{"type":"online_count","count":2}']
