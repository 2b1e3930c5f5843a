"""Who waits for a write to be stored, and what it is told."""

import json

import pytest

from tests.fakes import open_connection
from tests.frames import payload
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.realtime.receipt import MAX_WAITING, Receipt, acknowledge_all, refuse_all


def test_one_connection_cannot_fill_the_backlog() -> None:
    connection, _ = open_connection()
    receipts = [Receipt(connection, number) for number in range(MAX_WAITING)]
    with pytest.raises(CommandError) as refused:
        Receipt(connection, "one more")
    assert refused.value.code is ErrorCode.BUSY
    assert refused.value.retry_after
    receipts[0].acknowledge()
    Receipt(connection, "now it fits")


def test_only_who_asked_is_told_of_success_and_everybody_of_a_refusal() -> None:
    connection, transport = open_connection()
    acknowledge_all([Receipt(connection, None), Receipt(connection, "a")])
    assert [json.loads(payload(frame)) for frame in transport.written] == [{"type": "ack", "ref": "a"}]
    refuse_all([Receipt(connection, None), Receipt(connection, "b")])
    assert [json.loads(payload(frame)).get("ref", "none") for frame in transport.written[1:]] == ["none", "b"]
    assert connection.waiting == 0
