"""What holds for any input, tried with many by chance."""

import ipaddress
import json
import struct
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tilo_ws.protocol import commands
from tilo_ws.protocol.bans import Ban, BanKind, Bans
from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.commands import Command, parse
from tilo_ws.protocol.frames import close_frame, text_frame
from tilo_ws.protocol.links import holds_link
from tilo_ws.protocol.lookalikes import fold, skeletons
from tilo_ws.protocol.plausibility import ARRIVAL_GRACE, ScoreRules
from tilo_ws.protocol.text import clean, email_address
from tilo_ws.protocol.token_bucket import TokenBucket
from tilo_ws.protocol.words import WordFilter

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
TYPES = ["chat", "score_update", "get_events", "get_leaderboard", "ping", "hello"]
FIELDS = sorted({field for kind in commands.Command.__args__ for field in kind.__struct_fields__})

COMMANDS = st.one_of(
    st.builds(commands.SendChat, nickname=st.text(), message=st.text(), id=st.none() | st.uuids(), ref=st.text(max_size=64)),
    st.builds(
        commands.SubmitScore,
        email=st.text(),
        score=st.integers(0, commands.MAX_SCORE),
        survival_time=st.integers(0, commands.MAX_SURVIVAL_TIME),
        nickname=st.none() | st.text(),
        ref=st.none() | st.integers(-commands.MAX_SCORE, commands.MAX_SCORE),
    ),
)

# Letters that the word filter reads in a way of their own, many of them, so that words of the list come up.
TRICKY = st.text(st.sampled_from("bad a4@ss5$. -_!|1Il8\u0430\u0301\u200dＢ🇧🇦🇩ﬁﷺßİはばか") | st.characters(), max_size=60)
FILTER = WordFilter(["bad", "ass", "all", "kill yourself", "bad bad", "ばか", "🇧", "ﬁ"])

SECONDS = st.floats(0, 100)
ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address),
    st.integers(0, 15).map(lambda low: ipaddress.IPv4Address(0xC0000200 + low)),
    st.integers(0, 15).map(lambda low: ipaddress.IPv6Address((0x20010DB8 << 96) + low)),
    st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address),
    st.integers(0, 15).map(lambda low: ipaddress.IPv6Address((0xFFFF << 32) + 0xC0000200 + low)),
)


@st.composite
def networks(draw: st.DrawFn) -> str:
    address = draw(ADDRESSES)
    return f"{address}/{draw(st.integers(0, address.max_prefixlen))}"


@st.composite
def lists_of_bans(draw: st.DrawFn) -> list[Ban]:
    targets: list[dict[str, Any]] = draw(
        st.lists(
            st.fixed_dictionaries({"network": networks()})
            | st.fixed_dictionaries({"ip": ADDRESSES.map(str)})
            | st.fixed_dictionaries({"email": st.sampled_from(["a@x.y", "B@x.y"]), "nickname": st.sampled_from(["Zoë", "Max"])})
        )
    )
    return [
        Ban(id=UUID(int=number), kind=draw(st.sampled_from(BanKind)), expires_at=draw(st.none() | SECONDS), **target)
        for number, target in enumerate(targets)
    ]


@given(st.binary() | st.text() | JSON.map(json.dumps))
def test_any_frame_is_a_command_or_an_error(data: str | bytes) -> None:
    command, error, _ = parse(data)
    assert (command is None) == isinstance(error, CommandError)


