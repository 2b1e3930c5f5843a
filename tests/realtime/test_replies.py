"""Replies: joined within a turn of the event loop, in order, and before the close frame."""

import asyncio

from tests.fakes import open_connection
from tilo_ws.protocol.codes import CloseCode
from tilo_ws.protocol.frames import close_frame
from tilo_ws.realtime.replies import Replies


async def test_replies_of_one_turn_are_one_write() -> None:
    replies = Replies()
    connection, transport = open_connection(replies=replies)
    other, other_transport = open_connection(replies=replies)
    connection.reply(b"a")
    other.reply(b"x")
    connection.reply(b"b")
    assert transport.written == []
    await asyncio.sleep(0)
    assert transport.written == [b"ab"]
    assert other_transport.written == [b"x"]
    assert connection.messages_out == 2


async def test_the_next_turn_has_a_write_of_its_own() -> None:
    connection, transport = open_connection(replies=Replies())
    for reply in (b"a", b"b"):
        connection.reply(reply)
        await asyncio.sleep(0)
    assert transport.written == [b"a", b"b"]


async def test_replies_leave_before_the_close_frame() -> None:
    connection, transport = open_connection(replies=Replies())
    connection.reply(b"a")
    connection.close(CloseCode.NORMAL)
    await asyncio.sleep(0)
    assert transport.written == [b"a", close_frame(1000)]


async def test_a_connection_that_is_lost_meanwhile_keeps_nobody_from_their_replies() -> None:
    replies = Replies()
    lost, lost_transport = open_connection(replies=replies)
    other, other_transport = open_connection(replies=replies)
    lost.reply(b"a")
    other.reply(b"b")
    lost_transport.closing = True
    await asyncio.sleep(0)
    assert (lost_transport.written, other_transport.written) == ([], [b"b"])
