"""The network addresses that the newest messages came from: they are stored nowhere, but who moderates needs them."""

from collections import OrderedDict
from uuid import UUID

CAPACITY = 2_000


class Origins:
    """Message → address of the last `CAPACITY` messages."""

    def __init__(self) -> None:
        self._addresses: OrderedDict[UUID, str] = OrderedDict()

    def add(self, id: UUID, ip: str) -> None:
        """Notes where a message came from; one that is sent again keeps its first address."""
        self._addresses.setdefault(id, ip)
        if len(self._addresses) > CAPACITY:
            self._addresses.popitem(last=False)

    def find(self, id: UUID) -> str | None:
        """None for a message that is too old, or was said before this server started."""
        return self._addresses.get(id)
