"""Takes the pictures of every page: `.venv/bin/python -m docs.screenshots.take`; with names, such as `chat bans`, of those.

Needs Chromium, and Pillow, which comes with what the tests need.
"""

import asyncio
import contextlib
import io
import os
import platform
import random
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web
from PIL import Image
from playwright.async_api import Page, ViewportSize, async_playwright

from tests import redis_server
from tests.browser import full_house
from tests.browser.pages import PLACES, PLACES_OF_SEVERAL, SERVERS, Place, visitors
from tilo_ws import resources
from tilo_ws.app import create_app
from tilo_ws.settings import Settings, read_settings, setting_names
from tilo_ws.storage.database import Database
from tilo_ws.storage.embedded import EmbeddedPostgres
from tilo_ws.storage.migrations import migrate, read_migrations
from tilo_ws.web import keys
from tilo_ws.web.figure_history import INTERVAL, LENGTH, SERIES

HERE = Path(__file__).parent
PASSWORD = "for the pictures"
SIZES: list[ViewportSize] = [{"width": 400, "height": 860}, {"width": 1600, "height": 1000}]
MAX_BYTES = 200_000
SETTLES_MS = {"demo": 4_000, "overview": 10_000, "servers": 10_000}
"""How long a page takes until it shows what it usually shows."""


@contextlib.asynccontextmanager
async def server() -> AsyncIterator[list[str]]:
    """One that has been there for a quarter of an hour, on a database with everything in it that can be stored."""
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        Path(directory).chmod(0o711)
        settings = chosen()
        postgres = EmbeddedPostgres(settings.data_dir)
        await fill(postgres.start())
        postgres.stop()
        async with serving(settings) as url:
            yield [url]


@contextlib.asynccontextmanager
async def several() -> AsyncIterator[list[str]]:
    """Three that Redis joins, on such a database."""
    with (
        tempfile.TemporaryDirectory() as directory,
        contextlib.chdir(directory),
        redis_server.running(Path(directory)) as redis,
    ):
        Path(directory).chmod(0o711)
        postgres = EmbeddedPostgres(Path("data"))
        await fill(dsn := postgres.start())
        async with contextlib.AsyncExitStack() as stack:
            urls = []
            for number in range(SERVERS):
                platform.node = lambda number=number: f"web-{number + 1}"
                settings = chosen(DATABASE_URL=dsn, REDIS_URL=redis.url)
                urls.append(await stack.enter_async_context(serving(settings)))
            yield urls
        postgres.stop()


def chosen(**others: str) -> Settings:
    """Whatever else is set here is not to be seen."""
    for name in setting_names():
        os.environ.pop(name, None)
    os.environ |= {"TILO_ADMIN_PASSWORD": PASSWORD, "TILO_MAX_SCORE": str(full_house.MAX_SCORE), "TILO_DEMO": "true"} | others
    return read_settings(os.environ)


@contextlib.asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[str]:
    """A server with these settings, by its address."""
    app = create_app(settings)
    runner = web.AppRunner(app)
    await runner.setup()
    remember(app)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def fill(dsn: str) -> None:
    """Stores it in an empty database."""
    database = Database(resources.QUERIES, pool_min=1, pool_max=1)
    await database.open(dsn)
    await migrate(database, read_migrations(resources.MIGRATIONS))
    await database.close()
    full_house.store(dsn)


def remember(app: web.Application) -> None:
    """Gives the charts a past: the figures of a server with some forty players."""
    chance, now = random.Random(3), int(time.monotonic() // INTERVAL)
    typical = {
        "online": (38, 3),
        "messages_per_second": (1.2, 0.6),
        "deliveries_per_second": (48, 22),
        "delay_p99_ms": (2.2, 1.2),
        "round_p50_ms": (1.6, 0.4),
        "round_p99_ms": (4.5, 2.5),
        "loop_lag_ms": (1.1, 0.8),
        "pool_size": (5, 0),
        "pool_free": (4, 0),
        "pool_used": (1, 0),
        "memory_bytes": (88e6, 3e5),
    }
    for number in range(now - LENGTH, now):
        values = [max(0.0, chance.gauss(*typical.get(name, (0, 0)))) for name in SERIES]
        app[keys.FIGURE_HISTORY]._points.append([number, round(values[0]), *values[1:]])


async def talk(sockets: list[aiohttp.ClientWebSocketResponse]) -> None:
    """A message a second, so that the live figures are not all zero."""
    for number in range(12, 100_000):
        await full_house.say(sockets[number % len(sockets)], number)
        await asyncio.sleep(1)


async def look(page: Page, place: Place) -> None:
    """Writes the pictures of what the page shows. Fails where one is too large for the repository."""
    for size in SIZES:
        await page.set_viewport_size(size)
        await page.locator(place.about).scroll_into_view_if_needed()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            await page.wait_for_timeout(300)
            picture = await asyncio.to_thread(packed, await page.screenshot())
            name = f"{place.name}-{size['width']}-{scheme}.png"
            if len(picture) > MAX_BYTES:
                raise SystemExit(f"{name} has {len(picture):,} bytes, more than {MAX_BYTES:,}")
            (HERE / name).write_bytes(picture)


def packed(picture: bytes) -> bytes:
    """As it is, or where that is too large, with a palette."""
    image, file = Image.open(io.BytesIO(picture)).convert("RGB"), io.BytesIO()
    image.save(file, "PNG", optimize=True)
    if file.tell() > MAX_BYTES:
        file = io.BytesIO()
        image.quantize(256, Image.Quantize.FASTOCTREE).save(file, "PNG", optimize=True)
    return file.getvalue()


async def take(places: list[Place], urls: list[str]) -> None:
    """Writes `<page>-<width>-<light or dark>.png`, as the first of the servers shows it."""
    async with full_house.players(*urls) as sockets, async_playwright() as playwright:
        talking = asyncio.create_task(talk(sockets))
        chromium = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        url = urls[0].replace("127.0.0.1", "tilo.localhost")
        async with visitors(chromium, url, PASSWORD, reduced_motion="no-preference") as contexts:
            for place in places:
                page = await contexts[place.visitor].new_page()
                await page.set_viewport_size(SIZES[-1])
                await place.open(page, url)
                await page.wait_for_timeout(SETTLES_MS.get(place.name, 0))
                await look(page, place)
                await page.close()
        await chromium.close()
        talking.cancel()


async def main(names: list[str]) -> None:
    """All of them, or those with these names."""
    for house, places in ((server, PLACES), (several, PLACES_OF_SEVERAL)):
        if asked := [place for place in places if not names or place.name in names]:
            async with house() as urls:
                await take(asked, urls)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
