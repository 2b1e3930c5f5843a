"""Bans and mutes in force: who is found by what, and who has to wait while they are looked for."""

from uuid import UUID

import pytest

from tests.fakes import open_connection, tell_nobody
from tests.turns import turns_between
from tilo_ws.protocol.bans import Ban, BanKind
from tilo_ws.realtime.hub import Hub
from tilo_ws.services.moderation import Moderation
from tilo_ws.storage.database import Database


def mute(**fields: str) -> Ban:
    return Ban(id=UUID(int=0), kind=BanKind.MUTE, **fields)  # type: ignore[arg-type]


async def test_what_holds_for_somebody_is_found_once_by_each_of_their_marks(database: Database) -> None:
    moderation = Moderation(database, Hub(), tell_nobody)
    await moderation.add(mute(email="zoe@example.com", nickname="Zoë"), by="a test")
    await moderation.add(mute(nickname="Tr0ll"), by="a test")
    await moderation.add(mute(network="192.0.2.0/24"), by="a test")
    await moderation.add(mute(nickname="Max", ip="198.51.100.1"), by="a test")
    found = moderation.about(["zoe@example.com"], ["Zoë", "Troll"], ["192.0.2.7"])
    assert [(ban.email, ban.nickname, ban.network) for ban in found] == [
        ("zoe@example.com", "Zoë", None),
        (None, "Tr0ll", None),
        (None, None, "192.0.2.0/24"),
    ]


async def test_who_plays_has_a_turn_while_a_ban_is_enforced_on_thousands(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub()
    for number in range(1_000):
        hub.enter(open_connection(f"c{number}")[0])
    moderation = Moderation(database, hub, tell_nobody)
    looks = []
    monkeypatch.setattr(moderation, "is_banned", lambda connection: looks.append(connection))
    async with turns_between(looks) as turns:
        await moderation.add(Ban(id=UUID(int=0), kind=BanKind.BAN, nickname="Troll"), by="a test")
    assert len(looks) == 1_000
    assert max(turns.steps) <= 200
