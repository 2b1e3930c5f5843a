"""What systemd is told of the service: that it is ready, that it lives, that it ends (sd_notify(3), `Type=notify`)."""

import logging
import os
import socket
from collections.abc import MutableMapping

from tilo_ws.background import Every

READY = "READY=1"
STOPPING = "STOPPING=1"
_ALIVE = "WATCHDOG=1"

_BEATS = 3
"""Signs of life within the time after which systemd ends a service that gives none."""


_SEND_TIMEOUT = 0.5

logger = logging.getLogger(__name__)


class ServiceManager:
    """Takes its address out of the environment, so that no child speaks in this one's name; without one says nothing."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        self._address = environment.pop("NOTIFY_SOCKET", "")
        microseconds = environment.pop("WATCHDOG_USEC", "")
        watched = environment.pop("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self._watchdog = int(microseconds) / 1_000_000 if microseconds.isdigit() and watched else 0.0

    @property
    def schedule(self) -> list[Every]:
        """What has to be run while the service lives."""
        if not self._address or not self._watchdog:
            return []
        return [Every(self._watchdog / _BEATS, lambda: self.tell(_ALIVE), "telling systemd of life")]

    def tell(self, state: str) -> None:
        """Sends it. Where nobody listens, the log says so, and the server goes on."""
        if not self._address:
            return
        # An address of Linux's own namespace is written with @ for its first byte.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
                connection.settimeout(_SEND_TIMEOUT)  # the event loop stands still meanwhile
                connection.connect(address)
                connection.send(state.encode())
        except OSError as error:
            logger.error("systemd does not hear %(state)s: %(reason)s", {"state": state, "reason": error})
