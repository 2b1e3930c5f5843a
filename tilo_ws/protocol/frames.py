"""WebSocket frames (RFC 6455, section 5.2): the server's, made once and written to any number of sockets, and the usual one
of a client's."""

import struct

_FIN = 0x80
_MASKED = 0x80
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA

MAX_CONTROL_PAYLOAD = 125
"""Bytes in a ping, pong or close frame (RFC 6455, section 5.5)."""


def text_frame(payload: bytes) -> bytes:
    """One unmasked, unfragmented text frame around UTF-8 bytes."""
    size = len(payload)
    if size < 126:
        return bytes((_FIN | _TEXT, size)) + payload
    if size < 65536:
        return struct.pack(">BBH", _FIN | _TEXT, 126, size) + payload
    return struct.pack(">BBQ", _FIN | _TEXT, 127, size) + payload


def whole_text(data: bytes, most_bytes: float) -> str | None:
    """The text of a client's single, whole, masked text frame. None for anything else: another kind, a part, a second frame,
    65,536 bytes or more, above `most_bytes`, no UTF-8."""
    size = len(data)
    if size < 6 or data[0] != _FIN | _TEXT:
        return None
    start = 6
    if size - start >= 126 or data[1] != _MASKED | size - start:
        start = 8
        if data[1] != _MASKED | 126 or int.from_bytes(data[2:4]) != size - start:
            return None
    length = size - start
    if length > most_bytes:
        return None
    masks = data[start - 4 : start] * (length // 4 + 1)
    masked = int.from_bytes(data[start:]) ^ int.from_bytes(masks[:length])
    try:
        return masked.to_bytes(length).decode()
    except UnicodeDecodeError:
        return None


def close_frame(code: int, reason: str = "") -> bytes:
    """The last frame of a connection; `reason` is cut to what a control frame holds."""
    payload = struct.pack(">H", code) + reason.encode()[: MAX_CONTROL_PAYLOAD - 2]
    return bytes((_FIN | _CLOSE, len(payload))) + payload


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping, with its payload."""
    return bytes((_FIN | _PONG, len(payload))) + payload


def ping_frame(payload: bytes) -> bytes:
    """Asks for a pong with the same payload."""
    return bytes((_FIN | _PING, len(payload))) + payload
