"""Who waits until the deletion of a chat message is stored."""

import asyncio

from tilo_ws.protocol.codes import CommandError


class Deletion:
    """Waits until a deletion is stored."""

    def __init__(self) -> None:
        self.stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def acknowledge(self) -> None:
        if not self.stored.done():
            self.stored.set_result(None)

    def refuse(self, error: CommandError) -> None:
        """A row that PostgreSQL does not take is gone as well."""
        self.acknowledge()
