"""A server in a process of its own that is ended and started again: same port, same files."""

import asyncio
import contextlib
import re
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from tests.command import Process, run
from tests.eventually import PATIENCE, eventually


class Server:
    """`words` follow the command, `settings` are variables of the environment."""

    def __init__(self, directory: Path, *words: str, **settings: str) -> None:
        self.directory = directory
        self._words = words
        self.port = unused_port()
        self._lines: list[str] = []
        self._settings = {"PORT": str(self.port)} | settings
        self._process: Process | None = None
        self._running = contextlib.AsyncExitStack()
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and not self._has_ended

    async def start(self) -> None:
        """Starts it and waits until it takes connections."""
        begun = len(self._lines)
        self._process = await self._running.enter_async_context(run(self.directory, *self._words, **self._settings))
        self._reading = asyncio.create_task(self._read_log(self._process.process.stderr))
        await eventually(lambda: any("listening on" in line for line in self._lines[begun:]) or self._has_ended)
        assert not self._has_ended, self.faults

    async def end(self, number: int) -> int:
        """Sends a signal and waits for the end. Returns the exit status, of a killed one the signal's negative number."""
        assert self._process is not None
        self._process.tell(number)
        await eventually(lambda: self._has_ended)
        await self.close()
        assert self._process.process.returncode is not None
        return self._process.process.returncode

    async def becomes(self, status: str) -> None:
        """Waits until `/readyz` calls it so."""
        async with aiohttp.ClientSession(f"http://127.0.0.1:{self.port}") as session, asyncio.timeout(PATIENCE):
            while (await self._answer(session))["status"] != status:
                await asyncio.sleep(0.05)

    @property
    def log(self) -> str:
        """What all its processes wrote."""
        return "".join(self._lines)

    @property
    def faults(self) -> str:
        """The log without the comings and goings."""
        return "".join(line for line in self._lines if "connected: " not in line)

    def count(self, pattern: str) -> int:
        """How often the log says this."""
        return len(re.findall(pattern, self.log))

    async def close(self) -> None:
        """Kills what is left, and reads the rest of its log."""
        if self._process is not None and not self._has_ended:
            self._process.tell(signal.SIGKILL)
        if self._reading is not None:
            await self._reading
        await self._running.aclose()

    async def _answer(self, session: aiohttp.ClientSession) -> dict[str, Any]:
        async with session.get("/readyz") as response:
            answer: dict[str, Any] = await response.json()
            return answer

    @property
    def _has_ended(self) -> bool:
        return self._process is not None and self._process.process.returncode is not None

    async def _read_log(self, stream: asyncio.StreamReader | None) -> None:
        # All the time: the server would wait for a full pipe.
        assert stream is not None
        while line := await stream.readline():
            self._lines.append(line.decode())


@contextlib.asynccontextmanager
async def serving(directory: Path, *words: str, **settings: str) -> AsyncIterator[Server]:
    """A server while the block lasts. It ends well, and without a traceback."""
    server = Server(directory, *words, **settings)
    try:
        await server.start()
        yield server
        status = await server.end(signal.SIGTERM)
        assert status == 0, server.faults
        assert "Traceback" not in server.log, server.faults
    finally:
        await server.close()


def unused_port() -> int:
    """Outside the range from which the system gives ports to those who connect: while the server is away it stays unused."""
    while True:
        port = Random().randrange(20_000, 32_000)
        with socket.socket() as attempt, contextlib.suppress(OSError):
            attempt.bind(("127.0.0.1", port))
            return port
