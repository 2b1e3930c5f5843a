"""A headless Chromium, and what a visitor's tests do beside it."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.dashboard import feed_state, is_fault, log_in
from tests.conftest import ADMIN_PASSWORD, StartServer
from tests.eventually import PATIENCE

expect.set_options(timeout=PATIENCE * 1000)

CreateEvent = Callable[..., Awaitable[dict[str, Any]]]
"""Starts an event on `server_url`: `await create_event(type="score_multiplier", value="2", duration=60)`."""

OpenPage = Callable[..., Awaitable[Page]]
"""Opens the demo: `page = await open_page(prepare=…, viewport=…)`."""

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
async def server_url(start_server: StartServer, caplog: pytest.LogCaptureFixture) -> AsyncIterator[str]:
    """The http address of a server in this process, quicker to start than one apart. It may have logged no traceback."""
    client = await start_server(demo=True, drain_seconds=0.0)
    yield f"http://127.0.0.1:{client.port}"
    await client.close()
    assert [record.getMessage() for record in caplog.get_records("call") if record.exc_info] == []


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


@pytest.fixture
async def open_page(browser: Browser, server_url: str) -> AsyncIterator[OpenPage]:
    """Opens the demo as a visitor of its own, gone before the server is. No page may have had anything to complain about."""
    complaints: list[str] = []
    opened: list[BrowserContext] = []

    async def open_(*, prepare: Callable[[Page], Awaitable[None]] | None = None, **context: Any) -> Page:
        opened.append(await browser.new_context(**context))
        page = await opened[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if prepare:
            await prepare(page)
        await page.goto(server_url)
        await expect(page.locator("#connection-word")).to_have_text("live")
        return page

    yield open_
    for one in opened:
        await one.close()
    assert complaints == []


@pytest.fixture
async def page(browser: Browser, server_url: str) -> AsyncIterator[Page]:
    """A fresh visitor, gone before the server is.

    Errors in the console, violations of the content security policy among them, fail the test.
    """
    context = await browser.new_context(viewport={"width": 1600, "height": 1000})
    page = await context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if is_fault(message) else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    await context.close()
    assert faults == []


@pytest.fixture
async def dashboard(page: Page, server_url: str, admin_password: str) -> Page:
    """The overview, behind the login of the built-in admin, live."""
    await log_in(page, server_url, admin_password)
    await expect(feed_state(page)).to_have_text("live")
    return page


async def say(page: Page, text: str) -> None:
    """Says something in the demo's chat."""
    await page.get_by_label("Your message").fill(text)
    await page.get_by_label("Your message").press("Enter")
