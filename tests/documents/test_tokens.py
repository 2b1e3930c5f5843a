"""Back ends in Node, PHP and Python sign tokens, and a real server takes them."""

import shutil
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.dashboard import connected_player
from tests.documents.machine import Machine
from tests.documents.reader import reading
from tests.reliability.server import unused_port

pytestmark = pytest.mark.skipif(shutil.which("php") is None, reason="PHP is not installed: apt-get install php-cli")


async def test_back_ends_sign_tokens_that_the_server_takes(
    machine: Machine, checkout: Path, port: int, browser: Browser
) -> None:
    machine.install(["php"])
    back_end = unused_port()
    async with reading("docs/howto/tokens.md", machine, checkout, {"8765": str(port), "3000": str(back_end)}) as reader:
        await reader.follow("The key")
        await reader.follow("The page")
        for language in ("Node", "PHP", "Python"):
            await reader.follow(language, 2)
            page = await browser.new_page()
            await page.goto(f"http://localhost:{back_end}")
            await expect(page.locator("#player")).to_have_text("Zoë, zoe@example.com")
            await page.get_by_role("button", name="Wave").click()
            await expect(page.locator("#chat li")).to_have_text("Zoë: waves")
            await page.close()
            await reader.follow(language)

        await reader.follow("A key pair instead")
        token = next(output for output in reversed(reader.outputs) if output.startswith("eyJ"))
        async with connected_player(f"http://localhost:{port}") as player:
            await player.send(type="chat", nickname="Zoë", message="nobody knows me")
            assert (await player.hears("error"))["code"] == "auth_required"
            await player.send(type="hello", token=token.strip())
            assert (await player.hears("welcome"))["player"] == {"email": "zoe@example.com", "nickname": "Zoë"}
