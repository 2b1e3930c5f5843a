"""What the address of `/admin/chat` asks for: `text`, `player`, `from`, `until`, `before`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from tilo_ws.protocol.chat_message import ChatMessage
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.services.chat_search import Criteria, Position

PATH = "/admin/chat"

_MAX_TEXT = 500
"""Code points; no message or name is much longer."""


def read_criteria(query: Mapping[str, str]) -> Criteria:
    """Raises CommandError (`INVALID_FIELD`)."""
    return Criteria(
        text=_text(query, "text"),
        player=_text(query, "player"),
        since=_time(query, "from"),
        until=_time(query, "until"),
        before=_position(query.get("before", "")),
    )


def position_text(message: ChatMessage) -> str:
    """A message's place as `before` takes it: what is older comes next."""
    return f"{round(message.created_at * 1_000_000)}-{message.id}"


def page_path(query: Mapping[str, str], **changed: str) -> str:
    """The page for what this query asks for, but for some fields."""
    asked = {name: query[name] for name in ("text", "player", "from", "until") if query.get(name)}
    fields = {name: value for name, value in (asked | changed).items() if value}
    return f"{PATH}?{urlencode(fields)}" if fields else PATH


def _text(query: Mapping[str, str], name: str) -> str:
    text = query.get(name, "").strip()
    if len(text) > _MAX_TEXT or "\0" in text:
        raise CommandError(ErrorCode.INVALID_FIELD, f"{name}: at most {_MAX_TEXT} characters, none of them NUL")
    return text


def _time(query: Mapping[str, str], name: str) -> float | None:
    raw = query.get(name, "")
    if not raw:
        return None
    try:
        return datetime.fromisoformat(raw).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise CommandError(ErrorCode.INVALID_FIELD, f"{name}: must be a time in UTC such as 2026-03-01T18:30") from None


def _position(raw: str) -> Position | None:
    if not raw:
        return None
    microseconds, _, id = raw.partition("-")
    try:
        if len(microseconds) > 17:
            raise ValueError
        return Position(int(microseconds) / 1_000_000, UUID(id))
    except ValueError:
        raise CommandError(ErrorCode.INVALID_FIELD, "before: this is no place in the chat") from None
