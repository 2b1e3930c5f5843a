"""One-time codes by time (TOTP, RFC 6238): six digits, a new one every 30 seconds."""

import hmac

import pyotp

_SECONDS = 30

_SKEW = 1
"""Steps by which the clock of a telephone may be off, either way."""


def new_secret() -> str:
    """A secret of 160 bits in base32, as authenticator apps take it."""
    return pyotp.random_base32()


def setup_address(secret: str, name: str, server: str) -> str:
    """The `otpauth://` address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=f"tilo_ws {server}".replace(":", " "))


def matching_step(secret: str, code: str, now: float) -> int | None:
    """The time step that a code belongs to, if it is right now or was a step ago or will be in one."""
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit()):
        return None
    codes, current = pyotp.TOTP(secret), int(now) // _SECONDS
    for step in range(current - _SKEW, current + _SKEW + 1):
        if hmac.compare_digest(codes.generate_otp(step), digits):
            return step
    return None
