"""The admin's password, given plain or as a hash (scrypt, RFC 7914)."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets

_PREFIX = "scrypt$"
_FORM = re.compile(r"scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9+/=]{16,})\$([A-Za-z0-9+/=]{40,})")

_LOG2_N, _R, _P = 15, 8, 1
"""32 MiB and some 0.1 s for each attempt."""

_MAX_MEMORY = 256 * 1024 * 1024


class Password:
    """A password to compare with. Raises ValueError for a hash that cannot be read."""

    def __init__(self, given: str) -> None:
        self._plain = given.encode()
        self._hash: tuple[int, int, int, bytes, bytes] | None = None
        if given.startswith(_PREFIX):
            self._hash = _read(given)

    def matches(self, attempt: str) -> bool:
        """Compares in constant time; a hash takes a tenth of a second, so call it on a thread."""
        raw = attempt.encode(errors="replace")
        if self._hash is None:
            return hmac.compare_digest(raw, self._plain)
        log2_n, r, p, salt, expected = self._hash
        return hmac.compare_digest(_scrypt(raw, salt, log2_n, r, p, len(expected)), expected)


def hashed(password: str) -> str:
    """`scrypt$log2(N)$r$p$salt$hash`, both in base64: what can be set in the place of the password."""
    salt = secrets.token_bytes(16)
    parts = [salt, _scrypt(password.encode(), salt, _LOG2_N, _R, _P, 32)]
    return f"{_PREFIX}{_LOG2_N}${_R}${_P}$" + "$".join(base64.b64encode(part).decode() for part in parts)


def _read(text: str) -> tuple[int, int, int, bytes, bytes]:
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError("a plain password, or a hash of the form scrypt$log2(N)$r$p$salt$hash")
    log2_n, r, p = (int(found[number]) for number in (1, 2, 3))
    if not (1 <= log2_n <= 24 and r and p and 128 * r * 2**log2_n <= _MAX_MEMORY):
        raise ValueError("a hash that takes at most 256 MiB of memory")
    try:
        return log2_n, r, p, base64.b64decode(found[4], validate=True), base64.b64decode(found[5], validate=True)
    except binascii.Error:
        raise ValueError("a hash whose salt and hash are base64") from None


def _scrypt(password: bytes, salt: bytes, log2_n: int, r: int, p: int, length: int) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=2**log2_n, r=r, p=p, maxmem=_MAX_MEMORY * 2, dklen=length)
