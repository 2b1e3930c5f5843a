"""Chat's rules about the database: what is stored under which number, what clean-up removes, when there are no numbers."""

import asyncio
import time
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Sql, Transaction
from tests.eventually import eventually
from tests.fakes import FakeClock, no_rules, open_connection, takers, tell_nobody
from tilo_ws.protocol import pushes
from tilo_ws.protocol.chat_message import ChatDraft
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.commands import SendChat
from tilo_ws.protocol.lookalikes import ReservedNames
from tilo_ws.protocol.repeats import Repeats
from tilo_ws.realtime.broker import MemoryBroker
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.receipt import Receipt, busy
from tilo_ws.services.chat import Chat
from tilo_ws.services.chat_rates import ChatRates
from tilo_ws.services.moderation import Moderation
from tilo_ws.services.shadow_chat import ShadowChat
from tilo_ws.services.text_rules import TextRules
from tilo_ws.storage.backlog import Backlog
from tilo_ws.storage.database import Database
from tilo_ws.storage.errors import DatabaseAway

NO_LIMIT = ChatRates(0, 1, is_proxy=lambda ip: False)


class Room:
    """A chat with a hundred numbers, on a clock of the test. A statement is run only when the test says `store`."""

    def __init__(self, database: Database, first_seq: int = 1, **settings: Any) -> None:
        self.clock = FakeClock()
        self.broker = MemoryBroker()
        self.hub = Hub()
        self.moderation = Moderation(database, self.hub, tell_nobody, clock=self.clock)
        self.shadow = ShadowChat(database, Backlog(), self.hub, tell_nobody, retention=60, clock=self.clock)
        limits: dict[str, Any] = {
            "max_message_length": 0,
            "max_nickname_length": 0,
            "rates": NO_LIMIT,
            "rules": no_rules(),
            "moderation": self.moderation,
            "shadow": self.shadow,
            "retention": 60,
        }
        self.chat = Chat(database, self.broker, Backlog(), **limits | settings, clock=self.clock)
        self.delivered: list[bytes] = []
        self.broker.start(
            **takers(
                deliver=lambda frame, seq: self.delivered.append(frame),
                answer=self.chat.answer,
                retracted=self.chat.retracted,
            )
        )
        self.broker.reserve(first_seq, first_seq + 99)
        self.connection, self.transport = open_connection()

    def say(self, message: str, id: int | None = None) -> None:
        command = SendChat(nickname="Zoë", message=message, id=None if id is None else UUID(int=id))
        self.chat.send(self.connection, command)

    async def store(self) -> None:
        await self.chat.commit.flush()


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


async def test_clean_up_removes_a_prefix_of_the_numbers_and_remembers_where_it_ends(room: Room, sql: Sql) -> None:
    for message in ("one", "two", "three"):
        room.say(message)
        room.clock.now += 10
    await room.store()
    # Out of order: the message between two old ones goes with them, so that what is kept has no hole.
    sql("UPDATE chat_messages SET created_at = to_timestamp(%s) WHERE message = 'one'", room.clock.now)
    room.clock.now += 45
    await room.chat.clean_up()
    assert sql("SELECT message FROM chat_messages") == [("three",)]
    assert sql("SELECT removed_seq FROM server_identity") == [(2,)]
    assert [message.message for message in room.broker.history.newest(9)] == ["three"]

    room.clock.now += 60
    await room.chat.clean_up()
    await room.chat.clean_up()
    assert sql("SELECT removed_seq FROM server_identity") == [(3,)]


async def test_clean_up_asks_postgresql_only_when_the_oldest_message_is_due(room: Room, sql: Sql) -> None:
    room.say("young")
    await room.store()
    sql("INSERT INTO chat_messages VALUES (-1, gen_random_uuid(), 'n', NULL, 'unseen', to_timestamp(0))")
    room.clock.now += 59
    await room.chat.clean_up()
    assert sql("SELECT message FROM chat_messages ORDER BY seq") == [("unseen",), ("young",)]
    room.clock.now += 2
    await room.chat.clean_up()
    assert sql("SELECT message FROM chat_messages") == []


async def test_after_a_restart_the_oldest_message_is_known(room: Room, database: Database, sql: Sql) -> None:
    room.say("hi")
    await room.store()
    later = Room(database)
    await later.chat.load()
    assert [message.message for message in later.broker.history.newest(9)] == ["hi"]
    later.clock.now = room.clock.now + 61
    await later.chat.clean_up()
    assert sql("SELECT message FROM chat_messages") == []


async def test_without_retention_everything_is_kept(database: Database, sql: Sql) -> None:
    room = Room(database, retention=0)
    room.say("hi")
    await room.store()
    room.clock.now += 1e9
    await room.chat.clean_up()
    assert sql("SELECT message FROM chat_messages") == [("hi",)]


async def test_one_id_under_two_numbers_keeps_the_higher(database: Database, sql: Sql) -> None:
    first, second = Room(database), Room(database, first_seq=101)
    first.say("hi", id=7)
    second.say("hi", id=7)
    await second.store()
    await first.store()  # the statement of a server that was killed can commit late
    assert sql("SELECT seq FROM chat_messages WHERE id = %s", str(UUID(int=7))) == [(101,)]


