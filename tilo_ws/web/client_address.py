"""Where a request really comes from, seen through the proxies that the operator trusts."""

import ipaddress
from collections.abc import Iterable, Sequence

from aiohttp import web

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class ClientAddress:
    """Reads `X-Forwarded-For` and `X-Forwarded-Proto` of trusted proxies only."""

    def __init__(self, trusted: Sequence[IPNetwork]) -> None:
        self._trusted = trusted

    def ip(self, request: web.Request) -> str:
        """The client's address: from the right end of the list, the first that is no trusted proxy.

        What stands further left was written by the client and proves nothing.
        """
        peer = request.remote or ""
        hops = [hop.strip() for header in request.headers.getall("X-Forwarded-For", []) for hop in header.split(",")]
        return self._first_untrusted(peer, reversed(hops))

    def is_secure(self, request: web.Request) -> bool:
        """Whether the client's side of the connection is encrypted."""
        return request.scheme == "https" or (
            self.is_proxy(request.remote or "")
            and request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower() == "https"
        )

    def is_proxy(self, address: str) -> bool:
        """Whether this is a trusted proxy's own address: many players may stand behind it."""
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self._trusted)

    def _first_untrusted(self, peer: str, hops: Iterable[str]) -> str:
        address = peer
        for hop in hops:
            if not self.is_proxy(address) or not _is_address(hop):
                break
            address = hop
        return address


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
