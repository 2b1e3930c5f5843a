"""How often a connection may say hello: its answer holds up to a thousand messages, and one for each connection is enough."""

import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

from tilo_ws.protocol.commands import Hello
from tilo_ws.protocol.token_bucket import TokenBucket
from tilo_ws.realtime.connection import Connection
from tilo_ws.realtime.session import Handler, rate_limited

HELLO_RATE = 1.0
HELLO_BURST = 3
"""So many a second and at once; the client library says one."""


def limited(hello: Handler, clock: Callable[[], float] = time.monotonic) -> Handler:
    """The handler of Hello that answers too many by `rate_limited`."""
    buckets: WeakKeyDictionary[Connection, TokenBucket] = WeakKeyDictionary()

    def handle(connection: Connection, command: Hello) -> None:
        now = clock()
        bucket = buckets.get(connection)
        if bucket is None:
            bucket = buckets[connection] = TokenBucket(HELLO_RATE, HELLO_BURST, now)
        if retry_after := bucket.take(now):
            raise rate_limited(retry_after)
        hello(connection, command)

    return handle
