"""Nicknames, messages and addresses, as others will see them."""

import pytest

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.text import clean, email_address


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("  hi  ", "hi"),
        ("a\nb\r\n\tc", "a b c"),
        ("e\u0301", "é"),
        ("ev\u202eil", "evil"),
        ("\u2066ev\u2069il", "evil"),
        ("ze\u200bro\ufeff", "zero"),
        ("bell\x07", "bell"),
        ("שלום", "שלום"),
        ("admin\u200e", "admin"),
        ("\u200dadmin\u2800", "admin"),
        ("❤️", "❤️"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_text_is_normalised_and_freed_of_what_nobody_sees(raw: str, cleaned: str) -> None:
    assert clean("message", raw, 500) == cleaned


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "   ",
        "\n\t",
        "\u200b",
        "\u200d\u200c",
        "\u202e\u202c",
        "\u3164",
        "\u2800 \u00a0",
        "\u00ad",
        "\ufe0f",
        "\u0301",
        "\u200e",
    ],
)
def test_text_that_shows_nothing_is_blank(raw: str) -> None:
    with pytest.raises(CommandError, match="nickname: must not be blank"):
        clean("nickname", raw, 32)


def test_the_limit_counts_code_points_after_normalisation() -> None:
    assert len(clean("message", "e\u0301" * 500 + "  ", 500)) == 500
    with pytest.raises(CommandError) as raised:
        clean("message", "x" * 501, 500, too_long=ErrorCode.MESSAGE_TOO_LONG)
    assert raised.value.code is ErrorCode.MESSAGE_TOO_LONG
    assert len(clean("message", "x" * 5000, 0)) == 5000


def test_nul_is_refused() -> None:
    with pytest.raises(CommandError, match="NUL"):
        clean("message", "a\0b", 500)


def test_an_address_is_a_key_in_lower_case() -> None:
    assert email_address(" Zoë@Example.COM ") == "zoë@example.com"


@pytest.mark.parametrize(
    "raw",
    [
        "zoe\u200b@x.y",
        "zoe@x\u3164.y",
        "\u202ezoe@x.y",
        "",
        "@",
        "a@",
        "@b",
        "a@b@c",
        "a b@c",
        "a\0@b",
        "a\n@b",
        "x" * 250 + "@b.de",
        "'; DROP TABLE players; --",
    ],
)
def test_what_is_no_address_is_refused(raw: str) -> None:
    with pytest.raises(CommandError, match="email: "):
        email_address(raw)
