"""Takes the pictures of this folder: `.venv/bin/python docs/screenshots/take.py`. Needs Chromium and a free port 8799."""

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from playwright.async_api import Page, async_playwright

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
URL = "http://127.0.0.1:8799"
PASSWORD = "for the pictures"
KEY = "for the pictures"
PLAYERS = ["Brisk Otter", "Zoë", "Quiet Comet", "نورا", "Lucky Fox", "Old Pine", "Бурый Лис", "Tiny Whale"]
TALK = [
    "hello everybody",
    "new best: 1,240 on the double multiplier!",
    "مرحبا",
    "who is on the top of the board? 👀",
    "me, for another minute",
    "the double is on, go go go",
    "nice run 🎉",
    "one more round",
]


@contextlib.asynccontextmanager
async def server(directory: str) -> AsyncIterator[None]:
    """A fresh server."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tilo_ws",
        cwd=directory,
        env=os.environ | {"PYTHONPATH": str(PROJECT), "PORT": "8799", "TILO_ADMIN_PASSWORD": PASSWORD, "TILO_API_KEY": KEY},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    while b"listening" not in (line := await process.stderr.readline()):
        assert line, "the server did not start"
    yield
    process.terminate()
    await process.communicate()


async def play(session: aiohttp.ClientSession, stack: contextlib.AsyncExitStack) -> None:
    """Eight players, a multiplier, some talk, some scores."""
    headers = {"Authorization": f"Bearer {KEY}"}
    event = {"type": "score_multiplier", "value": 2, "duration": 3000}
    await session.post(f"{URL}/api/v1/events", json=event, headers=headers)
    for number, (name, text) in enumerate(zip(PLAYERS, TALK, strict=True)):
        socket = await stack.enter_async_context(session.ws_connect(f"{URL}/ws"))
        await socket.send_json({"type": "chat", "nickname": name, "message": text})
        score = {"score": 1240 - 137 * number, "survival_time": 60 - number, "nickname": name}
        await socket.send_json({"type": "score_update", "email": f"{number}@example.com", **score})
        await asyncio.sleep(0.2)


async def log_in(page: Page) -> None:
    """From the form to the dashboard, and a while there so that the lines have something to show."""
    await page.goto(f"{URL}/admin/login")
    await page.fill("#password", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_timeout(15_000)


async def main() -> None:
    """Writes demo.png and admin.png."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o711)
        async with (
            server(directory),
            aiohttp.ClientSession() as session,
            contextlib.AsyncExitStack() as stack,
            async_playwright() as playwright,
        ):
            chromium = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            demo = await chromium.new_page(viewport={"width": 1280, "height": 760})
            await demo.goto(URL)
            await play(session, stack)
            await demo.wait_for_timeout(4_000)
            await demo.screenshot(path=HERE / "demo.png")
            admin = await chromium.new_page(viewport={"width": 1600, "height": 1000}, color_scheme="dark")
            await log_in(admin)
            await admin.screenshot(path=HERE / "admin.png")
            await chromium.close()


if __name__ == "__main__":
    asyncio.run(main())
