"""A headless Chromium, and what a visitor's tests do beside it."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.conftest import ADMIN_PASSWORD
from tests.eventually import PATIENCE

expect.set_options(timeout=PATIENCE * 1000)

CreateEvent = Callable[..., Awaitable[dict[str, Any]]]
"""Starts an event on `server_url`: `await create_event(type="score_multiplier", value="2", duration=60)`."""

_QUIET = ["--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--no-first-run", *_QUIET])
        yield started
        await started.close()


@pytest.fixture
def admin_password() -> str:
    """The dashboard's password on the servers of the tests."""
    return ADMIN_PASSWORD


@pytest.fixture
def create_event(server_url: str, api_headers: dict[str, str]) -> CreateEvent:
    """See `CreateEvent`."""

    async def create(**fields: Any) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{server_url}/api/v1/events", json=fields, headers=api_headers) as response,
        ):
            assert response.status == 201, await response.text()
            created: dict[str, Any] = await response.json()
            return created

    return create
