"""Somebody who does, step by step, what a page says, and sees whether what it promises comes true."""

import asyncio
import contextlib
import itertools
import os
import re
import shlex
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from tests.command import PROJECT
from tests.documents.machine import Machine, lend_environment
from tests.documents.steps import Interrupt, Run, Step, Write, steps
from tests.eventually import PATIENCE, eventually

_LIMIT = 2 * PATIENCE
_END = "-- the block has ended --"


class Reader:
    """`directory` is where the reader's window is. `outputs` are what the commands said, in order.

    `answers` is what the next commands read, which ask for something.
    """

    def __init__(self, machine: Machine, directory: Path, page: str) -> None:
        self.directory = directory
        self.outputs: list[str] = []
        self.answers = ""
        self._machine = machine
        self._steps = steps(page)
        self._windows: list[_Window] = []
        self._free_windows: list[Path] = []
        self._shell: asyncio.subprocess.Process | None = None

    async def follow(self, heading: str, count: int | None = None) -> None:
        """Does what stands under the next heading, or the first things of it."""
        number = sum(1 for _ in itertools.takewhile(lambda step: step.heading == heading, self._steps))
        assert number, f"there is nothing to do next under {heading!r}"
        for _ in range(number if count is None else count):
            await self._do(self._steps.pop(0))

    async def follow_rest(self) -> None:
        """Does the rest of the page."""
        while self._steps:
            await self._do(self._steps.pop(0))

    async def begins(self, commands: str, said: str) -> None:
        """Does in a window of its own what the page takes for granted."""
        await self._do(Run("", commands, stays=True, said=said))

    async def interrupts(self) -> None:
        """Ctrl-C in the window that was opened last."""
        await self._do(Interrupt(""))

    async def hears(self, pattern: str) -> None:
        """Waits until the commands that stayed last have said this."""
        await self._windows[-1].says(re.compile(pattern))

    async def close(self) -> None:
        """Ends what is left, as Ctrl-C would. Everything has to be done by then."""
        for window in reversed(self._windows):
            await window.interrupt()
        if self._shell is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._shell.pid, signal.SIGKILL)
            await self._shell.communicate()

    async def _do(self, step: Step) -> None:
        if isinstance(step, Write):
            self._write(step)
        elif isinstance(step, Interrupt):
            window = self._windows.pop()
            await window.interrupt()
            self._free_windows.append(window.directory)
        elif isinstance(step, Run) and step.stays:
            # Where commands were ended by Ctrl-C, the next ones go on in the same window.
            directory = self._free_windows.pop() if self._free_windows else self.directory
            self._windows.append(window := await _Window.opened(step, self._machine, directory))
            for promised in (step.said or "").splitlines():
                await window.says(re.compile(_as_pattern(promised)))
        elif isinstance(step, Run):
            await self._run(step)

    def _write(self, step: Write) -> None:
        file = self.directory / step.file
        with file.open("a" if step.goes_on else "w", encoding="utf-8") as written:
            written.write(step.text)

    async def _run(self, step: Run) -> None:
        try:
            output = await asyncio.wait_for(self._typed(step.commands), _LIMIT)
        except TimeoutError:
            raise AssertionError(f"not within {_LIMIT:g} s: {step.commands}") from None
        self.outputs.append(output)
        if step.said is not None:
            assert re.fullmatch(_as_pattern(step.said), output), f"{step}\nsays:\n{output}"

    async def _typed(self, commands: str) -> str:
        """Runs commands in the one window that stays open. Returns all that they wrote."""
        if self._shell is None:
            self._shell = await asyncio.create_subprocess_exec(
                "bash",
                "--norc",
                "--noprofile",
                cwd=self.directory,
                env=self._machine.variables,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_listen_to_ctrl_c,
            )
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(
            f"set -euo pipefail\n{{\n{commands}\n}} < <(printf %s {shlex.quote(self.answers)})\n"
            f'printf "%s%s\\n" "{_END}" "$PWD"\n'.encode()
        )
        self.answers = ""
        output = ""
        while line := (await self._shell.stdout.readline()).decode():
            before, end, place = line.partition(_END)
            output += before
            if end:
                self.directory = Path(place.rstrip("\n"))
                lend_environment(self.directory)
                return output if output.endswith("\n") or not output else f"{output}\n"
        raise AssertionError(f"failed: {commands}\n{output}")


class _Window:
    """Commands that go on in a window of their own."""

    def __init__(self, process: asyncio.subprocess.Process, directory: Path) -> None:
        self.directory = directory
        self._process = process
        self._lines: list[str] = []
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def opened(cls, step: Run, machine: Machine, directory: Path) -> "_Window":
        """Where they have just begun."""
        return cls(
            await asyncio.create_subprocess_exec(
                "bash",
                "-euc",
                step.commands,
                cwd=directory,
                env=machine.variables,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_listen_to_ctrl_c,
            ),
            directory,
        )

    async def says(self, pattern: re.Pattern[str]) -> None:
        """Waits for a line with this."""
        await eventually(lambda: self._said(pattern) or self._has_ended, interval=0.01)
        assert self._said(pattern), f"{pattern.pattern!r} is not among what was said:\n{''.join(self._lines)}"

    async def interrupt(self) -> None:
        """Ctrl-C, which reaches all that runs in it. A server ends well."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGINT)
        await asyncio.wait_for(self._reading, PATIENCE)
        await asyncio.wait_for(self._process.wait(), PATIENCE)
        log = "".join(self._lines)
        assert "Traceback" not in log or "KeyboardInterrupt" in log, log

    @property
    def _has_ended(self) -> bool:
        return self._reading.done()

    def _said(self, pattern: re.Pattern[str]) -> bool:
        return any(pattern.search(line) for line in self._lines)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._lines.append(line.decode())


def _listen_to_ctrl_c() -> None:
    """As in a terminal: where the tests run in the background of a script, programs would be born deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _as_pattern(said: str) -> str:
    pattern = re.sub(r"^…\n", "\0", said, flags=re.MULTILINE)
    return re.escape(pattern).replace("\0", "(?:.*\n)*?").replace("…", ".*")


@contextlib.asynccontextmanager
async def reading(page: str, machine: Machine, directory: Path, others: Mapping[str, str]) -> AsyncIterator[Reader]:
    """A reader of a page, at first in this directory. `others` stand in the place of the page's words."""
    text = (PROJECT / page).read_text(encoding="utf-8")
    for words, other in others.items():
        assert words in text, f"{words} is not in the page"
        text = text.replace(words, other)
    reader = Reader(machine, directory, text)
    try:
        yield reader
        await reader.follow_rest()
    finally:
        await reader.close()
