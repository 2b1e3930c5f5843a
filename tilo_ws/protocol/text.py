"""What people type, made fit to be shown to others: nicknames, messages, e-mail addresses."""

import re
import unicodedata

from tilo_ws.protocol.codes import CommandError, ErrorCode

MAX_EMAIL_LENGTH = 254
"""Characters of an address that can be delivered to (RFC 5321, errata 1690)."""

_WHITESPACE_CONTROLS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")

# Characters that nobody sees but that change how the rest is read: controls, embeddings, overrides and isolates of the
# writing direction (UAX #9), zero-width space, word joiner, byte order mark, soft hyphen. The joiners U+200C and U+200D
# stay: Persian and emoji need them between two letters.
_UNSEEN = re.compile(
    "[\x01-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_JOINERS_AND_SPACES = " \u00a0\u200c\u200d\u2800\u3000\u3164"

# Letters by Unicode's categories that are drawn as nothing: Hangul fillers, the blank Braille pattern.
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")

# Spaces, controls, formats; and what shows nothing when it stands alone: marks that need a letter, private use.
_HIDDEN_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
_BLANK_CATEGORIES = _HIDDEN_CATEGORIES | {"Co", "Mn", "Me"}

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")


def clean(field: str, raw: str, max_length: int, *, too_long: ErrorCode = ErrorCode.INVALID_FIELD) -> str:
    """`raw` in NFC, without unseen characters, trimmed, line breaks as spaces.

    Raises CommandError: `INVALID_FIELD` when blank or holding NUL; `too_long` over `max_length` code points (0: no limit).
    """
    if "\0" in raw:
        raise CommandError(ErrorCode.INVALID_FIELD, f"{field}: NUL characters are not allowed")
    text = raw if raw.isascii() and raw.isprintable() else _normalized(raw)
    text = text.strip().strip(_JOINERS_AND_SPACES)
    if not is_visible(text):
        raise CommandError(ErrorCode.INVALID_FIELD, f"{field}: must not be blank")
    if max_length and len(text) > max_length:
        raise CommandError(too_long, f"{field}: {len(text)} characters, at most {max_length} are allowed")
    return text


def _normalized(raw: str) -> str:
    return unicodedata.normalize("NFC", _UNSEEN.sub("", _WHITESPACE_CONTROLS.sub(" ", raw)))


def is_visible(text: str) -> bool:
    """Whether anything of it is drawn."""
    if text.isascii() and text[:1].isalnum():
        return True
    return any(not _is_blank(character) for character in text)


def _is_blank(character: str) -> bool:
    return character in _BLANK_LETTERS or unicodedata.category(character) in _BLANK_CATEGORIES


def email_address(raw: str) -> str:
    """The address in lower case, which is a player's key. Raises CommandError (`INVALID_FIELD`)."""
    address = unicodedata.normalize("NFC", raw.strip()).lower()
    hidden = not address.isascii() and any(
        character in _BLANK_LETTERS or unicodedata.category(character) in _HIDDEN_CATEGORIES for character in address
    )
    if len(address) > MAX_EMAIL_LENGTH or hidden or not _EMAIL.fullmatch(address):
        raise CommandError(
            ErrorCode.INVALID_FIELD, f"email: must be an address of at most {MAX_EMAIL_LENGTH} characters with one @"
        )
    return address
