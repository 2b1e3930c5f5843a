"""Avalanche: a server with many players is ended and started again, and all of them come back."""

import signal
import time
from collections.abc import Sequence
from typing import NamedTuple

from tests.reliability.crowd import Crowd
from tests.reliability.server import Server

_SLICE = 0.1


class Avalanche(NamedTuple):
    """When everybody left, meant to come back, with each attempt, and was back. `all_back` is in seconds from the signal."""

    all_back: float
    left: list[float]
    planned: list[float]
    returned: list[float]


async def restart(server: Server, crowd: Crowd) -> Avalanche:
    """Ends the server well, starts it again and waits until everybody is back."""
    began = time.monotonic()
    assert await server.end(signal.SIGTERM) == 0, server.faults
    await server.start()
    await crowd.everybody_in()
    left = [moment for player in crowd.players for moment in player.leaves if moment > began]
    planned = [moment for player in crowd.players for moment in player.reconnects if moment > began]
    returned = [player.returns[-1] for player in crowd.players]
    assert min(returned) > began
    return Avalanche(max(returned) - began, left, planned, returned)


def crowding(moments: Sequence[float]) -> float:
    """How many times their mean number the moments are that fall into the fullest 100 ms."""
    moments = sorted(moments)
    first = most = 0
    for last, moment in enumerate(moments):
        while moments[first] < moment - _SLICE:
            first += 1
        most = max(most, last - first + 1)
    return most / (len(moments) * _SLICE / (moments[-1] - moments[0]))
