"""The demo page in a real browser, on a real server."""

import json
import re
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import CreateEvent, OpenPage, say

_ROUND_MS = 60_000
_TIMES = "\N{MULTIPLICATION SIGN}"


async def test_every_page_shows_the_same_number_of_players(open_page: OpenPage) -> None:
    first, second = await open_page(), await open_page()
    await expect(first.locator("#online")).to_have_text("2")
    await expect(second.locator("#online")).to_have_text("2")

    await second.close()

    await expect(first.locator("#online")).to_have_text("1")
    await expect(first.locator("#online-word")).to_have_text("player online")


async def test_a_multiplier_is_shown_with_a_countdown_and_leaves_at_its_end(
    open_page: OpenPage, create_event: CreateEvent
) -> None:
    page = await open_page()
    banner = page.locator("#bonus")

    await create_event(type="score_multiplier", value="2", duration=6)

    await expect(banner).to_have_attribute("data-active", "true")
    await expect(page.locator("#bonus-title")).to_have_text(f"{_TIMES}2 on every shard")
    await expect(page.locator("#bonus-clock")).to_have_text(re.compile(r"^0:0[1-7]$"))
    await expect(page.locator("#score-factor")).to_have_text(f"{_TIMES}2")
    await expect(banner).to_have_attribute("data-active", "false")
    await expect(page.locator("#bonus-clock")).to_be_hidden()
    await expect(page.locator("#score-factor")).to_have_text("")


async def test_a_multiplier_that_is_no_positive_number_changes_nothing(open_page: OpenPage, create_event: CreateEvent) -> None:
    page = await open_page()

    for value in ("soon", "-2", "0", "1.5"):
        await create_event(type="score_multiplier", value=value, duration=60)

    await expect(page.locator("#bonus-factor")).to_have_text(f"{_TIMES}1.5")


async def test_the_keyboard_alone_is_enough_to_chat_and_to_play(open_page: OpenPage) -> None:
    page = await open_page()
    arena = page.locator("#arena")

    await page.get_by_label("Your message").focus()
    await page.keyboard.type("we saw a wasp")
    await expect(arena).to_have_attribute("data-state", "waiting")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message-text")).to_have_text(["we saw a wasp"])
    await expect(arena).to_have_attribute("data-state", "waiting")

    for _ in range(20):
        await page.keyboard.press("Shift+Tab")
        if await page.evaluate("document.activeElement.id") == "field":
            break
    await page.keyboard.press("ArrowLeft")

    await expect(arena).to_have_attribute("data-state", "playing")
    await expect(page.locator("#time")).not_to_have_text("60")


async def test_a_thumb_on_the_field_starts_a_round(open_page: OpenPage) -> None:
    page = await open_page(viewport={"width": 400, "height": 800}, has_touch=True, is_mobile=True)

    await page.locator("#field").tap(position={"x": 60, "y": 60})

    await expect(page.locator("#arena")).to_have_attribute("data-state", "playing")


async def test_a_score_reaches_the_board_under_the_players_name(open_page: OpenPage) -> None:
    page, other = await open_page(), await open_page()
    await expect(page.locator("#board-empty")).to_be_visible()
    await page.get_by_label("You are").fill("Zoë")

    await page.locator("#field").focus()
    await page.keyboard.press("Space")

    await expect(page.locator("#board-rows tr.own .nickname")).to_have_text("Zoë")
    await expect(other.locator("#board-rows tr").first).to_contain_text("Zoë")
    await expect(page.locator("#board-empty")).to_be_hidden()


async def test_a_round_ends_in_time_and_one_key_begins_the_next(open_page: OpenPage) -> None:
    sent: list[dict[str, Any]] = []

    async def prepare(page: Page) -> None:
        page.on("websocket", lambda ws: ws.on("framesent", lambda frame: sent.append(json.loads(frame))))
        await page.clock.install()

    page = await open_page(prepare=prepare)
    await page.locator("#field").focus()
    await page.keyboard.press("Space")
    await expect(page.locator("#arena")).to_have_attribute("data-state", "playing")

    await page.clock.fast_forward(_ROUND_MS)
    await expect(page.locator("#arena")).to_have_attribute("data-state", "over")
    await expect(page.locator("#result")).to_be_visible()
    last_score = [command for command in sent if command["type"] == "score_update"][-1]
    assert last_score["survival_time"] == 60
    assert last_score["email"].endswith("@demo.invalid")

    await page.clock.fast_forward(1000)
    await page.keyboard.press("Space")
    await expect(page.locator("#arena")).to_have_attribute("data-state", "playing")
    await expect(page.locator("#result")).to_be_hidden()


async def test_the_player_is_remembered_and_can_take_another_name(open_page: OpenPage) -> None:
    page = await open_page()
    name = page.get_by_label("You are")
    made_up = await name.input_value()
    assert made_up

    await page.reload()
    await expect(name).to_have_value(made_up)
    await name.fill("  Zoë  ")
    await name.press("Tab")
    await expect(name).to_have_value("Zoë")
    await name.fill("   ")
    await name.press("Tab")
    await expect(name).to_have_value("Zoë")

    await page.reload()
    await expect(name).to_have_value("Zoë")


async def test_the_lines_of_code_are_copied_as_they_run_and_run(open_page: OpenPage, server_url: str) -> None:
    page = await open_page(permissions=["clipboard-read", "clipboard-write"])
    output: list[str] = []

    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    code = await page.evaluate("navigator.clipboard.readText()")

    empty = await page.context.new_page()
    empty.on("console", lambda message: output.append(message.text))
    async with empty.expect_console_message(lambda message: "Hello from my own game" in message.text):
        await empty.set_content(code)
    await expect(page.locator(".message-text")).to_have_text(["Hello from my own game"])
    assert not [line for line in output if "rror" in line]


async def test_nothing_is_wider_than_the_window_on_a_phone_or_a_screen(open_page: OpenPage) -> None:
    page = await open_page()
    await say(page, "x" * 500)
    await expect(page.locator(".message")).to_have_count(1)

    for width in (320, 400, 700, 1000, 1600):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_the_page_follows_the_system_until_the_visitor_chooses_light_or_dark(open_page: OpenPage) -> None:
    page = await open_page(color_scheme="dark")
    document = page.locator("html")
    await expect(document).to_have_attribute("data-theme", "dark")

    await page.get_by_role("button", name="Switch between light and dark").click()
    await expect(document).to_have_attribute("data-theme", "light")

    await page.reload()
    await expect(document).to_have_attribute("data-theme", "light")
