"""What servers tell each other, on one PostgreSQL; here the wire is a call."""

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.fakes import FakeClock, open_connection
from tilo_ws.protocol.bans import Ban, BanKind
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.tokens import Player
from tilo_ws.realtime.hub import Hub
from tilo_ws.services.events import Events, UnknownEvent
from tilo_ws.services.moderation import Moderation
from tilo_ws.services.notices import Notices, Topic
from tilo_ws.services.recurring_events import RecurringEvents
from tilo_ws.storage.database import Database
from tilo_ws.storage.errors import DatabaseAway

TROLL = Ban(id=UUID(int=0), kind=BanKind.BAN, nickname="Troll")


class Server:
    """One of several on a database; `wire` hands its notices to the others."""

    def __init__(self, database: Database, wire: Callable[[str, bytes], None], clock: FakeClock) -> None:
        self.hub = Hub()
        self.frames: list[bytes] = []
        self.moderation = Moderation(database, self.hub, wire)
        self.events = Events(database, self.frames.append, wire, clock)
        self.recurring = RecurringEvents(database, self.events, wire, clock)
        self.notices = Notices(
            heard={},
            reloads={
                Topic.BANS: self.moderation.load,
                Topic.EVENTS: self.events.load,
                Topic.RECURRING_EVENTS: self.recurring.load,
            },
        )


class Pair:
    """Two servers. While `silent` nothing that one tells reaches the other."""

    def __init__(self, database: Database) -> None:
        self.clock = FakeClock()
        self.silent = False
        self.one = Server(database, lambda topic, content: self._tell(self.other, topic, content), self.clock)
        self.other = Server(database, lambda topic, content: self._tell(self.one, topic, content), self.clock)

    def _tell(self, server: Server, topic: str, content: bytes) -> None:
        if not self.silent:
            server.notices.hear(topic, content)


@pytest.fixture
def pair(database: Database) -> Pair:
    return Pair(database)


async def test_a_ban_holds_on_the_other_server_and_sends_away_who_is_there(pair: Pair) -> None:
    troll, other = open_connection("c1")[0], open_connection("c2")[0]
    for connection, nickname in ((troll, "Tr0ll"), (other, "Zoë")):
        connection.nickname = nickname
        pair.other.hub.enter(connection)
    ban = await pair.one.moderation.add(TROLL, by="a test")
    await pair.other.notices.catch_up()
    assert (troll.close_code, other.close_code) == (CloseCode.BANNED, None)
    assert [known.id for known in pair.other.moderation.all()] == [ban.id]
    await pair.other.moderation.lift(ban.id, by="a test")
    await pair.one.notices.catch_up()
    assert pair.one.moderation.all() == []


async def test_after_a_gap_everything_is_read_again(pair: Pair) -> None:
    pair.silent = True
    troll = open_connection()[0]
    pair.other.hub.enter(troll)
    pair.other.hub.identify(troll, Player("troll@x.y", None, 0.0))
    await pair.one.moderation.add(Ban(id=UUID(int=0), kind=BanKind.BAN, email="troll@x.y"), by="a test")
    event = await pair.one.events.create(type="m", value="2", starts_at=None, expires_at=pair.clock.now + 60)
    await pair.other.notices.catch_up()
    assert (pair.other.frames, troll.close_code) == ([], None)
    pair.other.notices.resync()
    await pair.other.notices.catch_up()
    assert pair.other.events.all() == [event]
    assert (len(pair.other.frames), troll.close_code) == (1, CloseCode.BANNED)


async def test_an_event_is_told_once_on_each_server(pair: Pair) -> None:
    event = await pair.one.events.create(type="m", value="2", starts_at=None, expires_at=pair.clock.now + 60)
    await pair.other.notices.catch_up()
    await pair.other.events.end(event.id)
    await pair.one.notices.catch_up()
    for server in (pair.one, pair.other):
        await server.notices.catch_up()
        server.events.announce()
        assert len(server.frames) == 2, "its start and its end"
        assert server.events.all() == []


async def test_a_change_does_not_bring_back_what_another_server_has_just_ended(pair: Pair) -> None:
    event = await pair.one.events.create(type="m", value="2", starts_at=None, expires_at=pair.clock.now + 60)
    await pair.other.notices.catch_up()
    pair.clock.now += 1
    await pair.one.events.end(event.id)
    with pytest.raises(UnknownEvent):
        await pair.other.events.change(event.id, value="3")


async def test_a_recurring_event_that_both_servers_start_is_one(pair: Pair) -> None:
    recurring = pair.one.recurring.check(
        name="hour", type="m", value="2", duration=60, cron="0 * * * *", timezone="UTC", enabled=True
    )
    await pair.one.recurring.create(recurring)
    await pair.other.notices.catch_up()
    pair.clock.now += 3600 - pair.clock.now % 3600
    for server in (pair.one, pair.other):
        await server.recurring.start_due()
    for server in (pair.one, pair.other):
        await server.notices.catch_up()
        await server.recurring.start_due()
    assert pair.one.events.all() == pair.other.events.all()
    assert [len(server.frames) for server in (pair.one, pair.other)] == [1, 1]


async def test_what_cannot_be_read_now_is_read_later_and_holds_up_nothing_else() -> None:
    read: list[str] = []
    is_away = True

    async def events() -> None:
        read.append("events")
        if is_away:
            raise DatabaseAway

    async def bans() -> None:
        read.append("bans")

    notices = Notices(heard={}, reloads={Topic.EVENTS: events, Topic.BANS: bans})
    for _ in range(3):
        notices.hear(Topic.EVENTS, b"")
    notices.hear(Topic.BANS, b"")
    with pytest.raises(DatabaseAway):
        await notices.catch_up()
    is_away = False
    await notices.catch_up()
    await notices.catch_up()
    assert read == ["events", "bans", "events"]


async def test_a_topic_of_a_newer_version_is_ignored_and_one_with_content_is_read_again_only_after_a_gap() -> None:
    heard: list[bytes] = []
    read: list[None] = []

    async def reload() -> None:
        read.append(None)

    notices = Notices(heard={Topic.SHADOW_CHAT: heard.append}, reloads={Topic.SHADOW_CHAT: reload})
    notices.hear("weather", b"rain")
    notices.hear(Topic.SHADOW_CHAT, b"psst")
    await notices.catch_up()
    assert (heard, read) == ([b"psst"], [])
    notices.resync()
    await notices.catch_up()
    assert read == [None]
