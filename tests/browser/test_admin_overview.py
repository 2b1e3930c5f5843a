"""The overview, the settings and the audit log in a real browser, against a real server."""

import asyncio
import csv
import io
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.dashboard import connected_player, feed_state, go_to, log_in
from tests.command import Process, run
from tests.conftest import ADMIN_PASSWORD, API_KEY, Outage
from tests.eventually import PATIENCE

SECRET = "0123456789abcdef0123456789abcdef"
SCRIPT = "<script>window.taken = true</script>"


class Server(NamedTuple):
    """A server in a process of its own, to be frozen and thawed by signals."""

    url: str
    process: Process


@pytest.fixture
async def server(outage: Outage, tmp_path: Path) -> AsyncIterator[Server]:
    settings = {
        "DATABASE_URL": f"{outage.dsn} password='hush hush'",
        "TILO_DATA_DIR": str(tmp_path),
        "TILO_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "TILO_API_KEY": API_KEY,
        "TILO_AUTH_SECRET": SECRET,
    }
    async with run(tmp_path, **settings) as process:
        url = await process.listening()
        ending = asyncio.create_task(process.ended(seconds=None))
        yield Server(url, process)
        process.tell(signal.SIGTERM)
        assert await asyncio.wait_for(ending, PATIENCE) == 0, process.log
        assert "Traceback" not in process.log


@pytest.fixture
async def overview(browser: Browser, server: Server) -> AsyncIterator[Page]:
    """The overview after a login. No script on it may fail."""
    context = await browser.new_context(viewport={"width": 1600, "height": 1000})
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    await log_in(page, server.url, ADMIN_PASSWORD)
    await expect(feed_state(page)).to_have_text("live")
    yield page
    await context.close()
    assert faults == []


def figure(page: Page, name: str) -> Locator:
    return page.locator(f"[data-figure={name}]").first


def note(page: Page, label: str) -> Locator:
    """What stands under the chart of a card."""
    return page.locator(".card", has_text=label).locator("[data-note]")


async def test_the_figures_and_their_charts_follow_what_happens(overview: Page, server: Server) -> None:
    await expect(figure(overview, "online")).to_have_text("0")
    async with connected_player(server.url) as player:
        await expect(figure(overview, "online")).to_have_text("1")
        await expect(note(overview, "Online")).to_contain_text("peak 1")
        line = overview.locator("[data-series=online]")
        flat = await line.get_attribute("d")

        await player.send(type="chat", nickname="Zoë", message="hi")
        await expect(figure(overview, "messages_in")).to_have_text("1")
        await expect(note(overview, "Messages in")).not_to_contain_text("peak 0.0")
    await expect(figure(overview, "online")).to_have_text("0")
    await expect(line).not_to_have_attribute("d", flat or "")


async def test_a_page_that_is_opened_later_has_the_past(overview: Page, server: Server) -> None:
    async with connected_player(server.url):
        await expect(figure(overview, "online")).to_have_text("1")
    # Three points with nobody: more than the frames that follow the first one bring.
    await expect(overview.locator("[data-series=online]")).to_have_attribute("d", re.compile(r"(,38\.00\w[\d.]*){3}$"))

    later = await overview.context.new_page()
    await later.goto(f"{server.url}/admin")

    await expect(figure(later, "online")).to_have_text("0")
    await expect(note(later, "Online")).to_contain_text("peak 1")


async def test_a_chart_tells_the_value_at_the_mouse(overview: Page) -> None:
    await expect(note(overview, "Memory")).to_contain_text("peak")
    chart = overview.locator(".card", has_text="Memory").locator(".chart")
    box = await chart.bounding_box()
    assert box is not None
    await chart.hover(position={"x": box["width"] - 1, "y": 10})

    await expect(note(overview, "Memory")).to_have_text(re.compile(r"^\d[\d.,]*, (now|5 s ago)$"))


