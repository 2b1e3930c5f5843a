"""The tutorial, word by word: its page in a browser, with a second player who sees what its player does."""

from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.browser.dashboard import agree, connected_player, go_to, log_in
from tests.documents.machine import Machine
from tests.documents.reader import reading

TIMES = "\N{MULTIPLICATION SIGN}"


async def test_a_game_gets_a_chat_a_leaderboard_and_a_bonus(
    machine: Machine, server_directory: Path, port: int, browser: Browser
) -> None:
    url = f"http://localhost:{port}"
    async with reading("docs/tutorial.md", machine, server_directory, {"8765": str(port)}) as reader:
        await reader.follow("Your game gets a chat in ten minutes")
        await reader.follow("Start the server")
        await reader.follow("A page")
        file = (reader.directory / "game.html").as_uri()
        zoe, ada = await browser.new_page(), await browser.new_page()
        await zoe.goto(file)
        await expect(zoe.locator("#online")).to_have_text("1")
        await ada.goto(file)
        await expect(zoe.locator("#online")).to_have_text("2")

        await reader.follow("The chat", 1)
        await zoe.reload()
        async with connected_player(url) as other:
            await say(zoe, "Hello!")
            assert (await other.hears("chat"))["message"] == "Hello!"
        await expect(zoe.locator("#chat li")).to_have_text("Zoë: Hello!")
        await ada.reload()
        await expect(ada.locator("#chat li")).to_have_text("Zoë: Hello!")
        await reader.follow("The chat", 1)  # the server ends
        await say(zoe, "Still there?")
        await reader.follow("The chat")
        for page in (zoe, ada):
            await expect(page.locator("#chat li")).to_have_text(["Zoë: Still there?", "Zoë: Hello!"])

        await reader.follow("The score")
        await zoe.reload()
        await catch(zoe, 3)
        await expect(zoe.locator("#score")).to_have_text("30")
        await expect(zoe.locator("#best li")).to_have_text("Zoë: 30")
        await ada.reload()
        await ada.get_by_label("Your name").fill("Ada")
        await ada.get_by_label("E-mail").fill("ada@example.com")
        await catch(ada, 4)
        for page in (zoe, ada):
            await expect(page.locator("#best li")).to_have_text(["Ada: 40", "Zoë: 30"])

        await reader.follow("A bonus for everybody")
        for page in (zoe, ada):
            await page.reload()
        dashboard = await browser.new_page()
        await log_in(dashboard, url, reader.outputs[-1].strip())
        await go_to(dashboard, "Events")
        await dashboard.get_by_role("button", name="Start now").click()
        for page in (zoe, ada):
            await expect(page.locator("#bonus")).to_contain_text(f"{TIMES}2 until ")
        await catch(zoe, 1)
        await expect(zoe.locator("#score")).to_have_text("20")
        await dashboard.get_by_role("button", name="End score_multiplier").click()
        await agree(dashboard)
        for page in (zoe, ada):
            await expect(page.locator("#bonus")).to_be_empty()


async def say(page: Page, text: str) -> None:
    await page.get_by_label("Say something").fill(text)
    await page.get_by_role("button", name="Send").click()


async def catch(page: Page, times: int) -> None:
    for _ in range(times):
        await page.get_by_role("button", name="Catch the star").click()
