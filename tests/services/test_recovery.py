"""What `hello` is answered: the chat that somebody missed, and whether that is all of it."""

import json
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Outage, Sql
from tests.eventually import eventually
from tests.fakes import FakeTransport, open_connection, takers
from tests.frames import payload
from tilo_ws import resources
from tilo_ws.protocol.chat_message import ChatDraft, ChatMessage
from tilo_ws.protocol.codes import CloseCode, CommandError, ErrorCode
from tilo_ws.protocol.commands import Hello
from tilo_ws.protocol.pushes import Limits
from tilo_ws.realtime.broker import MemoryBroker
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.receipt import Receipt
from tilo_ws.services.recovery import MAX_MESSAGES, Recovery
from tilo_ws.storage.database import Database

LIMITS = Limits(
    max_message_length=1, max_nickname_length=2, max_frame_bytes=3, chat_rate=4, chat_burst=5, command_rate=6, command_burst=7
)


class Desk:
    """A recovery over a broker whose messages have the numbers from 1,001 on; memory begins at 1,001 too."""

    def __init__(self, database: Database) -> None:
        self.unstored: list[ChatMessage] = []
        self.broker = MemoryBroker()
        self.broker.start(takers())
        self.broker.history.complete_after = 1_000
        self.broker.reserve(1_001, 9_000)
        self.recovery = Recovery(
            database, self.broker, unstored=lambda: self.unstored, limits=lambda: LIMITS, clock=lambda: 1.0
        )

    def say(self, count: int, text: str = "hi") -> None:
        for _ in range(count):
            id = UUID(int=self.broker.last_seq + 1)
            self.broker.publish(ChatDraft(id, "Zoë", None, text, 0.0), Receipt(open_connection()[0], None))

    def arrive(self) -> tuple[Connection, FakeTransport]:
        """A connection that opens now: everything said so far went out before it came."""
        connection, transport = open_connection()
        connection.joined_seq = self.broker.last_seq
        return connection, transport

    async def hello(self, joined: int | None = None, **fields: Any) -> dict[str, Any]:
        connection, transport = self.arrive()
        connection.joined_seq = joined or connection.joined_seq
        self.recovery.hello(connection, Hello(**fields))
        await eventually(lambda: transport.written)
        answer: dict[str, Any] = json.loads(payload(transport.written[0]))
        return answer

    @property
    def epoch(self) -> str:
        return str(self.recovery.epoch)


@pytest.fixture
async def desk(database: Database) -> Desk:
    made = Desk(database)
    await made.recovery.load()
    return made


def seqs(answer: dict[str, Any]) -> list[int]:
    return [message["seq"] for message in answer["messages"]]


def stored(sql: Sql, *numbers: int) -> None:
    for seq in numbers:
        sql("INSERT INTO chat_messages VALUES (%s, gen_random_uuid(), 'Zoë', NULL, 'stored', now())", seq)


async def test_a_newcomer_gets_the_last_messages(desk: Desk, sql: Sql) -> None:
    desk.say(5)
    answer = await desk.hello(history=3, ref="r")
    [(epoch,)] = sql("SELECT epoch::text FROM server_identity")
    assert seqs(answer) == [1_003, 1_004, 1_005]
    assert answer["messages"][0] | {"seq": 0} == {
        "type": "chat",
        "nickname": "Zoë",
        "message": "hi",
        "timestamp": "1970-01-01T00:00:00",
        "seq": 0,
        "id": str(UUID(int=1_003)),
    }
    assert answer | {"messages": []} == {
        "type": "welcome",
        "epoch": epoch,
        "seq": 1_005,
        "server_time": 1000,
        "player": None,
        "messages": [],
        "recovered": False,
        "deleted": [],
        "limits": {
            "max_message_length": 1,
            "max_nickname_length": 2,
            "max_frame_bytes": 3,
            "chat_rate": 4.0,
            "chat_burst": 5.0,
            "command_rate": 6.0,
            "command_burst": 7.0,
        },
        "ref": "r",
    }


async def test_without_a_wish_there_is_no_history_and_without_a_ref_none(desk: Desk) -> None:
    desk.say(5)
    answer = await desk.hello()
    assert (answer["seq"], answer["messages"], "ref" in answer) == (1_005, [], False)


async def test_what_was_missed_comes_from_memory(desk: Desk) -> None:
    desk.say(5)
    for epoch in (desk.epoch, desk.epoch.upper(), None):
        answer = await desk.hello(after=1_003, epoch=epoch, history=100)
        assert (seqs(answer), answer["recovered"]) == ([1_004, 1_005], True)


async def test_who_missed_nothing_has_recovered(desk: Desk) -> None:
    desk.say(5)
    answer = await desk.hello(after=1_005, epoch=desk.epoch)
    assert (seqs(answer), answer["recovered"]) == ([], True)


