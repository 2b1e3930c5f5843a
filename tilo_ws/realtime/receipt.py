"""Who waits for a write to be stored, and what it is told."""

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from tilo_ws.protocol import pushes
from tilo_ws.protocol.codes import CommandError, ErrorCode
from tilo_ws.realtime.connection import Connection

MAX_WAITING = 1_000
"""Writes of one connection that may wait to be stored."""


class Waiter(Protocol):
    """Who is told what became of a write."""

    def acknowledge(self) -> None:
        """The write is stored."""

    def refuse(self, error: CommandError) -> None:
        """The write will never be stored."""


class Receipt:
    """A write of `connection` that is on its way into the database; acknowledged only when it carries a ref."""

    __slots__ = ("connection", "id", "ref", "seq")

    def __init__(self, connection: Connection, ref: int | str | None) -> None:
        """Raises CommandError (`BUSY`) when too many of this connection's writes wait already."""
        if connection.waiting >= MAX_WAITING:
            raise busy()
        connection.waiting += 1
        self.connection = connection
        self.ref = ref
        self.seq: int | None = None
        self.id: UUID | None = None

    def acknowledge(self) -> None:
        """See Waiter."""
        self.connection.waiting -= 1
        if self.ref is not None:
            self.connection.reply(pushes.ack(self.ref, seq=self.seq, id=self.id))

    def refuse(self, error: CommandError) -> None:
        """See Waiter."""
        self.connection.waiting -= 1
        self.connection.refuse(error, self.ref)


def busy() -> CommandError:
    """Too much waits to be stored already."""
    return CommandError(ErrorCode.BUSY, "the server cannot take more now, send it again", retry_after=1.0)


def acknowledge_all(waiters: Iterable[Waiter]) -> None:
    """A batch is stored."""
    for waiter in waiters:
        waiter.acknowledge()


def refuse_all(waiters: Iterable[Waiter]) -> None:
    """PostgreSQL does not take a row that passed every check here."""
    for waiter in waiters:
        waiter.refuse(CommandError(ErrorCode.INVALID_FIELD, "the database does not take these values"))
