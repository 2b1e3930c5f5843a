"""The client library in a real browser, on a real server: the scenarios, and what only a browser has."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.client.stage import Stage, staged
from tests.eventually import PATIENCE

_SCENARIOS = re.findall(
    r'^  async "(.+)"\(', (Path(__file__).parents[1] / "client" / "scenarios.mjs").read_text(), re.MULTILINE
)

_PLAY = """
async ([name, { line, direct }]) => {
    await import("/static/websocket-client.js");
    const { leave, scenarios } = await import("/scenarios/scenarios.mjs");
    const control = async (action) => {
        const response = await fetch(`/${action}`, { method: "POST" });
        if (!response.ok) throw new Error(`${action}: ${await response.text()}`);
    };
    await scenarios[name]({ TiloWebSocket, line, direct, control });
    leave();
}
"""

_JOIN = """
async (direct) => {
    await import("/static/websocket-client.js");
    window.attempts = 0;
    window.shown = [];
    window.client = new TiloWebSocket({ storageKey: "waiting" });
    client.on("close", () => (attempts += 1));
    client.on("chat", ({ message }) => shown.push(message));
    client.connect(direct);
}
"""


@pytest.fixture
async def stage(server_directory: Path) -> AsyncIterator[Stage]:
    """A server and a line to it."""
    async with staged(server_directory) as stage:
        yield stage


@pytest.fixture
async def page(browser: Browser, stage: Stage) -> Page:
    """An empty page that may load the library."""
    page = await browser.new_page()
    await page.goto(stage.control)
    return page


@pytest.mark.parametrize("name", _SCENARIOS)
async def test_the_library_loses_and_repeats_nothing_in_a_browser(name: str, page: Page, stage: Stage) -> None:
    await page.evaluate(_PLAY, [name, {"line": stage.line, "direct": stage.direct}])


async def test_a_page_that_is_offline_makes_no_attempts_and_comes_back_with_the_network(page: Page, stage: Stage) -> None:
    await page.evaluate(_JOIN, stage.line)
    await page.wait_for_function("client.connected", timeout=PATIENCE * 1000)

    await page.evaluate("fetch('/cut', { method: 'POST' })")
    await page.wait_for_function("attempts === 1", timeout=PATIENCE * 1000)
    await page.context.set_offline(True)
    await page.evaluate("client.sendChat('Tilo', 'written offline') && undefined")
    await page.wait_for_timeout(3_000)
    assert await page.evaluate("attempts") <= 2  # one may have been under way

    await page.context.set_offline(False)
    await page.evaluate("fetch('/mend', { method: 'POST' })")
    await page.wait_for_function("shown.includes('written offline')", timeout=PATIENCE * 1000)


async def test_what_waits_survives_a_reload_of_the_page_and_is_sent_once(page: Page, stage: Stage) -> None:
    await page.evaluate(_JOIN, stage.line)
    await page.wait_for_function("client.connected", timeout=PATIENCE * 1000)
    await page.evaluate("fetch('/cut', { method: 'POST' })")
    await page.evaluate("client.sendChat('Tilo', 'written before the reload') && undefined")

    await page.reload()
    await page.evaluate("fetch('/mend', { method: 'POST' })")
    await page.evaluate(_JOIN, stage.line)

    await page.wait_for_function("shown.includes('written before the reload')", timeout=PATIENCE * 1000)
    await page.evaluate("client.sendChat('Tilo', 'last')")
    assert await page.evaluate("shown") == ["written before the reload", "last"]
    assert await page.evaluate("Object.keys(localStorage)") == []
