"""Frames as RFC 6455 lays them out."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tilo_ws.protocol.frames import close_frame, ping_frame, pong_frame, text_frame, whole_text


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_text_frame_tells_its_length(size: int, head: bytes) -> None:
    assert text_frame(b"x" * size) == head + b"x" * size


def test_control_frames() -> None:
    assert close_frame(4000, "slow") == b"\x88\x06\x0f\xa0slow"
    assert pong_frame(b"abc") == b"\x8a\x03abc"
    assert ping_frame(b"") == b"\x89\x00"
    assert ping_frame(b"abc") == b"\x89\x03abc"


def test_a_long_reason_is_cut_to_a_control_frame() -> None:
    assert len(close_frame(1000, "x" * 200)) == 2 + 125


def of_client(text: str, mask: bytes) -> bytes:
    """A text frame as a browser sends it."""
    payload = text.encode()
    sent = bytearray(text_frame(payload))
    head = len(sent) - len(payload)
    sent[1] |= 0x80
    return bytes(sent[:head]) + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


@given(st.text() | st.integers(0, 70_000).map("x".__mul__), st.binary(min_size=4, max_size=4))
def test_a_text_comes_out_of_its_frame_unless_that_is_very_large(text: str, mask: bytes) -> None:
    frame = of_client(text, mask)
    is_large = len(text.encode()) > 65_535
    assert whole_text(frame, math.inf) == (None if is_large else text)
    assert whole_text(frame + b"\x81", math.inf) is None
    assert whole_text(frame, len(text.encode()) - 1) is None


def test_no_part_of_a_frame_is_taken_for_a_whole_one() -> None:
    for size in (0, 1, 5, 125, 126, 127, 252, 300, 65_535, 65_536):
        frame = of_client("x" * size, b"mask")
        for end in {*range(min(len(frame), 400)), len(frame) - 1}:
            assert whole_text(frame[:end], math.inf) is None, (size, end)
