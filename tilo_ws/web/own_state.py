"""What this server says of itself to the others that are joined with it."""

import time
from collections.abc import Callable
from uuid import UUID

from tilo_ws import __version__
from tilo_ws.realtime.hub import Hub
from tilo_ws.realtime.servers import ServerState
from tilo_ws.web.lifecycle import Lifecycle
from tilo_ws.web.statistics import Statistics


class OwnState:
    """`name` is how people know it again; `stored_below` tells the lowest chat number that may wait here to be stored."""

    def __init__(
        self,
        *,
        id: str,
        epoch: Callable[[], UUID],
        name: str,
        hub: Hub,
        statistics: Statistics,
        lifecycle: Lifecycle,
        stored_below: Callable[[], int],
    ) -> None:
        self.id = id
        self._started_at = time.time()
        self._epoch = epoch
        self._name = name
        self._hub = hub
        self._statistics = statistics
        self._lifecycle = lifecycle
        self._stored_below = stored_below

    def __call__(self) -> ServerState:
        """At this moment."""
        return ServerState(
            id=self.id,
            epoch=str(self._epoch()),
            name=self._name,
            version=__version__,
            started_at=self._started_at,
            connections=len(self._hub),
            deliveries_per_second=self._statistics.deliveries_per_second,
            loop_lag_ms=self._statistics.loop_lag_ms,
            memory_bytes=self._statistics.memory_bytes,
            draining=self._lifecycle.draining,
            stored_below=self._stored_below(),
        )
