"""What clients send: one struct for each command, and `parse`, which makes one of them from a text frame."""

import re
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec

from tilo_ws.protocol.codes import CommandError, ErrorCode

MAX_SCORE = 2**53 - 1
"""The largest whole number that JavaScript holds exactly."""

MAX_SURVIVAL_TIME = 2**31 - 1
"""Seconds; PostgreSQL's `integer`."""

MAX_LEADERBOARD_ENTRIES = 100

MAX_HISTORY = 100
"""Chat messages that a client gets which comes for the first time."""

Ref = Annotated[int, msgspec.Meta(ge=-MAX_SCORE, le=MAX_SCORE)] | Annotated[str, msgspec.Meta(max_length=64)] | None


class _Command(msgspec.Struct, tag_field="type", frozen=True, kw_only=True):
    ref: Ref = None


class SendChat(_Command, tag="chat", frozen=True, kw_only=True):
    """Says `message` to everybody. `id` is the sender's own name for it: sent again, it is shown once."""

    nickname: str
    message: str
    id: UUID | None = None


class SubmitScore(_Command, tag="score_update", frozen=True, kw_only=True):
    """Offers a result; the best of old and new is kept, field by field. `survival_time` is in whole seconds."""

    email: str
    score: Annotated[int, msgspec.Meta(ge=0, le=MAX_SCORE)]
    survival_time: Annotated[int, msgspec.Meta(ge=0, le=MAX_SURVIVAL_TIME)]
    nickname: str | None = None


class GetEvents(_Command, tag="get_events", frozen=True, kw_only=True):
    """Asks for the active events."""


class GetLeaderboard(_Command, tag="get_leaderboard", frozen=True, kw_only=True):
    """Asks for the best players; `watch` asks for them again whenever they change, until it is false."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LEADERBOARD_ENTRIES)] = 10
    watch: bool | None = None


class Ping(_Command, tag="ping", frozen=True, kw_only=True):
    """Asks for a `pong`."""


class Hello(_Command, tag="hello", frozen=True, kw_only=True):
    """Says who comes, and what it heard last: the chat `after` a number of an `epoch`, or the last `history` messages."""

    token: str | None = None
    after: Annotated[int, msgspec.Meta(ge=0, le=MAX_SCORE)] | None = None
    epoch: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    history: Annotated[int, msgspec.Meta(ge=0, le=MAX_HISTORY)] = 0


class Auth(_Command, tag="auth", frozen=True, kw_only=True):
    """Shows a player's token: the first one, or a fresh one before the last expires."""

    token: str


Command = SendChat | SubmitScore | GetEvents | GetLeaderboard | Ping | Hello | Auth


class Parsed(NamedTuple):
    """What a frame said: a command, or why it is none. `ref` is the sender's, also beside an error."""

    command: Command | None
    error: CommandError | None
    ref: int | str | None


_decoder = msgspec.json.Decoder(Command)
_any_decoder = msgspec.json.Decoder(dict[str, Any])
_field = re.compile(r"(.*?) - at `\$\.(\w+)")
_missing_field = re.compile(r"Object missing required field `(\w+)`")


def parse(text: str | bytes) -> Parsed:
    """Reads one JSON object. Never raises: whatever cannot be a command comes back as a `CommandError`."""
    try:
        command = _decoder.decode(text)
    except msgspec.ValidationError as error:
        return _explain(text, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Parsed(None, CommandError(ErrorCode.BAD_JSON, "not valid JSON"), None)
    return Parsed(command, None, command.ref)


def _explain(text: str | bytes, reason: str) -> Parsed:
    try:
        fields = _any_decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Parsed(None, CommandError(ErrorCode.BAD_JSON, "not a JSON object"), None)
    return Parsed(None, _field_error(fields, reason), _readable_ref(fields.get("ref")))


def _field_error(fields: dict[str, Any], reason: str) -> CommandError:
    if missing := _missing_field.match(reason):
        field, what = missing[1], "is missing"
    elif named := _field.match(reason):
        field, what = named[2], named[1].replace("`", "")
    else:
        return CommandError(ErrorCode.BAD_JSON, reason.replace("`", ""))
    if field == "type":
        known = isinstance(fields.get("type"), str)
        return CommandError(
            ErrorCode.UNKNOWN_TYPE, f"unknown type {fields['type'][:64]!r}" if known else "type is missing or no string"
        )
    return CommandError(ErrorCode.INVALID_FIELD, f"{field}: {what}")


def _readable_ref(ref: object) -> int | str | None:
    """The ref of a command that is faulty elsewhere; None where the ref itself is the fault."""
    try:
        return msgspec.convert(ref, Ref)  # type: ignore[no-any-return]
    except msgspec.ValidationError:
        return None
