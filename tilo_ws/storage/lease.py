"""The right to number the chat of a database: one server has it at a time, or those that are joined have it together.

So two cannot number apart. A row renewed every few seconds rather than a session's lock, so that it works through a pooler.
"""

import asyncio
import os
import platform
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from tilo_ws.storage.database import Database

RENEW_INTERVAL = 5.0
_EXPIRY = 15.0
_TAKE_TIMEOUT = 20.0
_TAKE_INTERVAL = 0.5

_JOINED = "joined"
"""Stands for the machine of servers that hold it together: no process of one is theirs."""

SharedClaim = Callable[[str | None], Awaitable[str | None]]
"""Takes the claim that is held, or None, and gives the one under which all joined servers hold it; None for a server alone."""


async def alone(held: str | None) -> None:
    """The claim of who shares the database with nobody: its own."""


class LeaseTaken(Exception):
    """Another server has the lease. The text names it."""


class Lease:
    """A claim on the database. `address` is how an operator knows the server again, e.g. `host:8765`."""

    def __init__(self, database: Database, address: str, shared: SharedClaim) -> None:
        self._own = str(uuid4())
        self._held: str | None = None
        self._address = address
        self._shared = shared
        self._take = database.query("take_lease")
        self._read = database.query("read_lease")
        self._release = database.query("release_lease")

    async def take(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Waits up to 20 s for the lease: as long as a server needs to end, or to be counted as dead. Raises LeaseTaken."""
        give_up = clock() + _TAKE_TIMEOUT
        while not await self._try():
            if clock() >= give_up:
                raise LeaseTaken(await self._describe_holder())
            await sleep(_TAKE_INTERVAL)

    async def renew(self) -> None:
        """Says that this server is alive. Raises LeaseTaken when another has taken over meanwhile."""
        if not await self._try():
            raise LeaseTaken(await self._describe_holder())

    async def release(self) -> None:
        """Lets the next server start at once. Of joined servers the last one to end calls it."""
        if self._held is not None:
            await self._release(holder=self._held)

    async def _try(self) -> bool:
        shared, current = await self._shared(self._held), await self._current()
        holder = shared or self._own
        taken = await self._take(
            holder=holder,
            machine=_JOINED if shared else _machine(),
            process=_process(os.getpid()),
            address=self._address,
            gone=current.holder if current and _is_gone(current.machine, current.process) else holder,
            expiry=_EXPIRY,
        )
        if taken:
            self._held = holder
        return bool(taken)

    async def _current(self) -> Any:
        rows = await self._read()
        return rows[0] if rows else None

    async def _describe_holder(self) -> str:
        current = await self._current()
        if current is None:
            return "another server had this database until a moment ago; start again"
        if current.machine == _JOINED:
            return (
                f"servers that Redis joins use this database, {current.address} among them. End them first, "
                "join them by their REDIS_URL and TILO_REDIS_PREFIX, or give this one a database of its own"
            )
        return (
            f"another server uses this database: {current.address}, process {current.process.split()[0]}. "
            "End it first, or give this one a database of its own"
        )


def _machine() -> str:
    """Tells apart machines, their starts, and the containers on them, whose process numbers differ."""
    parts = [platform.node()]
    for source in (Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")):
        if source.is_symlink():
            parts.append(str(source.readlink()))
        elif source.exists():
            parts.append(source.read_text().strip())
    return " ".join(parts)


def _process(pid: int) -> str:
    """The process number and, where the system tells, the start time: a number is given again, both together are not."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return str(pid)
    start_time = after_name[19]  # field 22 of proc(5), clock ticks since the machine's start
    return f"{pid} {start_time}"


def _is_gone(machine: str, process: str) -> bool:
    if machine != _machine():
        return False
    pid = int(process.split()[0])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # alive, of another user
    return _process(pid) != process
