"""What a text frame may say, and what becomes of everything else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.commands import GetEvents, GetLeaderboard, Ping, SendChat, SubmitScore, parse

CHAT = {"type": "chat", "nickname": "Zoë", "message": "hi"}
SCORE = {"type": "score_update", "email": "a@b.de", "score": 1, "survival_time": 2}


@pytest.mark.parametrize(
    ("fields", "command"),
    [
        (CHAT, SendChat(nickname="Zoë", message="hi")),
        (CHAT | {"ref": 7}, SendChat(nickname="Zoë", message="hi", ref=7)),
        (CHAT | {"ref": "x" * 64, "unknown": [1]}, SendChat(nickname="Zoë", message="hi", ref="x" * 64)),
        (SCORE, SubmitScore(email="a@b.de", score=1, survival_time=2)),
        (SCORE | {"score": 2**53 - 1}, SubmitScore(email="a@b.de", score=2**53 - 1, survival_time=2)),
        ({"type": "get_events"}, GetEvents()),
        ({"type": "get_leaderboard"}, GetLeaderboard(limit=10)),
        ({"type": "ping", "ref": 1}, Ping(ref=1)),
    ],
)
def test_a_command_is_read(fields: dict[str, Any], command: object) -> None:
    assert parse(json.dumps(fields)).command == command


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", ErrorCode.BAD_JSON),
        ("hello", ErrorCode.BAD_JSON),
        ("[]", ErrorCode.BAD_JSON),
        ('"text"', ErrorCode.BAD_JSON),
        ("null", ErrorCode.BAD_JSON),
        ('{"type":"ping"}{}', ErrorCode.BAD_JSON),
        ('{"type":"ping","deep":' + "[" * 10_000 + "]" * 10_000 + "}", ErrorCode.BAD_JSON),
        ("[" * 10_000, ErrorCode.BAD_JSON),
        ('{"type":"score_update","email":"a@b.de","score":NaN,"survival_time":1}', ErrorCode.BAD_JSON),
        ('{"type":"score_update","email":"a@b.de","score":Infinity,"survival_time":1}', ErrorCode.BAD_JSON),
        ('{"type":"chat","nickname":"\\ud800","message":"half a surrogate pair"}', ErrorCode.BAD_JSON),
        ("{}", ErrorCode.UNKNOWN_TYPE),
        ('{"type":5}', ErrorCode.UNKNOWN_TYPE),
        ('{"type":"nope"}', ErrorCode.UNKNOWN_TYPE),
    ],
)
def test_what_is_no_command_has_its_code(text: str, code: ErrorCode) -> None:
    error = parse(text).error
    assert error is not None
    assert error.code is code


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"type": "chat", "nickname": "Zoë"}, "message"),
        (CHAT | {"nickname": 5}, "nickname"),
        (CHAT | {"message": None}, "message"),
        (CHAT | {"id": "no uuid"}, "id"),
        (CHAT | {"ref": 1.5}, "ref"),
        (CHAT | {"ref": "x" * 65}, "ref"),
        (SCORE | {"score": "12"}, "score"),
        (SCORE | {"score": -1}, "score"),
        (SCORE | {"score": 1.5}, "score"),
        (SCORE | {"score": 2**53}, "score"),
        (SCORE | {"score": 2**63}, "score"),
        (SCORE | {"score": 10**400}, "score"),
        (SCORE | {"score": True}, "score"),
        (SCORE | {"survival_time": 2**31}, "survival_time"),
        (SCORE | {"email": ["a@b.de"]}, "email"),
        ({"type": "get_leaderboard", "limit": 0}, "limit"),
        ({"type": "get_leaderboard", "limit": 101}, "limit"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], field: str) -> None:
    error = parse(json.dumps(fields)).error
    assert error is not None
    assert error.code is ErrorCode.INVALID_FIELD
    assert error.message.startswith(f"{field}: ")


def test_the_ref_of_a_faulty_command_is_known() -> None:
    assert parse('{"type":"nope","ref":"r1"}').ref == "r1"
    assert parse('{"type":"chat","ref":8}').ref == 8
    assert parse('{"type":"chat","ref":[8]}').ref is None


@given(st.binary() | st.text() | st.text().map(lambda text: json.dumps({"type": text})))
def test_any_input_gives_a_command_or_an_error(data: str | bytes) -> None:
    command, error, _ = parse(data)
    assert (command is None) == isinstance(error, CommandError)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.sampled_from(["chat", "score_update", "ping", "get_events", "get_leaderboard"]),
    st.dictionaries(st.sampled_from(["nickname", "message", "id", "ref", "email", "score", "survival_time", "limit"]), _json),
)
def test_any_fields_give_a_command_or_an_error(type: str, fields: dict[str, Any]) -> None:
    command, error, _ = parse(json.dumps({"type": type} | fields))
    assert (command is None) == isinstance(error, CommandError)
