"""The online count: how many are connected to all servers, told on change and at most once a second."""

from collections.abc import Callable

from tilo_ws.protocol import pushes


class Online:
    """`count` counts them now; `broadcast` takes a frame for everybody who is connected here."""

    def __init__(self, count: Callable[[], int], broadcast: Callable[[bytes], None]) -> None:
        self._count = count
        self._broadcast = broadcast
        self._told: int | None = 0

    def frame(self) -> bytes:
        """What somebody who connects hears."""
        count = self._count()
        if count != self._told:
            self._told = None  # not everybody has heard the same: the next announcement is due, whatever the count is then
        return pushes.online_count(count)

    def announce(self) -> None:
        """Tells everybody when the count is not the one told last: call it once a second."""
        count = self._count()
        if count != self._told:
            self._told = count
            self._broadcast(pushes.online_count(count))
