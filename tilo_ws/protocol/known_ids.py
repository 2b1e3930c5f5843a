"""The ids of recent chat messages, so that one that is sent again is not shown again."""

from collections import OrderedDict
from uuid import UUID

MEMORY_SECONDS = 600.0
MEMORY_IDS = 200_000


class KnownIds:
    """Id → (number, time of arrival) of the last ten minutes, oldest first, at most 200,000. The caller passes the time."""

    def __init__(self) -> None:
        self._ids: OrderedDict[UUID, tuple[int, float]] = OrderedDict()

    def seq(self, id: UUID) -> int | None:
        """The number under which this id was shown first, or None."""
        known = self._ids.get(id)
        return known[0] if known else None

    def add(self, id: UUID, seq: int, now: float) -> None:
        """Remembers an id and forgets those that are too old or too many."""
        self._ids[id] = (seq, now)
        while True:
            oldest = next(iter(self._ids))
            if len(self._ids) <= MEMORY_IDS and self._ids[oldest][1] >= now - MEMORY_SECONDS:
                return
            del self._ids[oldest]
