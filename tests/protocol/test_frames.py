"""Frames as RFC 6455 lays them out."""

import math
import struct

import pytest

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


def test_a_clients_text_is_read_whatever_its_length() -> None:
    for size in [*range(600), 65_535]:
        text = "x" * size
        head = bytes((0x81, 0x80 | size)) if size < 126 else struct.pack(">BBH", 0x81, 0x80 | 126, size)
        mask = b"\x01\x02\x03\x04"
        masked = bytes(ord("x") ^ mask[place % 4] for place in range(size))
        assert whole_text(head + mask + masked, math.inf) == text, size


def test_control_frames() -> None:
    assert close_frame(4000, "slow") == b"\x88\x06\x0f\xa0slow"
    assert pong_frame(b"abc") == b"\x8a\x03abc"
    assert ping_frame(b"") == b"\x89\x00"
    assert ping_frame(b"abc") == b"\x89\x03abc"


def test_a_long_reason_is_cut_to_a_control_frame() -> None:
    assert len(close_frame(1000, "x" * 200)) == 2 + 125