async def test_what_goes_out_after_the_opening_is_not_in_the_answer(desk: Desk) -> None:
    desk.say(3)
    connection, transport = desk.arrive()
    desk.say(2)
    desk.recovery.hello(connection, Hello(after=1_002))
    answer = json.loads(payload(transport.written[0]))
    assert (answer["seq"], seqs(answer), answer["recovered"]) == (1_003, [1_003], True)


@pytest.mark.parametrize("wish", [{"after": 1_003, "epoch": "another"}, {"after": 1_006}])
async def test_numbers_that_mean_nothing_here_are_answered_as_if_there_were_none(desk: Desk, wish: dict[str, Any]) -> None:
    desk.say(5)
    desk.broker.retract(1_001, UUID(int=1_001))
    answer = await desk.hello(history=2, **wish)
    assert (seqs(answer), answer["recovered"], answer["deleted"]) == ([1_004, 1_005], False, [])


async def test_a_gap_is_told_where_clean_up_has_removed(desk: Desk) -> None:
    desk.say(5)
    desk.broker.history.remove_through(1_003)
    answer = await desk.hello(after=1_002)
    assert (seqs(answer), answer["recovered"]) == ([1_004, 1_005], False)
    assert (await desk.hello(after=1_003))["recovered"] is True


async def test_deleted_messages_are_named_and_not_shown(desk: Desk) -> None:
    desk.say(5)
    for seq in (1_002, 1_004):
        desk.broker.retract(seq, UUID(int=seq))
    answer = await desk.hello(after=1_003)
    assert (seqs(answer), answer["recovered"], answer["deleted"]) == ([1_005], True, [1_002])


async def test_older_messages_come_from_postgresql(desk: Desk, sql: Sql) -> None:
    stored(sql, 7, 8, 9)
    sql("UPDATE chat_messages SET deleted_at = now(), message = '' WHERE seq = 8")
    desk.say(2)
    answer = await desk.hello(after=6)
    assert (seqs(answer), answer["recovered"]) == ([7, 9, 1_001, 1_002], True)
    assert seqs(await desk.hello(after=6, joined=7)) == [7]


async def test_older_messages_that_wait_to_be_stored_are_among_them(desk: Desk, sql: Sql) -> None:
    stored(sql, 7, 9)
    desk.unstored = [ChatMessage(seq, UUID(int=seq), "Zoë", None, "waits", 0.0) for seq in (8, 1_001)]
    desk.unstored.append(ChatMessage(9, UUID(int=9), "Zoë", None, "", 0.0, deleted_at=1.0))
    desk.say(1)
    answer = await desk.hello(after=6)
    assert [message["message"] for message in answer["messages"]] == ["stored", "waits", "hi"]


async def test_without_postgresql_memory_is_given_and_a_gap_is_told(outage: Outage) -> None:
    database = Database(resources.QUERIES, pool_min=1, pool_max=1)
    await database.open(outage.dsn)
    desk = Desk(database)
    await desk.recovery.load()
    desk.say(2)
    outage.begin()
    answer = await desk.hello(after=6)
    assert (seqs(answer), answer["recovered"]) == ([1_001, 1_002], False)
    assert (await desk.hello(after=1_001))["recovered"] is True
    outage.end()
    await database.close()


async def test_of_too_many_the_newest_are_given(desk: Desk, sql: Sql) -> None:
    stored(sql, 999, 1_000)
    desk.say(MAX_MESSAGES - 1)
    answer = await desk.hello(after=999)
    assert (seqs(answer)[0], len(answer["messages"]), answer["recovered"]) == (1_000, MAX_MESSAGES, True)
    answer = await desk.hello(after=998)
    assert (seqs(answer)[0], len(answer["messages"]), answer["recovered"]) == (1_000, MAX_MESSAGES, False)


async def test_of_too_much_the_newest_is_given(desk: Desk) -> None:
    desk.say(5, "x" * 65_536)
    answer = await desk.hello(after=1_000)
    assert (seqs(answer), answer["recovered"]) == ([1_003, 1_004, 1_005], False)


async def test_one_answer_at_a_time_is_looked_for(desk: Desk) -> None:
    connection, transport = desk.arrive()
    desk.recovery.hello(connection, Hello(after=6))
    with pytest.raises(CommandError) as refused:
        desk.recovery.hello(connection, Hello(after=6))
    assert refused.value.code is ErrorCode.BUSY
    await eventually(lambda: transport.written)
    desk.recovery.hello(connection, Hello(after=6))
    await desk.recovery.close()
    assert len(transport.written) == 1


async def test_a_bug_while_the_database_is_read_ends_the_connection_and_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*arguments: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(desk.recovery, "_recover", fail)
    desk.say(1)
    connection, _ = desk.arrive()
    desk.recovery.hello(connection, Hello(after=5, epoch=desk.epoch))
    await eventually(lambda: connection.close_code == CloseCode.INTERNAL_ERROR)
    assert "a bug" in caplog.text
