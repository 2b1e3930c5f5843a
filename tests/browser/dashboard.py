"""The dashboard as its tests use it: people at its pages, and a player on the other side."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from playwright.async_api import ConsoleMessage, Locator, Page, expect

from tests.eventually import PATIENCE


class Player:
    """A player's WebSocket, as any client would open it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, **message: object) -> None:
        await self._socket.send_json(message)

    async def hears(self, type_: str, fits: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """The next message of this type that fits; whatever comes before it is passed over."""
        while True:
            message = await self.hears_one_of(type_)
            if fits(message):
                return message

    async def hears_one_of(self, *types: str) -> dict[str, Any]:
        """The next message of one of these types."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message: dict[str, Any] = json.loads(await self._socket.receive_str())
                if message["type"] in types:
                    return message

    async def closed(self) -> int | None:
        """The code with which the server ends the connection."""
        async with asyncio.timeout(PATIENCE):
            while (await self._socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
                pass
        return self._socket.close_code


@asynccontextmanager
async def connected_player(server_url: str, **headers: str) -> AsyncIterator[Player]:
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{server_url}/ws", headers=headers) as socket:
        yield Player(socket)


def is_fault(message: ConsoleMessage) -> bool:
    # The browser reports the login's own answer to a wrong password as a resource that failed to load.
    is_refused_login = message.location["url"].endswith("/admin/login")
    return message.type in ("error", "warning") and not is_refused_login


async def log_in(page: Page, server_url: str, password: str, name: str = "admin") -> None:
    """The first step, or both where there is only one."""
    await page.goto(f"{server_url}/admin/login")
    await page.get_by_label("User name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in").click()


async def log_out(page: Page) -> None:
    """By the account's menu."""
    await page.get_by_role("button", name="Account ").click()
    await page.get_by_role("button", name="Log out", exact=True).click()
    await expect(page.get_by_label("User name")).to_be_visible()


async def go_to(page: Page, section: str) -> None:
    """By the navigation, as people do."""
    await page.get_by_role("navigation").get_by_role("link", name=section).click()
    await expect(page.get_by_role("heading", name=section, level=1)).to_be_visible()
    await expect(feed_state(page)).to_have_text("live")


async def agree(page: Page) -> None:
    """Answers the question that is asked before what cannot be taken back lightly."""
    await page.locator("#confirm .button-danger").click()


def feed_state(page: Page) -> Locator:
    return page.locator("#feed-state")
