"""How often somebody may try to log in: by network address, by account, and all together."""

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable

from tilo_ws.protocol.addresses import network_of
from tilo_ws.protocol.token_bucket import TokenBucket
from tilo_ws.realtime.redis_link import RedisAway
from tilo_ws.realtime.shared_store import AttemptLimit, SharedStore

_ATTEMPTS = 5
_SECONDS_FOR_ATTEMPT = 60.0
_MAX_KEYS = 10_000

_ATTEMPTS_IN_ALL = 100
_SECONDS_FOR_ATTEMPT_IN_ALL = 0.6
"""From all addresses together: who has many of them gets no further."""

_REFUSALS_TOLD = 20
_SECONDS_FOR_REFUSAL = 60.0
"""So many refusals of different networks are told at once, and one more a minute: a flood must not fill the record."""


class TooManyAttempts(Exception):
    """Not even the right answer helps now; the text says when it will. `is_told`: this one stands for many in the record."""

    def __init__(self, text: str, *, is_told: bool) -> None:
        super().__init__(text)
        self.is_told = is_told


class LoginAttempts:
    """After five attempts a network address has one more a minute, and so has whoever tries codes for one account.

    `shared` counts those of all servers, where there are several; while it is away each server counts its own.
    """

    def __init__(self, shared: SharedStore | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._shared = shared
        self._clock = clock
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        self._in_all = TokenBucket(1 / _SECONDS_FOR_ATTEMPT_IN_ALL, _ATTEMPTS_IN_ALL, clock())
        self._refusals = TokenBucket(1 / _SECONDS_FOR_REFUSAL, _REFUSALS_TOLD, clock())
        self._told: dict[str, float] = {}

    async def take(self, ip: str, account: str | None = None) -> int:
        """Counts an attempt, for an account too where one is named. Returns how many are left. Raises TooManyAttempts."""
        now, names = self._clock(), _keys(ip, account)
        wait, left = await self._take_on_all_servers(names) or self._take_here(names, now)
        if wait:
            text = f"Too many attempts. Try again in {round(wait) or 1} seconds."
            raise TooManyAttempts(text, is_told=self._is_told(network_of(ip), now))
        return left

    async def forget(self, ip: str, account: str | None = None) -> None:
        """Gives all attempts back: the answer was right."""
        names = _keys(ip, account)
        for name in names:
            self._buckets.pop(name, None)
        if self._shared is not None:
            with contextlib.suppress(RedisAway):
                await self._shared.remove(*map(_shared_name, names))

    async def _take_on_all_servers(self, names: list[str]) -> tuple[float, int] | None:
        """As `_take_here`; None where there is one server, or while nobody knows of the others."""
        if self._shared is None:
            return None
        limits = [AttemptLimit(_shared_name(name), _SECONDS_FOR_ATTEMPT, _ATTEMPTS) for name in names]
        in_all = AttemptLimit(_shared_name("all"), _SECONDS_FOR_ATTEMPT_IN_ALL, _ATTEMPTS_IN_ALL)
        with contextlib.suppress(RedisAway):
            return await self._shared.attempt([*limits, in_all])
        return None

    def _take_here(self, names: list[str], now: float) -> tuple[float, int]:
        """The seconds until there is one more, and how many are left."""
        buckets = [self._bucket(name, now) for name in names]
        if wait := max(bucket.wait(now) for bucket in [*buckets, self._in_all]):
            return wait, 0
        for bucket in [*buckets, self._in_all]:
            bucket.take(now)
        return 0.0, min(bucket.left(now) for bucket in buckets)

    def _is_told(self, network: str, now: float) -> bool:
        """True once a minute for a network, while there are not too many."""
        self._told = {other: at for other, at in self._told.items() if now - at < _SECONDS_FOR_REFUSAL}
        if network in self._told or self._refusals.take(now):
            return False
        self._told[network] = now
        return True

    def _bucket(self, key: str, now: float) -> TokenBucket:
        bucket = self._buckets.setdefault(key, TokenBucket(1 / _SECONDS_FOR_ATTEMPT, _ATTEMPTS, now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MAX_KEYS:
            self._buckets.popitem(last=False)
        return bucket


def _shared_name(name: str) -> str:
    return f"attempts:{name}"


def _keys(ip: str, account: str | None) -> list[str]:
    """A network never looks like an account: their names have no such prefix."""
    return [network_of(ip)] if account is None else [network_of(ip), f"account {account}"]
