"""What comes in over a WebSocket, before it is read: frames in whatever pieces, masks, bytes."""

import asyncio
import struct

from hypothesis import given
from hypothesis import strategies as st

from tilo_ws.protocol.codes import CloseCode
from tilo_ws.web.inbound import NO_LIMIT, Inbound, InboundLimit

SIZES = st.integers(0, 130) | st.sampled_from([65_535, 65_536])
CUTS = st.lists(st.integers(1, 10) | st.integers(1, 400))


class Line(asyncio.Protocol):
    """What is behind: gathers what it is given. Its clock stands still."""

    def __init__(self, limit: InboundLimit = NO_LIMIT) -> None:
        self.now = 0.0
        self.bytes_in = 0
        self.received = b""
        self.is_lost = False
        self.is_read = True
        self.closed_with: list[int] = []
        self.inbound = Inbound(self, limit, lambda: self.now, self)

    def data_received(self, data: bytes) -> None:
        self.received += data

    def close(self, code: int, reason: str = "") -> None:
        self.closed_with.append(code)

    def stop_reading(self) -> None:
        self.is_read = False

    def lost(self) -> None:
        self.is_lost = True

    def send(self, data: bytes, cuts: list[int]) -> None:
        """In pieces of these sizes, and then the rest."""
        for size in cuts:
            if data:
                self.inbound.data_received(data[:size])
            data = data[size:]
        if data:
            self.inbound.data_received(data)


def frame(size: int, *, masked: bool = True) -> bytes:
    bit = 0x80 if masked else 0
    length = (
        bytes([bit | size])
        if size < 126
        else struct.pack("!BH" if size < 65_536 else "!BQ", bit | min(127, 126 + (size > 65_535)), size)
    )
    return b"\x81" + length + (b"mask" if masked else b"") + b"\0" * size


@given(st.lists(SIZES, max_size=6), CUTS)
def test_masked_frames_come_through_in_whatever_pieces(sizes: list[int], cuts: list[int]) -> None:
    line = Line()
    sent = b"".join(frame(size) for size in sizes)
    line.send(sent, cuts)
    assert (line.received, line.closed_with, line.bytes_in) == (sent, [], len(sent))


@given(st.lists(SIZES, max_size=4), SIZES, CUTS)
def test_the_first_frame_without_a_mask_ends_the_connection(sizes: list[int], unmasked: int, cuts: list[int]) -> None:
    line = Line()
    line.send(b"".join(frame(size) for size in sizes), cuts)
    assert line.closed_with == []
    line.send(frame(unmasked, masked=False), cuts)
    assert line.closed_with[0] == CloseCode.PROTOCOL_ERROR


def test_bytes_beyond_the_limit_are_dropped_and_end_the_connection() -> None:
    line = Line(InboundLimit(rate=10, burst=20, frame=0))
    line.inbound.data_received(frame(14))
    assert line.closed_with == []
    line.inbound.data_received(frame(0))
    assert (line.received, line.closed_with, line.is_read) == (frame(14), [CloseCode.FLOODING], False)
    assert line.bytes_in == len(frame(14) + frame(0)), "what is dropped has come too"


def test_bytes_come_back_with_time_up_to_the_burst() -> None:
    line = Line(InboundLimit(rate=10, burst=20, frame=0))
    for line.now in (0.0, 2.0, 1000.0):
        line.inbound.data_received(frame(14))
        assert line.closed_with == []
    line.inbound.data_received(frame(14))
    assert line.closed_with == [CloseCode.FLOODING]


def test_more_frames_than_messages_can_have_end_the_connection_in_whatever_pieces() -> None:
    line = Line(InboundLimit(rate=10, burst=160, frame=10))
    for cuts in ([], [6, 6, 6], [1] * 30):
        line.send(frame(0) * 3, cuts)
    assert line.closed_with == []
    line.inbound.data_received(frame(0) * 2)
    assert (line.received, line.closed_with) == (frame(0) * 9, [CloseCode.FLOODING])


def test_the_connection_is_told_when_its_line_is_lost() -> None:
    line = Line()
    line.inbound.connection_lost(None)
    assert line.is_lost
