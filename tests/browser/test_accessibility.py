"""What everybody needs to use the pages: contrast, names, keyboard, and nothing that moves under a hand."""

import json
import platform
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from tests import npm
from tests.browser import full_house
from tests.browser.pages import NO_PAGES, PLACES, PLACES_OF_SEVERAL, SERVERS, Place, Visitors, visitors
from tests.conftest import ADMIN_PASSWORD, StartServer
from tests.redis_server import RedisServer
from tests.web.conversation import Client
from tests.web.joined import valkey
from tilo_ws.web.routes import add_routes

__all__ = ["valkey"]

SERIOUS = ("serious", "critical")


@pytest.fixture
async def house(dsn: str, start_server: StartServer) -> AsyncIterator[str]:
    """The address of a server with everything in it that a page can show."""
    full_house.store(dsn)
    client = await start_server(max_score=full_house.MAX_SCORE, demo=True)
    async with full_house.players(url_of(client)):
        yield url_of(client)


def url_of(client: Client) -> str:
    return f"http://127.0.0.1:{client.port}"


@pytest.fixture
async def contexts(browser: Browser, house: str) -> AsyncIterator[Visitors]:
    """See `visitors`."""
    async with visitors(browser, house, ADMIN_PASSWORD, reduced_motion="reduce") as opened:
        yield opened


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core: evaluated by the debugger, which the content security policy does not bind."""
    return (npm.installed() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


async def violations(page: Page) -> list[str]:
    """What axe-core takes for serious or critical, with the first elements that it is about."""
    found: dict[str, Any] = json.loads(await page.evaluate("axe.run({ resultTypes: ['violations'] }).then(JSON.stringify)"))
    return [
        f"{one['id']}: {one['help']}: {[(node['target'], node.get('any', [{}])[:1]) for node in one['nodes'][:3]]}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
    ]


def test_every_page_of_the_server_is_in_the_list() -> None:
    app = web.Application()
    add_routes(app)
    routes = {
        route.resource.canonical
        for route in app.router.routes()
        if route.resource and route.method == "GET" and not route.resource.canonical.startswith(("/api/", "/static"))
    }
    assert {place.route for place in PLACES} == routes - NO_PAGES


@pytest.mark.long
async def test_every_page_suits_every_eye_and_fits_every_window(contexts: Visitors, house: str, axe: str) -> None:
    assert await faults(PLACES, contexts, house, axe) == {}


@pytest.mark.long
async def test_so_do_the_pages_of_several_servers(
    browser: Browser, dsn: str, start_server: StartServer, valkey: RedisServer, axe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_house.store(dsn)
    urls = []
    for number in range(SERVERS):
        monkeypatch.setattr(platform, "node", lambda number=number: f"web-{number}")
        urls.append(url_of(await start_server(redis_url=valkey.url, redis_prefix="house")))
    async with full_house.players(*urls), visitors(browser, urls[0], ADMIN_PASSWORD, reduced_motion="reduce") as contexts:
        assert await faults(PLACES_OF_SEVERAL, contexts, urls[0], axe) == {}


async def faults(places: Sequence[Place], contexts: Visitors, house: str, axe: str) -> dict[str, list[str]]:
    """What is wrong, by place, colours and width."""
    found: dict[str, list[str]] = {}
    for place in places:
        page = await contexts[place.visitor].new_page()
        await page.set_viewport_size({"width": 1600, "height": 1000})
        await place.open(page, house)
        await page.evaluate(axe)
        for scheme, width in (("light", 1600), ("dark", 1600), ("dark", 400)):
            await page.set_viewport_size({"width": width, "height": 1000})
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            if said := await violations(page):
                found[f"{place.name} {scheme} {width}"] = said
        for width in (360, 700, 1000, 2560):
            await page.set_viewport_size({"width": width, "height": 1000})
            if (needs := await page.evaluate("document.documentElement.scrollWidth")) > width:
                found[f"{place.name} {width}"] = [f"needs {needs} pixels"]
        await page.close()
    return found


async def test_the_keyboard_comes_to_the_content_at_once_and_sees_where_it_is(contexts: Visitors, house: str) -> None:
    page = await contexts["admin"].new_page()
    await page.goto(f"{house}/admin/bans")

    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("#content")).to_be_focused()

    for _ in range(8):
        await page.keyboard.press("Tab")
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", await page.evaluate("document.activeElement.outerHTML")


SHIFTS = """
window.shifted = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries())
    shifted.push([one.value, ...one.sources.map((source) => source.node?.parentElement?.outerHTML.slice(0, 200))]);
}).observe({ type: "layout-shift" });
"""


@pytest.mark.parametrize("width", [400, 1600])
async def test_nothing_moves_while_live_data_arrives(contexts: Visitors, house: str, width: int) -> None:
    for name in ("overview", "clients", "chat"):
        [place] = [place for place in PLACES if place.name == name]
        page = await contexts[place.visitor].new_page()
        await page.set_viewport_size({"width": width, "height": 1000})
        await place.open(page, house)
        online = page.locator("#health [data-field=online]")
        await expect(online).to_have_text("40")
        await page.evaluate(SHIFTS)
        for wave in range(2):
            async with full_house.players(house, count=10) as sockets:
                await expect(online).to_have_text("50")
                for number, socket in enumerate(sockets):
                    await full_house.say(socket, 40 + 10 * wave + number)
            await expect(online).to_have_text("40")
        shifts: list[Any] = await page.evaluate("shifted")
        assert sum(value for value, *_ in shifts) < 0.01, (name, shifts)
        await page.close()
