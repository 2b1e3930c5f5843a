"""Whether others have their turn on the event loop while something long is done."""

import asyncio
from collections.abc import AsyncIterator, Sized
from contextlib import asynccontextmanager


class Turns:
    """`steps` are by how much something grew between two turns of others."""

    def __init__(self) -> None:
        self.steps: list[int] = []


@asynccontextmanager
async def turns_between(growing: Sized) -> AsyncIterator[Turns]:
    """Takes every turn that there is while the block runs."""
    turns = Turns()

    async def take() -> None:
        while True:
            before = len(growing)
            await asyncio.sleep(0)
            turns.steps.append(len(growing) - before)

    task = asyncio.create_task(take())
    try:
        yield turns
        await asyncio.sleep(0)
    finally:
        task.cancel()
