"""The web floor is tested on the event loop that it runs on in production."""

import asyncio
from collections.abc import Callable

import uvloop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Read by pytest-asyncio, for the tests of this directory only."""
    return {"uvloop": uvloop.new_event_loop}
