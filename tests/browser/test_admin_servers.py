"""The dashboard of a server that is joined with another: whose clients are shown, and the table of servers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.dashboard import connected_player, go_to, is_fault, log_in
from tests.conftest import ADMIN_PASSWORD, StartServer
from tests.redis_server import RedisServer
from tests.web.conversation import Client
from tests.web.joined import joined_servers, valkey
from tilo_ws.web import keys

__all__ = ["valkey"]


@pytest.fixture
async def screen(browser: Browser) -> AsyncIterator[Page]:
    """A page beside servers of the test's own; it may have nothing to complain about in the end."""
    page = await browser.new_page(viewport={"width": 1600, "height": 1000})
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if is_fault(message) else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    await page.close()
    assert faults == []


def url_of(client: Client) -> str:
    return str(client.make_url("/")).rstrip("/")


def name_of(client: Client) -> str:
    assert client.app is not None
    name: str = client.app[keys.SERVERS].own.name
    return name


async def test_clients_of_other_servers_are_shown_with_their_server_and_can_be_kicked(
    screen: Page, start_server: StartServer, valkey: RedisServer, tmp_path: Path
) -> None:
    joined = await joined_servers(start_server, valkey, tmp_path)
    await log_in(screen, url_of(joined.one), ADMIN_PASSWORD)
    await go_to(screen, "Clients")
    async with connected_player(url_of(joined.other)) as player, connected_player(url_of(joined.one)):
        await player.send(type="chat", nickname="Zoë", message="hi", ref=1)
        await player.hears("ack")
        row = screen.locator("#client-rows tr", has_text="Zoë")
        await expect(row.locator(".on-server")).to_have_text(name_of(joined.other))
        await expect(screen.locator("#clients [data-field=count]")).to_have_text("2 connected")
        await row.hover()
        await screen.get_by_role("link", name="Kick Zoë", exact=True).click()
        await screen.locator("#client-dialog").get_by_role("button", name="Kick").click()
        await screen.get_by_role("dialog", name="Kick Zoë?").get_by_role("button", name="Kick").click()
        assert await player.closed() == 4502
        await expect(row).to_have_count(0)


async def test_the_overview_lists_the_servers_where_there_are_several(
    screen: Page, start_server: StartServer, valkey: RedisServer, tmp_path: Path
) -> None:
    joined = await joined_servers(start_server, valkey, tmp_path)
    await log_in(screen, url_of(joined.one), ADMIN_PASSWORD)
    rows = screen.locator("#server-rows tr")
    async with connected_player(url_of(joined.other)):
        await expect(rows).to_have_count(2)
        await expect(rows.first.locator("[data-field=note]")).to_have_text("this one")
        await expect(rows.last.locator("[data-field=connections]")).to_have_text("1")
        await expect(screen.locator("[data-figure=online]")).to_have_text("1")
    await joined.other.close()
    await expect(screen.locator("#servers")).to_be_hidden()
