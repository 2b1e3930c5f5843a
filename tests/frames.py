"""Reading the WebSocket frames that the server writes."""


def payload(frame: bytes) -> str:
    """The text of one frame without a mask, as a server sends it."""
    return frame[4 if frame[1] == 126 else 2 :].decode()
