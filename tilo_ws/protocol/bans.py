"""Bans and mutes, and which of them holds for a player."""

import enum
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from uuid import UUID

import msgspec

from tilo_ws.protocol.addresses import IPAddress, IPNetwork, parse_ip, parse_network
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.protocol.lookalikes import skeletons
from tilo_ws.protocol.text import email_address


class BanKind(enum.StrEnum):
    """What is kept from somebody, the strongest first: everything, speaking, being heard by others."""

    BAN = "ban"
    MUTE = "mute"
    SHADOW_MUTE = "shadow_mute"


_STRENGTH = {kind: strength for strength, kind in enumerate(reversed(BanKind))}


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """A ban or mute of whoever has this e-mail address, a nickname that looks like this, this address, or one in this network.

    `created_at` and `expires_at` are in seconds since 1970; an `expires_at` of None is for good.
    """

    id: UUID
    kind: BanKind
    email: str | None = None
    nickname: str | None = None
    ip: str | None = None
    network: str | None = None
    expires_at: float | None = None
    reason: str = ""
    created_by: str = ""
    created_at: float = 0.0

    def is_active(self, now: float) -> bool:
        """Whether it holds at this time, in seconds since 1970."""
        return self.expires_at is None or now < self.expires_at


class Bans:
    """All bans and mutes. A look-up takes as long as there are lengths of prefixes, however many networks there are."""

    def __init__(self, bans: Iterable[Ban] = ()) -> None:
        self.replace(bans)

    def __iter__(self) -> Iterator[Ban]:
        return iter(self._bans.values())

    def get(self, id: UUID) -> Ban | None:
        """The one with this id."""
        return self._bans.get(id)

    def replace(self, bans: Iterable[Ban]) -> None:
        """Takes these instead of all before. Raises CommandError as `add` does."""
        self._bans: dict[UUID, Ban] = {}
        self._by_key: defaultdict[Hashable, dict[UUID, Ban]] = defaultdict(dict)
        self._prefixes: Counter[tuple[int, int]] = Counter()
        for ban in bans:
            self.add(ban)

    def add(self, ban: Ban) -> None:
        """Adds one, in the place of one with its id. Raises CommandError (`INVALID_FIELD`), and then changes nothing."""
        keys, networks = _keys(ban), _networks(ban)
        if not keys and not networks:
            raise CommandError(ErrorCode.INVALID_FIELD, "email: or nickname, ip, network: one of them says who is meant")
        self.remove(ban.id)
        self._bans[ban.id] = ban
        self._prefixes.update((network.version, network.prefixlen) for network in networks)
        for key in keys + [_network_key(network.network_address, network.prefixlen) for network in networks]:
            self._by_key[key][ban.id] = ban

    def remove(self, id: UUID) -> Ban | None:
        """Takes one back and returns it; None where there is none."""
        ban = self._bans.pop(id, None)
        if ban is None:
            return None
        networks = _networks(ban)
        self._prefixes.subtract((network.version, network.prefixlen) for network in networks)
        self._prefixes = +self._prefixes
        for key in _keys(ban) + [_network_key(network.network_address, network.prefixlen) for network in networks]:
            del self._by_key[key][id]
            if not self._by_key[key]:
                del self._by_key[key]
        return ban

    def remove_expired(self, now: float) -> list[Ban]:
        """Forgets those whose time is over and returns them."""
        expired = [ban for ban in self if not ban.is_active(now)]
        for ban in expired:
            self.remove(ban.id)
        return expired

    def match(self, email: str | None, nickname: str | None, ip: str | None, now: float) -> Ban | None:
        """The strongest that holds for this player, of two alike the longer one. None stands for what is not known."""
        return max(self.matches(email, nickname, ip, now), key=_strength, default=None)

    def matches(self, email: str | None, nickname: str | None, ip: str | None, now: float) -> list[Ban]:
        """All that hold for this player."""
        if not self._bans:
            return []
        keys: list[Hashable] = []
        if email is not None:
            keys.append(("email", email.lower()))
        if nickname is not None:
            keys += _nickname_keys(nickname)
        if ip is not None:
            keys += self._ip_keys(ip)
        found = (ban for key in keys for ban in self._by_key.get(key, {}).values())
        return [ban for ban in found if ban.is_active(now)]

    def _ip_keys(self, ip: str) -> list[Hashable]:
        try:
            address = parse_ip(ip)
        except ValueError:
            return []
        return [_network_key(address, length) for version, length in self._prefixes if version == address.version]


def _keys(ban: Ban) -> list[Hashable]:
    keys: list[Hashable] = []
    if ban.email is not None:
        keys.append(("email", email_address(ban.email)))
    if ban.nickname is not None:
        keys += _nickname_keys(ban.nickname)
    return keys


def _nickname_keys(nickname: str) -> list[Hashable]:
    return [("nickname", skeleton) for skeleton in skeletons(nickname)]


def _networks(ban: Ban) -> list[IPNetwork]:
    networks = []
    try:
        field = "ip"
        if ban.ip is not None:
            networks.append(parse_network(str(parse_ip(ban.ip))))
        field = "network"
        if ban.network is not None:
            networks.append(parse_network(ban.network))
    except ValueError:
        raise CommandError(ErrorCode.INVALID_FIELD, f"{field}: must be an address such as 192.0.2.1 or 2001:db8::/32") from None
    return networks


def _network_key(address: IPAddress, length: int) -> Hashable:
    return address.version, length, int(address) >> (address.max_prefixlen - length)


def _strength(ban: Ban) -> tuple[int, float]:
    return _STRENGTH[ban.kind], float("inf") if ban.expires_at is None else ban.expires_at
