"""The way to Redis or Valkey: commands and scripts within a time limit, and the channels that this server follows."""

import asyncio
import contextlib
import hashlib
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.client import PubSub
from redis.exceptions import NoScriptError, RedisClusterException, RedisError

from tilo_ws.histogram import Histogram
from tilo_ws.realtime.redis_address import RedisAddress, program_of

logger = logging.getLogger(__name__)

TIME_LIMIT = 2.0
"""Seconds for each command: a Redis that says nothing for so long is away."""

_OLDEST_VERSION = 7
"""The first with sharded publish/subscribe."""

_BACK_OFF = (0.05, 1.0)
"""Seconds until the next attempt to come back: at first, and at most."""

_FAULTS = (RedisError, RedisClusterException, OSError, TimeoutError, RuntimeError)  # the last: uvloop's, of a closed connection

_SCRIPTS = {file.stem: file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("*.lua")}
_DIGESTS = {name: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() for name, text in _SCRIPTS.items()}

_START_LIMIT = 10.0
"""Seconds in which the channels must be followed at the start: on a busy machine one attempt may take too long."""

_CANCEL_INTERVAL = 0.1

_CLOSE_LIMIT = 0.5  # seconds that the end waits for commands under way

Handler = Callable[[bytes], None]
"""Takes what was published on a channel."""


class RedisAway(Exception):
    """Redis cannot be reached or cannot work now: the same may succeed later."""


