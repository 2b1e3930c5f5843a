"""The demo's chat in a real browser, on a real server."""

import asyncio
import json
from typing import Any

import aiohttp
from playwright.async_api import Page, WebSocketRoute, expect

from tests.browser.conftest import OpenPage, say


async def test_two_players_read_each_others_messages_and_know_their_own(open_page: OpenPage) -> None:
    first, second = await open_page(), await open_page()

    await say(first, "hello from the first")
    await expect(second.get_by_role("log")).to_contain_text("hello from the first")
    await say(second, "hello from the second")

    await expect(first.locator(".message-text")).to_have_text(["hello from the first", "hello from the second"])
    await expect(first.locator(".message.own .message-text")).to_have_text(["hello from the first"])
    await expect(second.locator(".message.own .message-text")).to_have_text(["hello from the second"])


async def test_markup_in_a_message_or_a_name_is_shown_as_text(open_page: OpenPage) -> None:
    page = await open_page()
    attack = '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>'

    await page.get_by_label("You are").fill("<b>Zoë</b>")
    await say(page, attack)

    await expect(page.locator(".message-text")).to_have_text([attack])
    await expect(page.locator(".message-name")).to_have_text(["<b>Zoë</b>"])
    assert await page.locator(".message img, .message script, .message b").count() == 0
    assert await page.title() != "taken"


async def test_who_writes_faster_than_allowed_is_heard_all_the_same_in_order(open_page: OpenPage) -> None:
    page, other = await open_page(), await open_page()

    await page.get_by_label("Your message").evaluate(
        """(input) => {
            for (let number = 0; number < 13; number += 1) {
                input.value = `message ${number}`;
                input.form.requestSubmit();
            }
        }"""
    )

    await expect(other.locator(".message-text")).to_have_text([f"message {number}" for number in range(13)])


async def test_what_the_server_refuses_comes_back_to_be_written_anew(open_page: OpenPage) -> None:
    page = await open_page()
    nothing_to_see = "\N{ZERO WIDTH SPACE}"

    await say(page, nothing_to_see)

    await expect(page.locator("#chat-note")).to_contain_text("message")
    await expect(page.get_by_label("Your message")).to_have_value(nothing_to_see)


async def test_who_comes_later_reads_what_was_said_before(open_page: OpenPage) -> None:
    page = await open_page()
    for text in ("first", "second"):
        await say(page, text)
    await expect(page.locator(".message-text")).to_have_text(["first", "second"])

    late = await open_page()

    await expect(late.locator(".message-text")).to_have_text(["first", "second"])


async def test_a_deleted_message_leaves_the_screen_and_the_next_one_says_who_wrote_it(
    open_page: OpenPage, server_url: str, api_headers: dict[str, str]
) -> None:
    seqs: list[int] = []

    def note(payload: str | bytes) -> None:
        message: dict[str, Any] = json.loads(payload)
        if message["type"] == "chat":
            seqs.append(message["seq"])

    async def prepare(page: Page) -> None:
        page.on("websocket", lambda ws: ws.on("framereceived", note))

    page = await open_page(prepare=prepare)
    for text in ("something foul", "something fair"):
        await say(page, text)
    await expect(page.locator(".message-text")).to_have_count(2)
    await expect(page.locator(".message-head:visible")).to_have_count(1)

    async with aiohttp.ClientSession(headers=api_headers) as session:
        for seq, left in zip(list(seqs), (["something fair"], []), strict=True):
            async with session.delete(f"{server_url}/api/v1/chat/{seq}") as response:
                assert response.status == 204
            await expect(page.locator(".message-text")).to_have_text(left)
            await expect(page.locator(".message-head:visible")).to_have_count(len(left))
    await expect(page.locator("#chat-empty")).to_be_visible()


async def test_while_the_server_is_away_the_game_goes_on_and_what_was_said_arrives_later(open_page: OpenPage) -> None:
    lines: list[WebSocketRoute] = []
    reachable = asyncio.Event()
    reachable.set()

    async def take(line: WebSocketRoute) -> None:
        lines.append(line)
        await reachable.wait()
        line.connect_to_server()

    page = await open_page(prepare=lambda page: page.route_web_socket("**/ws", take))
    await page.locator("#field").focus()
    await page.keyboard.press("Space")

    reachable.clear()
    await lines[0].close(code=1012, reason="restart")
    await expect(page.locator("#away-text")).to_contain_text("reconnecting (1 of 5)")
    await say(page, "said while away")
    await expect(page.locator("#arena")).to_have_attribute("data-state", "playing")
    await expect(page.locator(".message")).to_have_count(0)

    reachable.set()
    await expect(page.locator(".message-text")).to_have_text(["said while away"])
    await expect(page.locator("#away-text")).to_have_text("")


async def test_where_messages_are_missing_the_chat_says_so(open_page: OpenPage) -> None:
    lines: list[WebSocketRoute] = []

    async def take(line: WebSocketRoute) -> None:
        lines.append(line)
        server = line.connect_to_server()
        server.on_message(lambda message: line.send(str(message).replace('"recovered":true', '"recovered":false')))

    page = await open_page(prepare=lambda page: page.route_web_socket("**/ws", take))
    await say(page, "before")
    await expect(page.locator(".message")).to_have_count(1)

    await lines[0].close(code=1012, reason="retry_ms=0-10")
    await expect(page.locator(".chat-gap")).to_have_text("Some messages are missing here")
    await say(page, "after")

    await expect(page.locator("#chat-log li")).to_have_count(3)
    await expect(page.locator(".message-head:visible")).to_have_count(2)