@given(st.sampled_from(TYPES), st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_fields_are_a_command_or_an_error(type: str, fields: dict[str, object]) -> None:
    command, error, _ = parse(json.dumps({**fields, "type": type}))
    assert (command is None) == isinstance(error, CommandError)


@given(COMMANDS)
def test_a_command_that_is_written_is_read_as_it_was(command: Command) -> None:
    assert parse(msgspec.json.encode(command)).command == command


@given(st.binary(max_size=70_000))
def test_a_frame_holds_its_payload(payload: bytes) -> None:
    frame = text_frame(payload)
    size, head = frame[1], 2
    if size == 126:
        [size], head = struct.unpack(">H", frame[2:4]), 4
    elif size == 127:
        [size], head = struct.unpack(">Q", frame[2:10]), 10
    assert (size, frame[head:]) == (len(payload), payload)


@given(st.integers(0, 65535), st.text())
def test_a_close_frame_fits_a_control_frame(code: int, reason: str) -> None:
    frame = close_frame(code, reason)
    assert len(frame) - 2 == frame[1] <= 125


@given(TRICKY, st.integers(1, 50))
def test_text_is_cleaned_once_and_stays_within_its_limit(raw: str, limit: int) -> None:
    try:
        text = clean("message", raw, limit)
    except CommandError:
        return
    assert 0 < len(text) <= limit
    assert clean("message", text, limit) == text


@given(st.text() | st.emails().map(str.upper))
def test_an_address_is_cleaned_once(raw: str) -> None:
    try:
        address = email_address(raw)
    except CommandError:
        return
    assert email_address(address) == address
    assert address.count("@") == 1


@given(TRICKY)
def test_a_mask_keeps_the_length_and_hides_only_what_was_found(text: str) -> None:
    masked = FILTER.mask(text)
    assert len(masked) == len(text)
    assert all(after in (before, "*") for before, after in zip(text, masked, strict=True))
    assert (masked != text) <= FILTER.finds(text)


@given(TRICKY, TRICKY)
def test_a_word_between_blanks_is_always_found(before: str, after: str) -> None:
    assert FILTER.finds(f"{before} bad {after}")
    assert FILTER.mask(f"{before} bad {after}")[len(before) + 1 :].startswith("***")


@given(TRICKY)
def test_folding_is_bounded_and_names_are_never_empty(text: str) -> None:
    assert len(fold(text)) <= 4 * len(text)
    assert all(skeletons(text)) or not text


@given(st.text())
def test_any_text_holds_a_link_or_not(text: str) -> None:
    assert holds_link(text) in (True, False)
    assert holds_link(f"{text} https://example.com")


@given(st.floats(0.1, 100), st.integers(1, 100), st.lists(st.floats(0, 2), max_size=200))
def test_a_bucket_never_gives_more_than_its_rate_and_burst(rate: float, burst: int, pauses: list[float]) -> None:
    bucket = TokenBucket(rate, burst, now=0.0)
    now, taken = 0.0, 0
    for pause in pauses:
        now += pause
        taken += bucket.take(now) == 0
        assert taken <= rate * now + burst + 1e-6


@given(st.integers(1, 100), st.lists(st.tuples(SECONDS, st.integers(0, 100_000)), max_size=50))
def test_a_players_best_never_grows_faster_than_allowed(rate: int, offers: list[tuple[float, int]]) -> None:
    rules = ScoreRules(0, rate)
    accepted: list[tuple[float, int]] = []
    now = 0.0
    for pause, score in offers:
        now += pause
        if rules.objection("zoe", score, 10**6, now) is None:
            rules.accept("zoe", score, now)
            accepted.append((now, score))
    if accepted:
        began, first = accepted[0]
        assert all(score - first <= rate * (at - began + ARRIVAL_GRACE) + 1e-6 for at, score in accepted)


@given(lists_of_bans(), ADDRESSES, SECONDS, st.sets(st.integers(0, 5)))
def test_bans_match_as_a_look_at_each_of_them_does(
    bans: list[Ban], address: ipaddress.IPv4Address, now: float, gone: set[int]
) -> None:
    kept = Bans(bans)
    for number in gone:
        kept.remove(UUID(int=number))
    holding = [ban for ban in bans if ban.id.int not in gone and ban.is_active(now) and _means(ban, "b@x.y", "max", address)]
    found = kept.match("b@x.y", "max", str(address), now)
    if not holding:
        assert found is None
        return
    assert found in holding
    strongest = min(list(BanKind).index(ban.kind) for ban in holding)
    assert found is not None
    assert list(BanKind).index(found.kind) == strongest


def _means(ban: Ban, email: str, nickname: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if ban.email is not None and ban.email.lower() == email:
        return True
    if ban.nickname is not None and ban.nickname.lower() == nickname:
        return True
    text = ban.network or ban.ip
    return text is not None and any(
        _plain(address) in network for network in _views(text) if _plain(address).version == network.version
    )


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _views(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The network as it is written, and as IPv4 where it is IPv4 written as IPv6."""
    network = ipaddress.ip_network(text, strict=False)
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is not None and network.prefixlen >= 96:
        return [ipaddress.ip_network(f"{mapped}/{network.prefixlen - 96}")]
    return [network]
