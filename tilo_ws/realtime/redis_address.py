"""Where Redis is, as the settings name it: the clients that go there, and the program that is found."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

T = TypeVar("T")

_RETRIES = 1
"""For a pooled connection that may have died unnoticed."""


class _NoRetry(Retry):
    """Tells at once that a connection has ended: of a subscription, redis-py would first make another, without a time limit."""

    def __init__(self) -> None:
        super().__init__(NoBackoff(), 0)

    async def call_with_retry(self, do: Callable[[], Awaitable[T]], *unused: Any, **options: Any) -> T:
        return await do()


class RedisAddress:
    """A URL of redis-py, with account and options. Clients have `time_limit` seconds to connect.

    They wait for an answer without end, since who asks has a limit: a second one of redis-py's costs half a command.
    """

    def __init__(self, url: str, time_limit: float) -> None:
        self._url = url
        self._time_limit = time_limit

    def client(self) -> Redis:
        """For one server."""
        return Redis.from_url(self._url, **self._options(Retry(NoBackoff(), _RETRIES)))

    def subscriber(self) -> Redis:
        """For the channels of one server."""
        return Redis.from_url(self._url, **self._options(_NoRetry()))

    def cluster(self) -> RedisCluster:
        """For the cluster of which that server is a node."""
        return RedisCluster.from_url(self._url, **self._options(Retry(NoBackoff(), _RETRIES)))

    def of_node(self, host: str, port: int | str) -> "RedisAddress":
        """Another node of the cluster, with the same account and options."""
        account = urlsplit(self._url).netloc.rpartition("@")[0]
        place = f"[{host}]" if ":" in host else host
        netloc = f"{account}{'@' if account else ''}{place}:{port}"
        return RedisAddress(urlsplit(self._url)._replace(netloc=netloc).geturl(), self._time_limit)

    def _options(self, retry: Retry) -> dict[str, Any]:
        return {"socket_timeout": None, "socket_connect_timeout": self._time_limit, "retry": retry}


def program_of(server: Mapping[str, Any]) -> str:
    """The program and its version, as INFO tells."""
    valkey = server.get("valkey_version")
    return f"Redis {server['redis_version']}" if valkey is None else f"Valkey {valkey}"
