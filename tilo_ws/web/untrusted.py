"""Texts from requests: they may hold any byte, which aiohttp turns into half surrogate pairs, and any control character."""

import hashlib
import hmac
import re

from aiohttp import web

_CONTROLS = re.compile("[\x01-\x1f\x7f-\x9f\u2028\u2029]")


def storable(text: str) -> str:
    """As PostgreSQL can keep it and the log shows it in one line: without NUL, other control characters as spaces."""
    return _CONTROLS.sub(" ", text.replace("\0", "")).encode(errors="replace").decode()


def header_text(request: web.Request, name: str) -> str:
    """A header that can be shown and encoded: what is no UTF-8 becomes question marks."""
    return request.headers.get(name, "").encode(errors="replace").decode()


def same_secret(given: object, expected: str) -> bool:
    """Compares in constant time. An empty secret equals nothing."""
    if not isinstance(given, str) or not expected:
        return False
    return hmac.compare_digest(given.encode(errors="surrogateescape"), expected.encode(errors="surrogateescape"))


def has_bearer(request: web.Request, expected: str) -> bool:
    """Whether the request shows this secret: `Authorization: Bearer …`."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and same_secret(given.strip(), expected)


def digest(secret: str) -> str:
    """The name for what belongs to a secret: it does not tell the secret."""
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()


def is_same_origin(request: web.Request) -> bool:
    """A page of another site can open a socket or send a form here, but it cannot lie about where it comes from."""
    _, _, host = request.headers.get("Origin", "").partition("://")
    return bool(host) and host == request.host
