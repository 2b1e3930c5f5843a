"""One-time codes by time."""

import base64

import pyotp
import pytest

from tilo_ws.services.one_time_codes import matching_step, new_secret, setup_address

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("now", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_standard(now: int, code: str) -> None:
    """The last six digits of the table in RFC 6238, appendix B."""
    assert matching_step(SECRET, code, now) == now // 30


def test_a_clock_may_be_off_by_one_step() -> None:
    now = 1_000_000 * 30.0
    code = pyotp.TOTP(SECRET).at(int(now) + 30)
    fits = [matching_step(SECRET, code, now + step * 30) == 1_000_001 for step in range(-1, 4)]
    assert fits == [False, True, True, True, False]


@pytest.mark.parametrize("code", ["", "28708", "2870820", "abcdef", "\N{ARABIC-INDIC DIGIT TWO}87082", "-87082"])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert matching_step(SECRET, code, 59) is None


def test_a_code_may_be_typed_in_groups() -> None:
    assert matching_step(SECRET, " 287 082 ", 59) == 1


def test_a_secret_has_160_bits_and_no_two_are_alike() -> None:
    assert len(base64.b32decode(new_secret())) == 20
    assert new_secret() != new_secret()


def test_the_address_names_account_and_server() -> None:
    address = setup_address(SECRET, "zoe", "game.example:8765")
    assert address.startswith("otpauth://totp/tilo_ws%20game.example%208765:zoe?secret=" + SECRET)
