"""What comes in over a WebSocket, before it is read: frames in whatever pieces, masks, bytes."""

import asyncio
import struct

from hypothesis import given
from hypothesis import strategies as st

from tests.eventually import eventually
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.web.closings import MOST_AT_ONCE, Closings
from tilo_ws.web.inbound import NO_LIMIT, Inbound, InboundLimit

SIZES = st.integers(0, 130) | st.sampled_from([65_535, 65_536])
CUTS = st.lists(st.integers(1, 10) | st.integers(1, 400))


class Line(asyncio.Protocol):
    """What is behind, and the listener: gathers what it is given. Its clock stands still."""

    def __init__(self, limit: InboundLimit = NO_LIMIT, most_bytes: int = 0) -> None:
        self.now = 0.0
        self.bytes_in = 0
        self.told: list[str] = []
        self.heard_at: list[float] = []
        self.close_code: int | None = None
        self.failed = False
        self.received = b""
        self.is_open = True
        self.is_lost = False
        self.is_read = True
        self.closed_with: list[int] = []
        self.closings = Closings()
        self.inbound = Inbound(self, limit, lambda: self.now, self, self.closings, most_bytes)

    def data_received(self, data: bytes) -> None:
        self.received += data

    def receive(self, text: str, now: float) -> None:
        if text == "bug":
            raise RuntimeError
        self.told.append(text)

    def heard(self, now: float) -> None:
        self.heard_at.append(now)

    def fail(self) -> None:
        self.failed = True

    def close(self, code: int, reason: str = "") -> None:
        self.closed_with.append(code)

    def stop_reading(self) -> None:
        self.is_read = False

    def hang_up(self) -> None:
        self.is_open = False

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


async def test_a_line_that_has_ended_is_closed_and_told_of() -> None:
    line = Line()
    assert line.inbound.eof_received(), "else its transport closes itself, whatever its turn"
    assert not line.is_open
    line.inbound.connection_lost(None)
    assert line.is_lost


async def test_a_line_that_ends_with_many_others_waits_for_a_turn() -> None:
    line = Line()
    for _ in range(MOST_AT_ONCE):
        line.closings.add(lambda: None)
    line.inbound.eof_received()
    line.inbound.connection_lost(None)
    assert line.is_open
    assert not line.is_lost
    await eventually(lambda: line.is_lost)
    assert not line.is_open


def text_of_client(text: str, *, first: int = 0x81) -> bytes:
    """A masked frame, by default a whole text."""
    payload, mask = text.encode(), b"\x01\xf2\x00\x34"
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
    return bytes([first]) + length + mask + masked


def test_a_whole_text_that_comes_alone_goes_to_the_listener_once_all_before_it_was_read() -> None:
    line = Line()
    one, two, long = text_of_client("one"), text_of_client("two"), "é" * 500
    line.inbound.data_received(one)
    line.now = 7.0
    line.inbound.tell(line)
    line.inbound.data_received(two)
    line.inbound.data_received(text_of_client(long))
    assert (line.received, line.told, line.heard_at) == (one, ["two", long], [7.0, 7.0])


def test_what_comes_in_another_way_is_passed_on_and_so_is_all_behind_it_until_it_was_read() -> None:
    for other in (
        text_of_client("a") + text_of_client("b"),
        text_of_client("a")[:5],
        text_of_client("a", first=0x82),
        text_of_client("", first=0x89),
        text_of_client("a", first=0xC1),
        text_of_client("x" * 21),
        bytes([0x81, 0x81]) + b"mask" + bytes([ord("m") ^ 0xFF]),  # no UTF-8
    ):
        line = Line(most_bytes=20)
        line.inbound.tell(line)
        line.inbound.data_received(other)
        line.inbound.data_received(text_of_client("behind"))
        assert (line.received, line.told) == (other + text_of_client("behind"), [])


def test_texts_are_passed_on_while_a_message_is_unfinished_whatever_was_read_before() -> None:
    started, ping, ended = (text_of_client("a", first=first) for first in (0x01, 0x89, 0x80))
    for unfinished, rest in ((started + ping, ended), (ended[:1], ended[1:]), (ended[:6], ended[6:])):
        line = Line()
        line.inbound.data_received(unfinished)
        line.inbound.tell(line)
        line.inbound.data_received(rest)
        assert (line.received, line.told) == (unfinished + rest, [])
        line.inbound.tell(line)
        line.inbound.data_received(text_of_client("next"))
        assert line.told == ["next"]


def test_texts_count_for_the_limit_and_are_passed_on_after_the_connection_was_closed() -> None:
    line = Line(InboundLimit(rate=10, burst=20, frame=0))
    line.inbound.tell(line)
    for _ in range(3):
        line.inbound.data_received(text_of_client("four"))
    assert (line.told, line.closed_with, line.is_read) == (["four", "four"], [CloseCode.FLOODING], False)
    line.close_code, line.now = CloseCode.FLOODING, 100.0
    line.inbound.data_received(text_of_client("four"))
    assert (line.told, line.received) == (["four", "four"], text_of_client("four"))


def test_a_bug_in_a_listener_ends_its_connection_only() -> None:
    line = Line()
    line.inbound.tell(line)
    line.inbound.data_received(text_of_client("bug"))
    assert line.failed
