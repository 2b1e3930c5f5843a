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
    you: LeaderboardEntry | msgspec.UnsetType | None = msgspec.UNSET
    ref: Ref = None


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the server takes, so that a client can check first: lengths in code points, rates a second; 0 is no limit."""

    max_message_length: int
    max_nickname_length: int
    max_frame_bytes: int
    chat_rate: float
    chat_burst: float
    command_rate: float
    command_burst: float


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """The chat up to a connection's joined number `seq`, for one that comes or comes back.

    `messages` are the JSON of `chat` pushes, oldest first. `complete` only if no stored message is missing. `deleted` are
    numbers that an admin has removed since.
    """

    seq: int
    messages: Sequence[msgspec.Raw]
    complete: bool
    deleted: Sequence[int]


class PlayerNames(msgspec.Struct, frozen=True):
    """Who a connection's token says it is."""

    email: str
    nickname: str | None


class _Welcome(_Push, tag="welcome", frozen=True, kw_only=True):
    epoch: UUID
    seq: int
    server_time: int
    player: PlayerNames | None
    messages: Sequence[msgspec.Raw]
    recovered: bool
    deleted: Sequence[int]
    limits: Limits
    ref: Ref | msgspec.UnsetType = msgspec.UNSET


class _Limits(_Push, tag="limits", frozen=True):
    limits: Limits


class _ChatDeleted(_Push, tag="chat_deleted", frozen=True):
    seq: int
    id: UUID


class _Announcement(_Push, tag="announcement", frozen=True):
    message: str
    timestamp: str


class _TokenExpiring(_Push, tag="token_expiring", frozen=True):
    seconds: int


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
    return text_frame(global_events_json(events, ref))


def global_events_json(events: Sequence[Event], ref: Ref = None) -> bytes:
    """The same without a frame around it: what a page of the dashboard shows before an event starts."""
    return _encode(_GlobalEvents(events, ref))


def chat_json(message: ChatMessage) -> msgspec.Raw:
    """One chat message as JSON: what goes to everybody, and again to those who missed it."""
    return msgspec.Raw(_encode(_Chat(message.nickname, message.message, utc_text(message.created_at), message.seq, message.id)))


def chat_deleted(seq: int, id: UUID) -> bytes:
    """A chat message is gone, to everybody."""
    return frame(_ChatDeleted(seq, id))


def welcome(
    chat: Recovered, *, epoch: UUID, server_time_ms: int, player: PlayerNames | None, limits: Limits, ref: Ref
) -> bytes:
    """The answer to `hello`. Without a token there is no player."""
    return frame(
        _Welcome(
            epoch=epoch,
            seq=chat.seq,
            server_time=server_time_ms,
            player=player,
            messages=chat.messages,
            recovered=chat.complete,
            deleted=chat.deleted,
            limits=limits,
            ref=msgspec.UNSET if ref is None else ref,
        )
    )


def limits(changed: Limits) -> bytes:
    """What the server takes from now on, to everybody."""
    return frame(_Limits(changed))


def ack(ref: Ref, *, seq: int | None = None, id: UUID | None = None) -> bytes:
    """What `ref` asked for is stored; `seq` and `id` name a chat message."""
    return frame(_Ack(ref, seq, id))


def announcement(message: str, at: float) -> bytes:
    """What an admin says; `at` is in seconds since 1970."""
    return frame(_Announcement(message, utc_text(at)))


def token_expiring(seconds: int) -> bytes:
    """The player's token ends so soon: another one is needed to stay."""
    return frame(_TokenExpiring(seconds))


PONG = frame(_Pong())


def pong(ref: int | str, server_time_ms: int) -> bytes:
    """The answer to a ping that carries a ref. Without one it is `PONG`."""
    return frame(_Pong(ref, server_time_ms))


def leaderboard(
    entries: Sequence[LeaderboardEntry], ref: Ref = None, you: LeaderboardEntry | msgspec.UnsetType | None = msgspec.UNSET
) -> bytes:
    """The best players, best first; to who asked with `ref`, and with `you`, the own entry, where it is known who that is."""
    return frame(_Leaderboard(entries, you, ref))


def error(failure: CommandError, ref: Ref) -> bytes:
    """Why a command was not carried out."""
    return frame(_Error(failure.code, failure.message, ref, failure.retry_after))
