"""The online count: everybody hears the last one."""

from tests.fakes import open_connection
from tilo_ws.realtime.hub import Hub
from tilo_ws.services.online import Online


def test_a_count_that_was_told_in_between_is_corrected() -> None:
    """Somebody came and heard 2, somebody else left within the same second: the last count told to all was 1, but not to him."""
    hub = Hub()
    told: list[bytes] = []
    online = Online(hub, told.append)
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
