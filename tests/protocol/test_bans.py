"""Which ban or mute holds for a player."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from tilo_ws.protocol.bans import Ban, BanKind, Bans
from tilo_ws.protocol.codes import CommandError, ErrorCode


def ban(number: int = 1, kind: BanKind = BanKind.BAN, **fields: Any) -> Ban:
    return Ban(id=UUID(int=number), kind=kind, **fields)


@pytest.mark.parametrize(
    ("target", "player"),
    [
        ({"email": "Zoe@Example.com"}, ("zoe@example.com", None, None)),
        ({"nickname": "Troll"}, (None, "tro11", None)),
        ({"nickname": "Troll"}, (None, "Т.r.о.l.l", None)),
        ({"nickname": "🔥"}, (None, "🔥", None)),
        ({"ip": "192.0.2.1"}, (None, None, "192.0.2.1")),
        ({"ip": "192.0.2.1"}, (None, None, "::ffff:192.0.2.1")),
        ({"ip": "::ffff:192.0.2.1"}, (None, None, "192.0.2.1")),
        ({"ip": "2001:db8::1"}, (None, None, "2001:DB8:0::1")),
        ({"network": "192.0.2.77/24"}, (None, None, "192.0.2.1")),
        ({"network": "::ffff:192.0.2.0/120"}, (None, None, "192.0.2.1")),
        ({"network": "2001:db8::/32"}, (None, None, "2001:db8:5::1")),
        ({"network": "0.0.0.0/0"}, (None, None, "203.0.113.9")),
        ({"email": "zoe@example.com", "ip": "192.0.2.1"}, ("max@example.com", "Max", "192.0.2.1")),
    ],
)
def test_a_ban_holds_for_whom_it_means(target: dict[str, Any], player: tuple[str | None, str | None, str | None]) -> None:
    assert Bans([ban(**target)]).match(*player, now=0.0) == ban(**target)


@pytest.mark.parametrize(
    ("target", "player"),
    [
        ({"email": "zoe@example.com"}, ("max@example.com", "zoe@example.com", None)),
        ({"nickname": "Troll"}, (None, "Trolley", None)),
        ({"nickname": "🔥"}, (None, "💧", None)),
        ({"ip": "2001:db8::1"}, (None, None, "2001:db8::2")),
        ({"network": "192.0.2.0/24"}, (None, None, "192.0.3.1")),
        ({"network": "::/0"}, (None, None, "192.0.2.1")),
        ({"network": "0.0.0.0/0"}, (None, None, "unix")),
        ({"network": "0.0.0.0/0"}, (None, None, None)),
    ],
)
def test_a_ban_holds_for_nobody_else(target: dict[str, Any], player: tuple[str | None, str | None, str | None]) -> None:
    assert Bans([ban(**target)]).match(*player, now=0.0) is None


def test_a_ban_ends() -> None:
    bans = Bans([ban(ip="192.0.2.1", expires_at=10.0)])
    assert bans.match(None, None, "192.0.2.1", now=9.9)
    assert bans.match(None, None, "192.0.2.1", now=10.0) is None
    assert bans.remove_expired(9.9) == []
    assert bans.remove_expired(10.0) == [ban(ip="192.0.2.1", expires_at=10.0)]
    assert list(bans) == []


def test_the_strongest_holds_and_of_two_alike_the_longer() -> None:
    bans = Bans(
        [
            ban(1, BanKind.SHADOW_MUTE, email="z@x.y"),
            ban(2, BanKind.MUTE, nickname="Z", expires_at=50.0),
            ban(3, BanKind.MUTE, ip="192.0.2.1"),
            ban(4, BanKind.BAN, network="192.0.2.0/24", expires_at=10.0),
        ]
    )
    holding = [bans.match("z@x.y", "Z", "192.0.2.1", now) for now in (0.0, 20.0)]
    assert [held and held.id.int for held in holding] == [4, 3]
    found = bans.match("z@x.y", None, None, now=0.0)
    assert found is not None
    assert found.kind is BanKind.SHADOW_MUTE


def test_a_ban_is_taken_back_and_leaves_nothing() -> None:
    bans = Bans([ban(1, ip="192.0.2.1", nickname="Z"), ban(2, network="192.0.2.1/32")])
    assert bans.remove(UUID(int=2)) == ban(2, network="192.0.2.1/32")
    assert bans.match(None, None, "192.0.2.1", now=0.0) == ban(1, ip="192.0.2.1", nickname="Z")
    bans.remove(UUID(int=1))
    assert bans.remove(UUID(int=1)) is None
    assert bans.match(None, "Z", "192.0.2.1", now=0.0) is None
    assert not bans._by_key
    assert not bans._prefixes


def test_a_ban_with_the_same_id_takes_the_place_of_the_first() -> None:
    bans = Bans([ban(email="z@x.y")])
    bans.add(ban(email="m@x.y"))
    assert bans.match("z@x.y", None, None, now=0.0) is None
    bans.replace([ban(2, email="k@x.y")])
    assert [held.id.int for held in bans] == [2]


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ({}, "email"),
        ({"email": "zoe"}, "email"),
        ({"ip": "1.2.3"}, "ip"),
        ({"ip": "::/8"}, "ip"),
        ({"network": "x/8"}, "network"),
    ],
)
def test_a_ban_of_nobody_is_refused_and_changes_nothing(target: dict[str, Any], field: str) -> None:
    bans = Bans([ban(email="z@x.y")])
    with pytest.raises(CommandError, match=f"^{field}: ") as refused:
        bans.add(ban(**target))
    assert refused.value.code is ErrorCode.INVALID_FIELD
    assert bans.match("z@x.y", None, None, now=0.0)


def test_a_ban_goes_over_the_wire_as_it_is() -> None:
    assert msgspec.json.decode(msgspec.json.encode(ban(ip="192.0.2.1")), type=Ban) == ban(ip="192.0.2.1")
