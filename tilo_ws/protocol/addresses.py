"""Network addresses of players: one spelling for each, and the network that limits and bans go by."""

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAPPED_BITS = 96
"""The prefix of IPv4 addresses in IPv6, ::ffff:0:0/96 (RFC 4291, section 2.5.5.2)."""

_HOME_BITS = 64
"""An IPv6 network of one household or server: each of its addresses is the owner's to choose (RFC 4291, section 2.5.4)."""


def parse_ip(text: str) -> IPAddress:
    """The address, an IPv4 one also where it is written as IPv6. Raises ValueError."""
    address = ipaddress.ip_address(text)
    return (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped) or address


def parse_network(text: str) -> IPNetwork:
    """The network around an address with a prefix length, 10.1.2.3/8; an IPv4 one where written as IPv6. Raises ValueError."""
    network = ipaddress.ip_network(text, strict=False)
    mapped = isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped
    if mapped and network.prefixlen >= _MAPPED_BITS:
        return ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))
    return network


def network_of(ip: str) -> str:
    """What limits by address count by: an IPv4 address itself, of IPv6 the /64. What is no address stays as it is."""
    try:
        address = parse_ip(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((int(address), _HOME_BITS), strict=False))
