"""The server's words, exactly."""

from uuid import UUID

from tests.frames import payload
from tilo_ws.protocol import pushes
from tilo_ws.protocol.chat_message import ChatMessage
from tilo_ws.protocol.codes import CommandError, ErrorCode

ID = UUID(int=1)


def test_a_pong_without_ref_is_exactly_this() -> None:
    assert payload(pushes.PONG) == '{"type":"pong"}'


def test_a_pong_with_ref_tells_the_time() -> None:
    assert payload(pushes.pong("r", 1_790_000_000_123)) == '{"type":"pong","ref":"r","server_time":1790000000123}'


def test_a_chat_message_has_no_address() -> None:
    message = ChatMessage(7, ID, "Zoë", "zoe@example.com", "hi", 1_790_000_000.9)
    assert bytes(pushes.chat_json(message)).decode() == (
        '{"type":"chat","nickname":"Zoë","message":"hi","timestamp":"2026-09-21T14:13:20","seq":7,'
        '"id":"00000000-0000-0000-0000-000000000001"}'
    )


def test_empty_lists_are_sent() -> None:
    assert payload(pushes.global_events([])) == '{"type":"global_events","events":[]}'
    assert payload(pushes.leaderboard([], 3)) == '{"type":"leaderboard","entries":[],"ref":3}'


def test_an_ack_names_the_message() -> None:
    assert payload(pushes.ack(0)) == '{"type":"ack","ref":0}'
    assert payload(pushes.ack("a", seq=5, id=ID)) == f'{{"type":"ack","ref":"a","seq":5,"id":"{ID}"}}'


def test_an_error_has_only_what_is_known() -> None:
    error = CommandError(ErrorCode.RATE_LIMITED, "wait", retry_after=0.5)
    assert (
        payload(pushes.error(error, 1)) == '{"type":"error","code":"rate_limited","message":"wait","ref":1,"retry_after":0.5}'
    )
    error = CommandError(ErrorCode.BAD_JSON, "no")
    assert payload(pushes.error(error, None)) == '{"type":"error","code":"bad_json","message":"no"}'
