"""The error codes of an `error` reply and the close codes of the WebSocket (docs/protocol.md)."""

import enum


class ErrorCode(enum.StrEnum):
    """Why a command was not carried out. `RATE_LIMITED` and `BUSY` may be sent again, all others are final."""

    BAD_JSON = "bad_json"
    UNKNOWN_TYPE = "unknown_type"
    INVALID_FIELD = "invalid_field"
    MESSAGE_TOO_LONG = "message_too_long"
    RATE_LIMITED = "rate_limited"
    BUSY = "busy"
    AUTH_REQUIRED = "auth_required"
    INVALID_TOKEN = "invalid_token"
    FORBIDDEN = "forbidden"
    MUTED = "muted"
    FILTERED = "filtered"
    IMPLAUSIBLE_SCORE = "implausible_score"


class CloseCode(enum.IntEnum):
    """Why a connection ends. 4000-4499: the client comes back. 4500-4999: it stays away."""

    NORMAL = 1000
    PROTOCOL_ERROR = 1002
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    SLOW_CONSUMER = 4000
    IDLE_TIMEOUT = 4001
    TOKEN_EXPIRED = 4002
    FLOODING = 4003
    ADMIN_SESSION_ENDED = 4401
    INVALID_TOKEN = 4500
    BANNED = 4501
    KICKED = 4502
    AUTH_REQUIRED = 4503


class CommandError(Exception):
    """A client's mistake, or a limit it has met: answered by an `error` reply, the connection stays open.

    `retry_after` is in seconds and given for `RATE_LIMITED` and `BUSY` only.
    """

    def __init__(self, code: ErrorCode, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after
