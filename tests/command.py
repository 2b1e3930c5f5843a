"""`python -m tilo_ws` in a process of its own."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tests.eventually import PATIENCE

PROJECT = Path(__file__).parent.parent


class Process:
    """A command under test, and the log that it wrote so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log = ""

    async def wait_for(self, pattern: str) -> re.Match[str]:
        """Reads the log up to a line that matches."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while True:
                if found := re.search(pattern, self.log):
                    return found
                line = await self.process.stderr.readline()
                assert line, f"ended without {pattern!r}: {self.log}"
                self.log += line.decode()

    async def listening(self) -> str:
        """Waits until the server takes connections. Returns its http address."""
        port = (await self.wait_for(r"listening on http://\S+:(\d+)"))[1]
        return f"http://127.0.0.1:{port}"

    def tell(self, number: int) -> None:
        """Sends a signal."""
        self.process.send_signal(number)

    async def end(self, number: int = signal.SIGINT) -> int:
        """Sends a signal and waits for the end. Returns the exit status."""
        self.tell(number)
        return await self.ended()

    async def ended(self, seconds: float | None = PATIENCE) -> int:
        """Waits for the end and reads the rest of the log. Returns the exit status."""
        _, rest = await asyncio.wait_for(self.process.communicate(), seconds)
        self.log += rest.decode()
        assert self.process.returncode is not None
        return self.process.returncode


@contextlib.asynccontextmanager
async def run(
    directory: Path, *words: str, command: Sequence[str] = (sys.executable, "-m", "tilo_ws"), **variables: str
) -> AsyncIterator[Process]:
    """Starts the command in a directory, with these variables and nothing of PostgreSQL in its PATH; kills it at the end."""
    environment = {
        "PYTHONPATH": str(PROJECT),
        "PATH": "",
        "HOME": str(directory),
        "HOST": "127.0.0.1",
        "PORT": "0",
        "TILO_ADMIN_PASSWORD": "x",
    } | {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    started = await asyncio.create_subprocess_exec(
        *command,
        *words,
        cwd=directory,
        env=environment | variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Process(started)
    finally:
        if started.returncode is None:
            started.kill()
            await started.communicate()


async def output(directory: Path, *words: str, **variables: str) -> tuple[int, str, str]:
    """Exit status, stdout, stderr of a command that ends by itself."""
    async with run(directory, *words, **variables) as command:
        out, err = await asyncio.wait_for(command.process.communicate(), 2 * PATIENCE)
        assert command.process.returncode is not None
        return command.process.returncode, out.decode(), err.decode()


async def with_input(directory: Path, text: str, *words: str, **variables: str) -> tuple[int | None, str]:
    """Exit status and standard output of a command that reads a text."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tilo_ws",
        *words,
        cwd=directory,
        env={"PYTHONPATH": str(PROJECT), "HOME": str(directory)} | variables,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate(text.encode())
    return process.returncode, out.decode()
