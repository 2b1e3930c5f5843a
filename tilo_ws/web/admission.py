"""Who may open a WebSocket, and how many may be open."""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, get_args

from aiohttp import web

from tilo_ws.protocol.addresses import network_of
from tilo_ws.protocol.token_bucket import TokenBucket
from tilo_ws.realtime.shared_counts import SharedCounts
from tilo_ws.web.client_address import ClientAddress

logger = logging.getLogger(__name__)

Refusal = Literal["banned", "origin", "full", "address", "rate", "ending", "handshake"]
"""Why an upgrade was refused: `address` and `rate` are the limits for one address and for all, `handshake` a faulty request."""


class Admission:
    """Limits of connections; 0 is none. `connect_rate` is upgrades a second, `max_for_network` for each network address.

    `origins` may open one from a page, `*` stands for all. `shuts_out` tells banned addresses. `shared` holds `max_for_network`
    over all servers. `refused` counts by reason.
    """

    def __init__(
        self,
        address: ClientAddress,
        *,
        max_connections: int,
        max_for_network: int,
        connect_rate: float,
        origins: Sequence[str],
        shuts_out: Callable[[str], bool],
        shared: SharedCounts | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._max_connections = max_connections
        self._max_for_network = max_for_network
        self._connects = TokenBucket(connect_rate, max(1.0, connect_rate), clock())
        self._origins = frozenset(origins)
        self._shuts_out = shuts_out
        self._shared = shared
        self._clock = clock
        self._count = 0
        self._networks: Counter[str] = Counter()
        self._told = False
        self.refused = dict.fromkeys(get_args(Refusal), 0)

    def enter(self, request: web.Request, *, ending: bool = False) -> str:
        """Counts a connection and returns its address. The caller calls `leave` in the end. Raises HTTPException.

        `ending`: this server takes nobody any more.
        """
        ip = self._address.ip(request)
        if ending:
            text = "this server is ending, come back in a moment\n"
            raise self.refuse("ending", ip, web.HTTPServiceUnavailable(text=text))
        if self._shuts_out(ip):
            raise self.refuse("banned", ip, web.HTTPForbidden(text="this address is banned\n"))
        origin = request.headers.get("Origin")
        if origin is not None and "*" not in self._origins and origin.lower() not in self._origins:
            text = "pages of this origin may not connect: see TILO_ALLOWED_ORIGINS\n"
            raise self.refuse("origin", ip, web.HTTPForbidden(text=text))
        if self._count >= self._max_connections:
            raise self.refuse("full", ip, _unavailable("this server is full, come back later", 10))
        network = network_of(ip)
        if self._max_for_network and self._networks[network] >= self._max_for_network:
            self._refuse_unless_proxy(ip)
        if wait := self._connects.take(self._clock()):
            raise self.refuse("rate", ip, _unavailable("too many connect at once, come back in a moment", math.ceil(wait)))
        self._count += 1
        self._networks[network] += 1
        return ip

    async def confirm(self, ip: str) -> None:
        """Asks whether the other servers leave room for a connection that was counted. Raises HTTPException."""
        if self._shared is None or self._address.is_proxy(ip):
            return
        if not await self._shared.admits(network_of(ip)):
            raise self._too_many(ip)

    def open_from(self, network: str) -> int:
        """How many connections there are from a network."""
        return self._networks[network]

    def refuse(self, reason: Refusal, ip: str, error: web.HTTPException) -> web.HTTPException:
        """Counts and logs that an upgrade is refused. Returns what the caller raises."""
        self.refused[reason] += 1
        fields = {"ip": ip, "reason": reason, "status": error.status}
        logger.info("refused: %(ip)s, %(reason)s, status %(status)d", fields, extra={"is_limited": True})
        return error

    def leave(self, ip: str) -> None:
        """A connection that was counted has ended."""
        self._count -= 1
        network = network_of(ip)
        self._networks[network] -= 1
        if not self._networks[network]:
            del self._networks[network]
        if self._shared is not None:
            self._shared.left(network)

    def _refuse_unless_proxy(self, ip: str) -> None:
        """Behind a proxy that forwards no address all players look alike."""
        if not self._address.is_proxy(ip):
            raise self._too_many(ip)
        if not self._told:
            self._told = True
            logger.warning(
                "more than %(limit)d players come from %(ip)s, a trusted proxy, without an address of their own: let it send"
                " X-Forwarded-For, or take it out of TILO_TRUSTED_PROXIES; until then no limit for an address holds for them",
                {"limit": self._max_for_network, "ip": ip},
            )

    def _too_many(self, ip: str) -> web.HTTPException:
        text = "too many connections from this address\n"
        return self.refuse("address", ip, web.HTTPTooManyRequests(text=text, headers={"Retry-After": "10"}))


def _unavailable(text: str, seconds: int) -> web.HTTPException:
    return web.HTTPServiceUnavailable(text=text + "\n", headers={"Retry-After": str(seconds)})
