"""How fast a player may chat: over all connections of a token's address, and of a network without tokens."""

import time
from collections import OrderedDict
from collections.abc import Callable

from tilo_ws.protocol.addresses import network_of
from tilo_ws.protocol.token_bucket import TokenBucket
from tilo_ws.realtime.broker import Limit
from tilo_ws.realtime.connection import Connection

NETWORK_FACTOR = 5
"""A network without tokens may chat so many times as fast as one player: several live there."""

LEAST_MEMORY = 60.0
"""Seconds that a bucket outlives its last use, so that coming back fills none."""


class ChatRates:
    """`rate` messages a second and `burst` at once for each player; a rate of 0 is no limit.

    A player without a token is the connection, and beside it counts its network. `is_proxy` tells addresses that stand for
    many players: those are not counted.
    """

    def __init__(
        self, rate: float, burst: float, *, is_proxy: Callable[[str], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._is_proxy = is_proxy
        self._clock = clock
        self._memory = max(LEAST_MEMORY, burst / rate) if rate else 0.0
        self._buckets: OrderedDict[tuple[str, str], tuple[TokenBucket, float]] = OrderedDict()

    def take(self, connection: Connection) -> float:
        """Counts a message and returns 0, or counts none and returns the seconds until one may be sent."""
        if not self._rate:
            return 0.0
        now = self._clock()
        self._forget(now)
        if connection.player is not None:
            return self._bucket("player", connection.player.email, 1, now).take(now)
        buckets = [self._bucket("connection", connection.id, 1, now)]
        if not self._is_proxy(connection.ip):
            buckets.append(self._bucket("network", network_of(connection.ip), NETWORK_FACTOR, now))
        if retry_after := max(bucket.wait(now) for bucket in buckets):
            return retry_after
        for bucket in buckets:
            bucket.take(now)
        return 0.0

    def shared(self, connection: Connection) -> list[Limit]:
        """The limits of who may be on several servers at once: a player by token, and a network.

        A message more than here at once, since messages do not come to the log as evenly as they were sent.
        """
        if not self._rate:
            return []
        if connection.player is not None:
            return [Limit(f"player:{connection.player.email}", self._rate, self._burst + 1)]
        if self._is_proxy(connection.ip):
            return []
        network = f"network:{network_of(connection.ip)}"
        return [Limit(network, self._rate * NETWORK_FACTOR, self._burst * NETWORK_FACTOR + 1)]

    def _bucket(self, kind: str, name: str, factor: int, now: float) -> TokenBucket:
        known = self._buckets.pop((kind, name), None)
        bucket = TokenBucket(self._rate * factor, self._burst * factor, now) if known is None else known[0]
        self._buckets[kind, name] = bucket, now
        return bucket

    def _forget(self, now: float) -> None:
        while self._buckets:
            oldest, (_, used_at) = next(iter(self._buckets.items()))
            if now - used_at <= self._memory:
                return
            del self._buckets[oldest]