class RedisLink:
    """One Redis, or a cluster of them, which is recognised by asking. `server` says which program it is.

    All keys and channels of a game carry one hash tag, made of its `prefix`, so that scripts and sharded channels have one slot
    of a cluster. `server_id` tells this server from the others. `away` is the last known state: true from a fault until the
    channels are followed again, and `reason` the latest fault. An outage is two lines of the log. `round_trips` are the
    seconds of commands that were answered, `failures` counts the others.
    """

    def __init__(self, url: str, prefix: str, *, time_limit: float = TIME_LIMIT) -> None:
        self._address = RedisAddress(url, time_limit)
        self._time_limit = time_limit
        self.server_id = secrets.token_hex(8)
        client = self._address.client()
        self._client: Redis | RedisCluster = client
        number = client.connection_pool.connection_kwargs.get("db", 0)
        # Redis separates the keys of its databases, and not the channels.
        self._tag = f"{prefix}/{number}" if number else prefix
        self._handlers: dict[bytes, Handler] = {}
        self._on_subscribed: list[Callable[[], None]] = []
        self._subscribed = asyncio.Event()
        self._patience = asyncio.timeout(None)
        self._task: asyncio.Task[None] | None = None
        self._away_since: float | None = None
        self._is_closed, self._under_way = False, 0
        self.reason = ""
        self.server = "unknown"
        self.round_trips = Histogram()
        self.failures = 0

    def key(self, name: str) -> str:
        """The full name of a key or channel of this game."""
        return f"{{{self._tag}}}:{name}"

    def follow(self, channel: str, handler: Handler) -> None:
        """Calls `handler` with what is published on `key(channel)` by SPUBLISH. Call it before `open`."""
        self._handlers[self.key(channel).encode()] = handler

    def when_subscribed(self, action: Callable[[], None]) -> None:
        """Calls `action` whenever the channels are followed from now on: what was published before may be missed."""
        self._on_subscribed.append(action)

    @property
    def away(self) -> bool:
        """Whether Redis could not be reached at last."""
        return self._away_since is not None

    async def open(self) -> None:
        """Connects and follows the channels, unless it is open. Raises RedisAway."""
        if self._task is not None:
            return
        try:
            async with asyncio.timeout(self._time_limit):
                server, cluster = await self._client.info("server"), await self._client.info("cluster")
                if cluster["cluster_enabled"]:
                    await self._client.aclose()
                    self._client = self._address.cluster()
        except _FAULTS as error:
            raise RedisAway(_one_line(error)) from None
        if int(str(server["redis_version"]).split(".")[0]) < _OLDEST_VERSION:
            raise RedisAway(f"version {server['redis_version']} has no sharded channels, {_OLDEST_VERSION}.0 has")
        self.server = program_of(server) + (", cluster" if cluster["cluster_enabled"] else "")
        self._task = asyncio.create_task(self._follow(), name="following Redis")
        try:
            await asyncio.wait_for(self._subscribed.wait(), _START_LIMIT)
        except TimeoutError:
            raise RedisAway("the channels cannot be followed") from None

    async def close(self) -> None:
        """Ends the connections, for good: a command that came later would open one again."""
        self._is_closed = True
        until = time.monotonic() + _CLOSE_LIMIT
        while self._under_way and time.monotonic() < until:
            await asyncio.sleep(0.01)
        if self._task is not None:
            await end(self._task)
        with contextlib.suppress(*_FAULTS):
            await self._client.aclose()

    async def script(self, name: str, keys: list[str], *arguments: Any) -> Any:
        """Runs `<name>.lua` of this directory, with full names of keys. Raises RedisAway."""
        try:
            return await self._execute("EVALSHA", _DIGESTS[name], len(keys), *keys, *arguments)
        except NoScriptError:
            return await self.command("EVAL", _SCRIPTS[name], len(keys), *keys, *arguments)

    async def command(self, *words: Any) -> Any:
        """Runs one command on keys of this game. Raises RedisAway."""
        try:
            return await self._execute(*words)
        except NoScriptError as error:  # a script that was there a moment ago: another time
            raise RedisAway(_one_line(error)) from None

    def resubscribe(self, reason: str) -> None:
        """Drops the connection to the channels, of which something is wrong, and comes back by another."""
        self._went_away(reason)
        if self._subscribed.is_set() and not self._is_closed:
            self._subscribed.clear()
            self._patience.reschedule(asyncio.get_running_loop().time())

    async def _execute(self, *words: Any) -> Any:
        if self._is_closed:
            raise RedisAway("the connections are closed")
        began = time.monotonic()
        self._under_way += 1
        try:
            async with asyncio.timeout(self._time_limit):
                answer = await self._client.execute_command(*words)
            self.round_trips.add(time.monotonic() - began)
            return answer
        except NoScriptError:
            raise
        except _FAULTS as error:
            self.failures += 1
            self.resubscribe(_one_line(error))
            raise RedisAway(_one_line(error)) from None
        finally:
            self._under_way -= 1

    async def _follow(self) -> None:
        delay = _BACK_OFF[0]
        while True:
            try:
                async with asyncio.timeout(None) as self._patience, self._subscription() as subscription:
                    delay = _BACK_OFF[0]
                    while True:
                        self._handle(await subscription.get_message(timeout=None))
            except Exception as error:  # whatever it is, this goes on
                self._subscribed.clear()
                self._went_away(_one_line(error))
                await self._drop_connections()
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))
            delay = min(2 * delay, _BACK_OFF[1])

    @contextlib.asynccontextmanager
    async def _subscription(self) -> AsyncIterator[PubSub]:
        async with contextlib.AsyncExitStack() as stack:
            async with asyncio.timeout(self._time_limit):
                # A write: a replica, a full memory and a cluster that is down refuse it. In a cluster it also finds the node.
                await self._client.set(self.key("probe"), "", ex=1)
                client = await stack.enter_async_context(self._address_of_node().subscriber())
                subscription = await stack.enter_async_context(client.pubsub())
                await subscription.ssubscribe(*self._handlers)
                for _ in self._handlers:
                    await subscription.get_message(timeout=None)
            self._came_back()
            yield subscription

    def _handle(self, message: dict[str, Any] | None) -> None:
        if message is None:
            return
        if message["type"] != "smessage":  # the slot has moved to another node, which ends the subscription
            raise RedisError("the channels have moved")
        try:
            self._handlers[message["channel"]](message["data"])
        except Exception:
            logger.exception("what came on %(channel)s could not be handled", {"channel": message["channel"]})

    def _went_away(self, reason: str) -> None:
        if self._away_since is None:
            self._away_since = time.monotonic()
            logger.error("Redis away: %(reason)s", {"reason": reason})
        self.reason = reason

    def _came_back(self) -> None:
        if self._away_since is not None:
            logger.info("Redis back after %(seconds).1f s", {"seconds": time.monotonic() - self._away_since})
            self._away_since, self.reason = None, ""
        self._subscribed.set()
        for action in self._on_subscribed:
            action()

    async def _drop_connections(self) -> None:
        """The address may lead to another Redis by now; one that is a replica since keeps the connections that it has."""
        if isinstance(self._client, Redis):
            pool = self._client.connection_pool
            await pool.update_active_connections_for_reconnect()  # type: ignore[no-untyped-call]
            with contextlib.suppress(*_FAULTS):
                await pool.disconnect(inuse_connections=False)

    def _address_of_node(self) -> RedisAddress:
        """That of the node that has this game's slot."""
        if isinstance(self._client, Redis):
            return self._address
        node = self._client.get_node_from_key(self.key("probe"))
        if node is None:
            raise RedisClusterException("no node has the slot of these keys")
        return self._address.of_node(node.host, node.port)


async def end(task: "asyncio.Task[None]") -> None:
    """Cancels a task that uses Redis, until it has ended: by a `socket_timeout` of the URL, Python 3.11 loses cancellations."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_CANCEL_INTERVAL)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
