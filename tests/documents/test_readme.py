"""The README: its start, its game page in a browser, its event, its load player."""

from pathlib import Path

from playwright.async_api import Browser, expect

from tests.conftest import API_KEY
from tests.documents.machine import Machine
from tests.documents.reader import reading


async def test_a_server_a_page_an_event_and_many_players(machine: Machine, checkout: Path, port: int, browser: Browser) -> None:
    machine.variables["TILO_API_KEY"] = API_KEY
    words = {
        "8765": str(port),
        # A thousand players would have the machine to themselves.
        "--clients 1000 --rate 50 --seconds 10": f"--clients 20 --rate 10 --seconds 1 --url ws://localhost:{port}/ws",
    }
    async with reading("README.md", machine, checkout, words) as reader:
        await reader.follow("Start")
        await reader.follow("In a game page")
        page = await browser.new_page()
        await page.goto((reader.directory / "game.html").as_uri())
        await expect(page.locator("#online")).to_have_text("1")
        await page.get_by_placeholder("Say something").fill("Hello!")
        await page.get_by_role("button", name="Send").click()
        await expect(page.locator("#log li")).to_have_text("Zoë: Hello!")

        await reader.follow("Events")
        assert '"type":"score_multiplier","value":"2"' in reader.outputs[-1]
        await expect(page.locator("#bonus")).to_have_text("score_multiplier 2")
        await reader.follow("The load player")
        assert "0 lost, 0 refused, 0 connections closed by the server" in reader.outputs[-1]
