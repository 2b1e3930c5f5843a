"""One connection's conversation."""

import json
from typing import Any

import pytest

from tests.fakes import FakeTransport, open_connection
from tests.frames import payload
from tilo_ws.protocol.codes import CloseCode, CommandError, ErrorCode
from tilo_ws.protocol.commands import GetEvents, Ping
from tilo_ws.protocol.token_bucket import TokenBucket
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.session import FLOOD_REFUSALS, Handlers, Session


class Conversation:
    """A session whose handlers note what they carry out; `get_events` is always refused."""

    def __init__(self, burst: float = 100) -> None:
        self.carried_out: list[object] = []
        self.transport: FakeTransport
        self.connection, self.transport = open_connection()
        handlers = Handlers({Ping: self._note, GetEvents: self._refuse})
        self.session = Session(self.connection, handlers, TokenBucket(rate=1, burst=burst, now=0.0))

    def _note(self, connection: Connection, command: Any) -> None:
        self.carried_out.append(command)

    def _refuse(self, connection: Connection, command: Any) -> None:
        raise CommandError(ErrorCode.BUSY, "no")

    def answers(self) -> list[tuple[object, object]]:
        """Code and ref of each answer."""
        said = [json.loads(payload(frame)) for frame in self.transport.written]
        return [(answer["code"], answer.get("ref")) for answer in said]


def test_a_command_is_carried_out_by_its_handler() -> None:
    talk = Conversation()
    talk.session.receive('{"type":"ping","ref":1}', 0.0)
    assert talk.carried_out == [Ping(ref=1)]
    assert talk.answers() == []


def test_a_refusal_is_an_error_with_the_ref_of_its_command() -> None:
    talk = Conversation()
    talk.session.receive('{"type":"get_events","ref":"a"}', 0.0)
    talk.session.receive("nonsense", 0.0)
    talk.session.refuse_binary(0.0)
    assert talk.answers() == [("busy", "a"), ("bad_json", None), ("bad_json", None)]


def test_faulty_frames_count_as_commands_do() -> None:
    talk = Conversation(burst=3)
    for text in ("nonsense", '{"type":"ping"}', '{"type":"x"}', '{"type":"ping","ref":4}'):
        talk.session.receive(text, 0.0)
    assert [code for code, _ in talk.answers()] == ["bad_json", "unknown_type", "rate_limited"]
    talk.session.receive('{"type":"ping","ref":5}', 1.0)
    assert talk.carried_out == [Ping(), Ping(ref=5)]


def test_a_bug_of_a_handler_is_not_hidden() -> None:
    def broken(connection: Connection, command: Any) -> None:
        raise ZeroDivisionError

    connection, _ = open_connection()
    session = Session(connection, Handlers({Ping: broken}), TokenBucket(rate=0, burst=1, now=0.0))
    with pytest.raises(ZeroDivisionError):
        session.receive('{"type":"ping"}', 0.0)


async def test_who_is_told_that_the_server_is_busy_does_not_flood_by_asking_again() -> None:
    talk = Conversation(burst=1000)
    for _ in range(FLOOD_REFUSALS):
        talk.session.receive('{"type":"get_events"}', 0.0)
    assert talk.connection.close_code is None
    for _ in range(FLOOD_REFUSALS):
        talk.session.receive("nonsense", 0.0)
    assert talk.connection.close_code == CloseCode.FLOODING