async def test_a_stored_message_is_emptied_and_keeps_number_and_id(room: Room, sql: Sql) -> None:
    room.say("rude", id=7)
    await room.store()
    assert await room.chat.delete(1)
    assert sql("SELECT seq, id::text, message, deleted_at IS NOT NULL FROM chat_messages") == [(1, str(UUID(int=7)), "", True)]
    assert room.delivered[-1] == pushes.chat_deleted(1, UUID(int=7))
    assert room.broker.history.newest(9) == []
    assert not await room.chat.delete(2)
    assert len(room.delivered) == 2


async def test_a_message_that_waits_is_changed_before_it_is_stored(room: Room, sql: Sql) -> None:
    room.say("rude", id=7)
    deleting = asyncio.create_task(room.chat.delete(1))
    await asyncio.sleep(0)
    assert room.delivered[-1] == pushes.chat_deleted(1, UUID(int=7))
    await room.store()
    assert await deleting
    assert sql("SELECT message, deleted_at IS NOT NULL FROM chat_messages") == [("", True)]


async def test_a_message_whose_statement_is_under_way_is_changed_after_it(
    room: Room, sql: Sql, transaction: Transaction
) -> None:
    room.say("rude", id=7)
    transaction.begin("LOCK TABLE chat_messages")
    storing = asyncio.create_task(room.store())
    await eventually(lambda: sql("SELECT 1 FROM pg_locks WHERE NOT granted"))
    deleting = asyncio.create_task(room.chat.delete(1))
    await asyncio.sleep(0)
    transaction.end()
    await storing
    assert sql("SELECT message FROM chat_messages") == [("rude",)]
    await room.store()
    assert await deleting
    assert sql("SELECT message FROM chat_messages") == [("",)]


async def test_a_deletion_that_cannot_be_stored_says_so_and_is_stored_later(
    room: Room, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tilo_ws.services.chat._DELETION_TIMEOUT", 0.01)
    room.say("rude")
    with pytest.raises(DatabaseAway):
        await room.chat.delete(1)
    await room.store()
    assert sql("SELECT message FROM chat_messages") == [("",)]


async def test_sent_again_a_deleted_message_does_not_come_back(room: Room, database: Database, sql: Sql) -> None:
    room.clock.now = time.time()
    room.say("rude", id=7)
    await room.store()
    await room.chat.delete(1)
    told = len(room.delivered)
    room.say("rude", id=7)
    await room.store()
    later = Room(database, first_seq=101)
    await later.chat.load()
    later.say("rude", id=7)
    await later.store()
    assert (len(room.delivered), later.delivered) == (told, [])
    assert sql("SELECT seq, message FROM chat_messages") == [(1, "")]


async def test_what_another_server_deletes_while_it_waits_stays_deleted(database: Database, sql: Sql) -> None:
    """One id under two numbers, the one deleted: the higher number stays, the text does not."""
    first, second = Room(database), Room(database, first_seq=101)
    first.say("rude", id=7)
    await first.store()
    await first.chat.delete(1)
    second.say("rude", id=7)
    await second.store()
    assert sql("SELECT seq, message FROM chat_messages") == [(101, "")]


async def test_without_a_number_a_message_is_refused_and_may_be_sent_again(room: Room) -> None:
    for number in range(100):
        room.say(str(number))
    with pytest.raises(CommandError) as refused:
        room.say("one too many")
    assert refused.value.code is ErrorCode.BUSY
    assert refused.value.retry_after
    assert len(room.delivered) == 100
    room.broker.reserve(1_001, 1_001)
    room.say("one too many")


async def test_a_message_that_another_server_stores_at_the_same_time_is_acknowledged(
    room: Room, sql: Sql, transaction: Transaction
) -> None:
    insert = "INSERT INTO chat_messages (seq, id, nickname, message, created_at) VALUES (1, '{}', 'Zoë', 'hi', now())"
    transaction.begin(insert.format(UUID(int=6)))  # in the way, but with an id that the statement below does not look for
    room.say("hi", id=7)
    storing = asyncio.create_task(room.store())
    waits = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    await eventually(lambda: sql(waits))
    transaction.begin(f"UPDATE chat_messages SET id = '{UUID(int=7)}'")
    transaction.commit()
    await storing
    assert room.chat.commit.pending == room.connection.waiting == 0
    assert not any(b"error" in frame for frame in room.transport.written)
    assert sql("SELECT seq, id::text FROM chat_messages") == [(1, str(UUID(int=7)))]


async def test_what_the_broker_could_not_publish_may_be_said_again_at_once(database: Database) -> None:
    rules = TextRules(
        words=None, refuse_words=False, refuse_links=False, reserved_names=ReservedNames([]), repeats=Repeats(60, 60)
    )
    room = Room(database, rules=rules)
    draft = ChatDraft(UUID(int=7), "Zoë", None, "hi", 0.0)
    room.say("hi", id=7)
    with pytest.raises(CommandError):
        room.say("hi", id=8)
    room.chat.refuse(draft, Receipt(room.connection, None), busy())
    room.say("hi", id=8)
