"""Reading the WebSocket frames that the server writes."""


def payload(frame: bytes) -> str:
    """The text of one frame without a mask, as a server sends it."""
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :].decode()
