"""What the server sends: replies to one connection and pushes to everybody, each as a ready WebSocket frame."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from tilo_ws.protocol.chat_message import ChatMessage, utc_text
from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.frames import text_frame

Ref = int | str | None


class _Push(msgspec.Struct, tag_field="type", frozen=True):
    pass


class Event(msgspec.Struct, frozen=True):
    """An event as players see it."""

    type: str
    value: str
    expires_at: str
    id: UUID


class LeaderboardEntry(msgspec.Struct, frozen=True):
    """A line of the leaderboard as players see it: never an e-mail address."""

    rank: int
    nickname: str
    score: int
    survival_time: int


class _OnlineCount(_Push, tag="online_count", frozen=True, omit_defaults=True):
    count: int


class _GlobalEvents(_Push, tag="global_events", frozen=True, omit_defaults=True):
    events: Sequence[Event]
    ref: Ref = None


class _Chat(_Push, tag="chat", frozen=True, omit_defaults=True):
    nickname: str
    message: str
    timestamp: str
    seq: int
    id: UUID


class _Ack(_Push, tag="ack", frozen=True, omit_defaults=True):
    ref: Ref
    seq: int | None = None
    id: UUID | None = None


class _Pong(_Push, tag="pong", frozen=True, omit_defaults=True):
    ref: Ref = None
    server_time: int | None = None


class _Leaderboard(_Push, tag="leaderboard", frozen=True, omit_defaults=True):
    entries: Sequence[LeaderboardEntry]
    ref: Ref = None


class _Error(_Push, tag="error", frozen=True, omit_defaults=True):
    code: str
    message: str
    ref: Ref = None
    retry_after: float | None = None


_encode = msgspec.json.Encoder().encode


def frame(push: Any) -> bytes:
    """A text frame around the JSON of a struct or plain object."""
    return text_frame(_encode(push))


def online_count(count: int) -> bytes:
    """How many are connected, to all servers together."""
    return frame(_OnlineCount(count))


def global_events(events: Sequence[Event], ref: Ref = None) -> bytes:
    """The active events, to everybody; with `ref` to who asked."""
    return frame(_GlobalEvents(events, ref))


def chat(message: ChatMessage) -> bytes:
    """One chat message, to everybody."""
    return frame(_Chat(message.nickname, message.message, utc_text(message.created_at), message.seq, message.id))


def ack(ref: Ref, *, seq: int | None = None, id: UUID | None = None) -> bytes:
    """What `ref` asked for is stored; `seq` and `id` name a chat message."""
    return frame(_Ack(ref, seq, id))


PONG = frame(_Pong())


def pong(ref: int | str, server_time_ms: int) -> bytes:
    """The answer to a ping that carries a ref. Without one it is `PONG`."""
    return frame(_Pong(ref, server_time_ms))


def leaderboard(entries: Sequence[LeaderboardEntry], ref: Ref) -> bytes:
    """The best players, best first."""
    return frame(_Leaderboard(entries, ref))


def error(failure: CommandError, ref: Ref) -> bytes:
    """Why a command was not carried out."""
    return frame(_Error(failure.code, failure.message, ref, failure.retry_after))
