"""Several server processes on one address: started, replaced when they die, changed for new ones, ended."""

import asyncio
import contextlib
import itertools
import logging
import signal
import socket
from collections.abc import Sequence

logger = logging.getLogger(__name__)

READY = b"ready\n"
"""What a worker writes when it can serve."""

ALIVE = b"alive\n"
"""What it writes every second."""

_LISTEN = b"listen\n"
"""What it reads when it is to take connections."""


class Worker:
    """One process. It ends by itself, in good order, when its input ends: also when this process is killed."""

    def __init__(self, number: int, process: asyncio.subprocess.Process, silence_limit: float) -> None:
        self._silence_limit = silence_limit
        self.number = number
        self.process = process
        self.was_ready = False

    @property
    def fields(self) -> dict[str, object]:
        """Which one it is, for the log."""
        return {"worker": self.number + 1, "pid": self.process.pid}

    async def ready(self) -> bool:
        """Waits until it can serve. False when it has ended before."""
        assert self.process.stdout is not None
        while (line := await self.process.stdout.readline()) == ALIVE:
            pass
        self.was_ready = line == READY
        return self.was_ready

    def listen(self) -> None:
        """Makes it take connections. From now on it is killed where it hangs."""
        assert self.process.stdin is not None
        self.process.stdin.write(_LISTEN)
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        assert self.process.stdout is not None
        line = ALIVE
        while line:
            try:
                async with asyncio.timeout(self._silence_limit):
                    line = await self.process.stdout.readline()
            except TimeoutError:
                fields = self.fields | {"seconds": self._silence_limit}
                logger.error(
                    "worker %(worker)d (process %(pid)d) has given no sign of life for %(seconds)g s: killing it", fields
                )
                self.process.kill()
                return

    def dismiss(self) -> None:
        """Makes it stop listening, send its players away and end, for another has its sockets."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def end(self) -> None:
        """Makes it end; it listens meanwhile, and says that it is ending. A second time: at once."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()


class Workers:
    """All of them, each with its own of the sockets, which stay open here: what one leaves waiting its successor takes.

    `command` starts a worker, with its number and then the descriptors of its sockets as further words. A worker that dies
    is replaced at once, and one that gives no sign of life for `silence_limit` seconds is killed; one that cannot start is
    tried again every `retry_interval` seconds. `backlog` is how many connections wait at most until a worker accepts them.
    """

    def __init__(
        self,
        sockets: Sequence[Sequence[socket.socket]],
        command: Sequence[str],
        *,
        backlog: int,
        retry_interval: float = 1.0,
        silence_limit: float = 30.0,
    ) -> None:
        self._sockets = sockets
        self._command = command
        self._backlog = backlog
        self._retry_interval = retry_interval
        self._silence_limit = silence_limit
        self._alive: set[Worker] = set()
        self._current: list[Worker] = []
        self._changing = [asyncio.Lock() for _ in sockets]

    async def start(self) -> bool:
        """Starts all: the first one alone, because it brings the schema up to date. False where one has ended instead.

        They listen together, so that those who wait for the server do not all come to the first.
        """
        for numbers in (range(1), range(1, len(self._sockets))):
            started = [await self._launch(number) for number in numbers]
            self._current += started
            if not all(await asyncio.gather(*(worker.ready() for worker in started))):
                return False
        for one in itertools.chain.from_iterable(self._sockets):
            one.listen(self._backlog)
        for worker in self._current:
            worker.listen()
        return True

    async def keep(self, told_to_change: asyncio.Event) -> None:
        """Replaces those that die, and changes all for new ones each time when told to. Does not return."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(len(self._sockets)):
                tasks.create_task(self._keep_one(number))
            while await told_to_change.wait():
                told_to_change.clear()
                await self._change()

    def end(self) -> None:
        """Makes all end, and keeps their sockets no longer; a second time: at once."""
        for one in itertools.chain.from_iterable(self._sockets):
            one.close()
        for worker in self._alive:
            worker.end()

    async def ended(self, limit: float) -> bool:
        """Waits until all have ended; kills them after `limit` seconds. Whether each ended in good order."""
        waiting = [asyncio.create_task(worker.process.wait()) for worker in self._alive]
        if not waiting:
            return True
        _, late = await asyncio.wait(waiting, timeout=limit)
        if late:
            fields = {"workers": len(late), "seconds": limit}
            logger.critical("%(workers)d workers have not ended within %(seconds)g s: killing them", fields)
            for worker in self._alive:
                if worker.process.returncode is None:
                    worker.process.kill()
        # SIGTERM itself ends one that had not come so far as to serve.
        return {*await asyncio.gather(*waiting)} <= {0, -signal.SIGTERM}

    async def _launch(self, number: int) -> Worker:
        descriptors = [one.fileno() for one in self._sockets[number]]
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *map(str, (number + 1, *descriptors)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=descriptors,
            # Ctrl-C goes to the whole process group; workers are told by this process.
            start_new_session=True,
        )
        worker = Worker(number, process, self._silence_limit)
        self._alive.add(worker)
        return worker

    async def _launched(self, number: int) -> Worker | None:
        """A worker that takes the connections which wait; None where there is none, which the log tells."""
        try:
            worker = await self._launch(number)
        except OSError as error:
            logger.error("worker %(worker)d cannot be started: %(reason)s", {"worker": number + 1, "reason": error})
            return None
        if await worker.ready():
            worker.listen()
            return worker
        status = await self._end_of(worker)
        fields = worker.fields | {"status": status}
        logger.error("worker %(worker)d (process %(pid)d) has not started (status %(status)d)", fields)
        return None

    async def _end_of(self, worker: Worker) -> int:
        status = await worker.process.wait()
        self._alive.discard(worker)
        return status

    async def _keep_one(self, number: int) -> None:
        while True:
            worker = self._current[number]
            status = await self._end_of(worker)
            async with self._changing[number]:
                if worker is not self._current[number]:
                    continue
                fields = worker.fields | {"status": status}
                logger.error(
                    "worker %(worker)d (process %(pid)d) has ended by itself (status %(status)d): starting another", fields
                )
                while (successor := await self._launched(number)) is None:
                    await asyncio.sleep(self._retry_interval)
                self._current[number] = successor

    async def _change(self) -> None:
        for number, changing in enumerate(self._changing):
            async with changing:
                successor = await self._launched(number)
                if successor is None:
                    logger.error("the workers from %(worker)d on stay as they are", {"worker": number + 1})
                    return
                former, self._current[number] = self._current[number], successor
            former.dismiss()
            await self._end_of(former)
        logger.info("%(workers)d workers have been changed for new ones", {"workers": len(self._sockets)})
