"""Servers in processes of their own with the nginx of deploy/ before them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import ADMIN_PASSWORD, API_KEY
from tests.deploy.nginx import Nginx, proxying
from tests.reliability.conftest import chance
from tests.reliability.server import Server, serving

__all__ = ["chance"]


@pytest.fixture
async def server(dsn: str, server_directory: Path) -> AsyncIterator[Server]:
    """One server."""
    async with serving(server_directory, **settings(dsn), TILO_MAX_CONNECTIONS_PER_IP="3") as one:
        yield one


@pytest.fixture
async def nginx(server: Server, server_directory: Path) -> AsyncIterator[Nginx]:
    """In front of it."""
    async with proxying(server_directory, [server.port]) as nginx:
        yield nginx


def settings(dsn: str) -> dict[str, str]:
    """Of a server of these tests."""
    return {"DATABASE_URL": dsn, "TILO_ADMIN_PASSWORD": ADMIN_PASSWORD, "TILO_API_KEY": API_KEY}
