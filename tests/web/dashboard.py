"""The dashboard as the browser of one admin sees it, with a cookie jar of its own."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp.test_utils import TestClient

from tests.conftest import ADMIN_PASSWORD
from tests.eventually import PATIENCE
from tilo_ws.services.roles import Role
from tilo_ws.web import keys

PASSWORD = "a password of the tests"
"""Of the accounts that `make_account` makes."""


class Visitor:
    """`post` sends the token of the page at `/admin/login` or `/admin` along, unless it is told another."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def get(self, path: str) -> tuple[int, str]:
        """Status and text; redirects are followed."""
        async with self.session.get(self.url + path) as response:
            return response.status, await response.text()

    async def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Status and text of the page that it leads to."""
        form = {"csrf_token": await self.token()} | fields
        async with self.session.post(self.url + path, data=form) as response:
            return response.status, await response.text()

    async def token(self, path: str = "/admin") -> str:
        """The token in the forms of a page."""
        _, text = await self.get(path)
        found = re.search(r'name="csrf_token" value="([^"]+)"', text)
        assert found
        return found[1]

    async def log_in(self, name: str = "admin", password: str = ADMIN_PASSWORD) -> tuple[int, str]:
        """The first step, or both where there is only one."""
        return await self.post("/admin/login", username=name, password=password)

    async def is_logged_in(self) -> bool:
        """Whether there is a session."""
        async with self.session.get(self.url + "/admin", allow_redirects=False) as response:
            return response.status == 200

    async def open_feed(self, section: str = "overview") -> aiohttp.ClientWebSocketResponse:
        """The socket of a page."""
        return await self.session.ws_connect(f"{self.url}/admin/feed?section={section}", headers={"Origin": self.url})


async def closed_with(feed: aiohttp.ClientWebSocketResponse) -> int | None:
    """The close code, after whatever comes before."""
    async with asyncio.timeout(PATIENCE):
        while (await feed.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    return feed.close_code


async def undo(admin: Visitor, text: str) -> str:
    """Presses Undo in the notice of a page."""
    form = re.search(r'action="([^"]+)" data-undo>(.*?)</form>', text, re.DOTALL)
    assert form
    fields = {name: html.unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form[2])}
    return (await admin.post(form[1], **fields))[1]


@asynccontextmanager
async def visitor(client: TestClient[Any, Any]) -> AsyncIterator[Visitor]:
    """Somebody at the server's door."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Visitor(session, str(client.make_url("/")).rstrip("/"))


@asynccontextmanager
async def logged_in(client: TestClient[Any, Any], name: str = "admin") -> AsyncIterator[Visitor]:
    """The built-in admin, or an account of `make_account`."""
    async with visitor(client) as one:
        status, text = await one.log_in(name, ADMIN_PASSWORD if name == "admin" else PASSWORD)
        assert status == 200, text
        yield one


async def make_account(client: TestClient[Any, Any], name: str, role: Role) -> None:
    """An account with the password of the tests."""
    assert client.app is not None
    await client.app[keys.ADMIN_ACCOUNTS].create(name, role, PASSWORD, by="a test")
