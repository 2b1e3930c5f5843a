"""Every page that people meet, by the route that answers it, and how to get there in a full house."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser import full_house
from tests.browser.dashboard import feed_state, log_in

NO_PAGES = {"/ws", "/healthz", "/readyz", "/metrics", "/admin/", "/admin/feed", "/admin/audit.csv"}
"""Routes for GET, outside the API and the static files, that show nothing."""

Open = Callable[[Page, str], Awaitable[object]]
"""Gets there on a page of its own, from the server's address."""


Visitors = dict[str | None, BrowserContext]
"""By the name of the account; None: somebody without one."""


class Place(NamedTuple):
    """A page, or a state of one that is worth a look of its own. `name` is its picture's, `about` the part that it shows."""

    name: str
    route: str
    open: Open
    visitor: str | None = "admin"
    about: str = "body"


def _at(path: str) -> Open:
    async def open_(page: Page, url: str) -> None:
        await page.goto(url + path)

    return open_


def _live_at(path: str) -> Open:
    async def open_(page: Page, url: str) -> None:
        await page.goto(url + path)
        await expect(feed_state(page)).to_have_text("live")

    return open_


async def _play(page: Page, url: str) -> None:
    await page.goto(url)
    await expect(page.locator("#connection-word")).to_have_text("live")


async def _code_step(page: Page, url: str) -> None:
    await log_in(page, url, full_house.PASSWORD, full_house.WITH_CODES)
    await expect(page.get_by_label("Code of your authenticator app")).to_be_focused()


async def _one_client(page: Page, url: str) -> None:
    await page.goto(f"{url}/admin/clients")
    await page.goto(url + str(await page.locator("#client-rows .who a").first.get_attribute("href")))


async def _all_servers(page: Page, url: str) -> None:
    await _live_at("/admin")(page, url)
    await expect(page.locator("#server-rows tr")).to_have_count(SERVERS)


async def _client_elsewhere(page: Page, url: str) -> None:
    await page.goto(f"{url}/admin/clients")
    here = await page.locator("#client-rows .on-server").first.inner_text()
    await expect(page.locator("#client-rows tr", has_not_text=here)).not_to_have_count(0)
    row = page.locator("#client-rows tr", has_not_text=here).first
    await page.goto(url + str(await row.locator(".who a").first.get_attribute("href")))


async def _client_dialog(page: Page, url: str) -> None:
    await _live_at("/admin/clients")(page, url)
    await page.locator("#client-rows .who a").first.click()
    await expect(page.locator("#client-dialog")).to_be_visible()


async def _confirmation(page: Page, url: str) -> None:
    await page.goto(f"{url}/admin/players/{full_house.email(2)}")
    await page.get_by_role("button", name="Forget the player").click()
    await expect(page.locator("#confirm")).to_be_visible()


async def _own_account(page: Page, url: str) -> None:
    await page.goto(f"{url}/admin/account")
    if await page.get_by_role("button", name="Set codes up").is_visible():
        await page.get_by_role("button", name="Set codes up").click()
    await expect(page.locator(".qr-code svg")).to_be_visible()


PLACES = [
    Place("overview", "/admin", _live_at("/admin")),
    Place("demo", "/", _play, None),
    Place("login", "/admin/login", _at("/admin/login"), None),
    Place("login-code", "/admin/login", _code_step, None),
    Place("clients", "/admin/clients", _live_at("/admin/clients")),
    Place("client", "/admin/clients/{id}", _one_client),
    Place("client-dialog", "/admin/clients", _client_dialog),
    Place("chat", "/admin/chat", _live_at("/admin/chat")),
    Place("chat-search", "/admin/chat", _at("/admin/chat?text=double")),
    Place("events", "/admin/events", _live_at("/admin/events")),
    Place("events-recurring", "/admin/events/recurring", _live_at("/admin/events/recurring")),
    Place("players", "/admin/players", _live_at("/admin/players")),
    Place("players-found", "/admin/players", _at("/admin/players?q=er")),
    Place("player", "/admin/players/{email}", _at(f"/admin/players/{full_house.email(11)}")),
    Place("players-refused", "/admin/players/refused", _live_at("/admin/players/refused")),
    Place("confirmation", "/admin/players/{email}", _confirmation),
    Place("bans", "/admin/bans", _live_at("/admin/bans")),
    Place("audit", "/admin/audit", _at("/admin/audit")),
    Place("settings", "/admin/settings", _live_at("/admin/settings")),
    Place("accounts", "/admin/accounts", _live_at("/admin/accounts")),
    Place("account", "/admin/account", _own_account),
    Place("refused", "/admin/accounts", _at("/admin/accounts"), full_house.VIEWER),
]

SERVERS = 3

PLACES_OF_SEVERAL = [
    Place("servers", "/admin", _all_servers, about="#servers"),
    Place("servers-clients", "/admin/clients", _live_at("/admin/clients")),
    Place("servers-client", "/admin/clients/{id}", _client_elsewhere),
]
"""What looks otherwise where Redis joins so many servers."""


@asynccontextmanager
async def visitors(
    browser: Browser, url: str, password: str, **options: Any
) -> AsyncIterator[dict[str | None, BrowserContext]]:
    """The browser of everybody whom `PLACES` name, behind the login; the one of None is nobody's."""
    names = {None: "", "admin": password, full_house.VIEWER: full_house.PASSWORD}
    contexts = {name: await browser.new_context(timezone_id="UTC", **options) for name in names}
    for name, secret in names.items():
        if name is not None:
            page = await contexts[name].new_page()
            await log_in(page, url, secret, name)
            await expect(feed_state(page)).to_have_text("live")
            await page.close()
    yield contexts
    for context in contexts.values():
        await context.close()