async def test_a_frozen_server_makes_the_figures_stale_until_it_is_back(overview: Page, server: Server) -> None:
    server.process.tell(signal.SIGSTOP)
    try:
        await expect(feed_state(overview)).to_have_text(re.compile(r"^stale \d+ s$"))
        await expect(overview.locator("#verdict")).to_contain_text("No news from the server")
    finally:
        server.process.tell(signal.SIGCONT)

    await expect(feed_state(overview)).to_have_text("live")
    await expect(overview.locator("#verdict")).to_contain_text("All is well")


async def test_an_absent_database_is_red_and_says_what_to_do(overview: Page, server: Server, outage: Outage) -> None:
    async with connected_player(server.url) as player:
        outage.begin()
        await player.send(type="score_update", email="zoe@example.com", score=1, survival_time=1)

        await expect(overview.locator("#verdict")).to_have_attribute("data-level", "bad")
        await expect(overview.locator("#verdict")).to_contain_text("Look whether PostgreSQL runs")
        await expect(overview.locator("[data-health=database]")).to_contain_text("away")
        await expect(figure(overview, "pending_writes")).to_have_text("1")
        await expect(figure(overview, "pending_writes")).to_have_attribute("data-level", "bad")

        outage.end()
        await expect(overview.locator("#verdict")).to_contain_text("All is well")
        await expect(overview.locator("[data-health=database]")).to_contain_text("answers")


async def test_the_settings_show_what_is_set_and_no_secret(overview: Page) -> None:
    await go_to(overview, "Settings")
    for name in ("TILO_ADMIN_PASSWORD", "TILO_API_KEY", "TILO_AUTH_SECRET"):
        await expect(overview.locator(f"#{name} .setting-value")).to_have_text("set")
    await expect(overview.locator("#DATABASE_URL .setting-value")).to_contain_text(":(hidden)@")
    shown = await overview.content()
    for secret in (ADMIN_PASSWORD, API_KEY, SECRET, "hush"):
        assert secret not in shown

    await overview.get_by_label("only what is set").check()
    await expect(overview.locator("#TILO_API_KEY")).to_be_visible()
    await expect(overview.locator("#TILO_CHAT_RATE")).to_be_hidden()


async def test_a_failed_login_is_found_in_the_audit_log_and_in_its_file(
    overview: Page, browser: Browser, server: Server
) -> None:
    stranger = await (await browser.new_context()).new_page()
    await stranger.goto(f"{server.url}/admin/login")
    await stranger.get_by_label("User name").fill(SCRIPT)
    await stranger.get_by_label("Password").fill("a guess")
    await stranger.get_by_role("button", name="Log in").click()
    await expect(stranger.get_by_role("alert")).to_contain_text("Wrong password")

    await go_to(overview, "Audit")
    rows = overview.locator(".audit tbody tr")
    await expect(rows).to_have_count(2)
    await overview.get_by_label("Action").select_option("failed login")
    await overview.get_by_role("button", name="Search").click()
    await expect(rows).to_have_count(1)
    await expect(rows.locator(".entry-admin")).to_have_text(SCRIPT)
    assert await overview.evaluate("window.taken") is None

    async with overview.expect_download() as download:
        await overview.get_by_role("link", name="Export as CSV").click()
    file = await (await download.value).path()
    header, *entries = csv.reader(io.StringIO(file.read_text("utf-8-sig")))
    assert header == ["time", "admin", "action", "target", "ip", "details"]
    assert [entry[1:3] for entry in entries] == [[SCRIPT, "failed_login"]]


async def test_a_search_that_finds_nothing_says_so_and_can_be_cleared(overview: Page) -> None:
    await go_to(overview, "Audit")
    await overview.get_by_label("Anything").fill("nobody wrote this")
    await overview.get_by_role("button", name="Search").click()
    await expect(overview.get_by_text("Nothing in the log matches this search.")).to_be_visible()

    await overview.get_by_role("link", name="Clear").click()
    await expect(overview.locator(".audit tbody tr")).to_have_count(1)
