"""What holds for whatever a client sends, as one function of bytes: anything that it raises is a find."""

import msgspec

from tilo_ws.protocol import pushes
from tilo_ws.protocol.codes import CommandError
from tilo_ws.protocol.commands import Auth, Hello, SendChat, SubmitScore, parse
from tilo_ws.protocol.links import holds_link
from tilo_ws.protocol.lookalikes import ReservedNames
from tilo_ws.protocol.repeats import Repeats
from tilo_ws.protocol.text import clean, email_address
from tilo_ws.protocol.token_keys import secret_key
from tilo_ws.protocol.tokens import InvalidToken, Tokens
from tilo_ws.protocol.words import WordFilter

SECRET = "a secret that is long enough for HS256"
NOW = 1_790_000_000.0
MAX_LENGTH = 500

_WORDS = WordFilter(["bad", "ass", "all", "kill yourself", "ばか", "ﬁ"])
_NAMES = ReservedNames(["admin", "system"])
_TOKENS = Tokens(secret_key(SECRET), max_nickname_length=32)


def check(data: bytes) -> None:
    """Takes the bytes as a frame; and as each text of a command, so that JSON is not in the way of the rules for texts."""
    _check_frame(data)
    text = data.decode(errors="replace")
    _check_nickname(text)
    _check_message(text)
    _check_address(text)
    _check_token(text)


def _check_frame(data: bytes) -> None:
    """It is a command that is read again as it is written, or an error that can be sent."""
    command, error, ref = parse(data)
    assert ref is None or isinstance(ref, int | str)
    if command is None:
        assert isinstance(error, CommandError)
        assert pushes.error(error, ref)
        return
    assert error is None
    assert parse(msgspec.json.encode(command)).command == command
    if isinstance(command, SendChat):
        _check_nickname(command.nickname)
        _check_message(command.message)
    elif isinstance(command, SubmitScore):
        _check_address(command.email)
    elif isinstance(command, Hello | Auth):
        _check_token(command.token or "")


def _check_nickname(raw: str) -> None:
    nickname = _cleaned(raw)
    if nickname:
        assert _NAMES.takes(nickname) == _NAMES.takes(f" {nickname}.")


def _check_message(raw: str) -> None:
    message = _cleaned(raw)
    masked = _WORDS.mask(message)
    assert len(masked) == len(message)
    assert (masked != message) <= _WORDS.finds(message)
    assert _WORDS.finds(f"{message} bad")
    assert holds_link(f"{message} https://example.com")
    repeats = Repeats(60.0, 0.0)
    repeats.add("zoe", message, 0.0)
    assert repeats.repeat_left("zoe", f" {message} ", 1.0) == 59.0


def _cleaned(raw: str) -> str:
    """The text as it is shown, empty where it is refused."""
    try:
        text = clean("message", raw, MAX_LENGTH)
    except CommandError:
        return ""
    assert 0 < len(text) <= MAX_LENGTH
    assert clean("message", text, MAX_LENGTH) == text
    return text


def _check_address(raw: str) -> None:
    try:
        address = email_address(raw)
    except CommandError:
        return
    assert address.count("@") == 1
    assert email_address(address) == address


def _check_token(token: str) -> None:
    try:
        player = _TOKENS.read(token, NOW)
    except InvalidToken:
        return
    assert player.expires_at > NOW
    assert email_address(player.email) == player.email
