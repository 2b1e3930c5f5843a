"""How often a connection may say hello."""

import gc
import weakref

import pytest

from tests.fakes import open_connection
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.commands import Hello
from tilo_ws.realtime.connection import Connection
from tilo_ws.services.hello_rate import HELLO_BURST, limited


class Desk:
    """Whom it has answered, on a clock that stands still."""

    def __init__(self) -> None:
        self.now = 0.0
        self.answered: list[str] = []
        self.handle = limited(lambda connection, command: self.answered.append(connection.id), lambda: self.now)

    def hello(self, connection: Connection) -> CommandError | None:
        try:
            self.handle(connection, Hello())
        except CommandError as refusal:
            return refusal
        return None


def test_each_connection_may_say_hello_a_few_times_and_then_once_a_second() -> None:
    desk = Desk()
    one, other = open_connection()[0], open_connection()[0]
    assert [desk.hello(one) for _ in range(HELLO_BURST)] == [None] * HELLO_BURST
    refusal = desk.hello(one)
    assert refusal is not None
    assert (refusal.code, refusal.retry_after) == (ErrorCode.RATE_LIMITED, 1.0)
    assert desk.hello(other) is None
    desk.now = 1.0
    assert desk.hello(one) is None
    assert desk.hello(one) is not None
    assert len(desk.answered) == HELLO_BURST + 2


def test_a_connection_that_has_left_is_not_kept() -> None:
    desk = Desk()
    connection = open_connection()[0]
    desk.hello(connection)
    gone = weakref.ref(connection)
    del connection
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("late", [0.4, 0.999])
def test_after_the_time_that_was_named_it_is_answered(late: float) -> None:
    desk = Desk()
    connection = open_connection()[0]
    while desk.hello(connection) is None:
        pass
    desk.now = late
    refusal = desk.hello(connection)
    assert refusal is not None
    assert refusal.retry_after is not None
    desk.now += refusal.retry_after
    assert desk.hello(connection) is None
