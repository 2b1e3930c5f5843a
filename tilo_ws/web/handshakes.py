"""Connections that have not asked for anything yet: who takes too long is cut."""

import asyncio
from collections.abc import Callable

from aiohttp.web_protocol import RequestHandler

MOST = 1_000
"""Connections that may be without a request at a time: beyond, the oldest is cut. An honest one takes milliseconds."""


class Handshakes:
    """Notes new connections until their first request. `timeout` is in seconds, 0 is none. The caller's clock counts."""

    def __init__(self, timeout: float, clock: Callable[[], float]) -> None:
        self._timeout = timeout
        self._clock = clock
        self._waiting: dict[RequestHandler, float] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def noting(self, make: Callable[[], RequestHandler]) -> Callable[[], asyncio.Protocol]:
        """A factory of protocols that notes each one it makes."""

        def make_and_note() -> RequestHandler:
            protocol = make()
            if self._timeout:
                self._waiting[protocol] = self._clock()
                if len(self._waiting) > MOST:
                    self._cut(next(iter(self._waiting)))
            return protocol

        return make_and_note

    def arrived(self, protocol: RequestHandler) -> None:
        """A request has come."""
        self._waiting.pop(protocol, None)

    def sweep(self) -> None:
        """Cuts those that are late: call it once a second."""
        late = self._clock() - self._timeout
        while self._waiting:
            protocol, since = next(iter(self._waiting.items()))
            if since > late:
                return
            self._cut(protocol)

    def _cut(self, protocol: RequestHandler) -> None:
        del self._waiting[protocol]
        if protocol.transport is not None:
            protocol.transport.abort()
