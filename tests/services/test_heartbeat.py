"""The server's pings."""

from tests.fakes import open_connection
from tilo_ws.services.heartbeat import MEASURE_INTERVAL, measure_round_trips


def test_a_connection_is_pinged_at_most_once_in_an_interval_however_many_look() -> None:
    connection, transport = open_connection()
    for now in (1_000.0, 1_000.0, 1_000.0 + MEASURE_INTERVAL - 1):
        measure_round_trips([connection], now)
    assert len(transport.written) == 1
    measure_round_trips([connection], 1_000.0 + MEASURE_INTERVAL)
    assert len(transport.written) == 2
    assert connection.messages_out == 0, "a ping is no message"
