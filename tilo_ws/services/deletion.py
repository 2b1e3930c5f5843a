"""Waits until the deletion of a chat message is stored."""

import asyncio

from tilo_ws.protocol.codes import CommandError


class Deletion:
    """A waiter of the group commit; `stored` is done when the row has changed."""

    def __init__(self) -> None:
        self.stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def acknowledge(self) -> None:
        """See Waiter."""
        if not self.stored.done():
            self.stored.set_result(None)

    def refuse(self, error: CommandError) -> None:
        """A row that PostgreSQL does not take is gone as well."""
        self.acknowledge()
