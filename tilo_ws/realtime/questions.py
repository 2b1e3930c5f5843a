"""What one of the servers that Redis joins asks the others: a question to all, and an answer from each, through channels."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from tilo_ws.realtime.redis_link import RedisAway, RedisLink

logger = logging.getLogger(__name__)

T = TypeVar("T")

_ANSWER_TIMEOUT = 1.0

_Question = tuple[str, int, str, msgspec.Raw]
"""Who asks, the question's number there, topic, content."""

_Answer = tuple[str, int, msgspec.Raw]
"""Who answers, the question's number, content."""


class _Asked:
    """A question under way: whose answers are missing, and what came."""

    def __init__(self, missing: set[str]) -> None:
        self.missing = missing
        self.answers: list[msgspec.Raw] = []
        self.complete = asyncio.Event()


class Questions:
    """`id` is this server's."""

    def __init__(self, link: RedisLink, id: str) -> None:
        self._link = link
        self._id = id
        self._handlers: dict[str, tuple[type[Any], Callable[[Any], Any]]] = {}
        self._numbers = itertools.count()
        self._asked: dict[int, _Asked] = {}
        self._answering: set[asyncio.Task[None]] = set()
        link.follow("ask", self._hear_question)
        link.follow(f"answers:{id}", self._hear_answer)

    def close(self) -> None:
        """Answers nobody any more."""
        for task in self._answering:
            task.cancel()

    def answer(self, topic: str, kind: type[T], handler: Callable[[T], Any]) -> None:
        """See Servers."""
        self._handlers[topic] = (kind, handler)

    async def ask(self, topic: str, question: object, kind: type[T], expected: set[str]) -> list[T]:
        """See Servers. Those who are expected to answer are waited for."""
        if self._link.away or not expected:
            return []
        number, asked = next(self._numbers), _Asked(expected)
        self._asked[number] = asked
        message = msgspec.msgpack.encode((self._id, number, topic, question))
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT):
                await self._link.command("SPUBLISH", self._link.key("ask"), message)
                await asked.complete.wait()
        except (RedisAway, TimeoutError):
            logger.debug("no answer to %(topic)s from %(servers)s", {"topic": topic, "servers": sorted(asked.missing)})
        finally:
            del self._asked[number]
        return [msgspec.msgpack.decode(answer, type=kind) for answer in asked.answers]

    def _hear_question(self, data: bytes) -> None:
        asker, number, topic, question = msgspec.msgpack.decode(data, type=_Question)
        if asker == self._id or topic not in self._handlers:
            return
        kind, handler = self._handlers[topic]
        answer = msgspec.msgpack.encode((self._id, number, handler(msgspec.msgpack.decode(question, type=kind))))
        task = asyncio.get_running_loop().create_task(self._send(f"answers:{asker}", answer))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _send(self, channel: str, message: bytes) -> None:
        with contextlib.suppress(RedisAway):
            await self._link.command("SPUBLISH", self._link.key(channel), message)

    def _hear_answer(self, data: bytes) -> None:
        server, number, answer = msgspec.msgpack.decode(data, type=_Answer)
        asked = self._asked.get(number)
        if asked is None or server not in asked.missing:
            return
        asked.missing.remove(server)
        asked.answers.append(msgspec.Raw(answer))
        if not asked.missing:
            asked.complete.set()
