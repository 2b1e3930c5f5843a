"""The chat page in a real browser, seen from a player's page as well."""

import json
import re
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Locator, Page, WebSocketRoute, expect

from tests.browser.conftest import OpenPage, say
from tests.browser.dashboard import agree, connected_player, feed_state, go_to, log_in
from tests.conftest import Sql

SCRIPT = "<script>window.isTaken = true</script><img src=x onerror='window.isTaken = true'>"


@pytest.fixture
def old_chat(sql: Sql) -> None:
    """More than memory holds, and the oldest message of it, from before the server's start."""
    sql(
        "INSERT INTO chat_messages SELECT n, gen_random_uuid(), 'Zoë', NULL,"
        " CASE n WHEN 1 THEN 'a needle' ELSE 'hay ' || n END, now() - make_interval(secs => 3000 - n)"
        " FROM generate_series(1, 1200) AS n"
    )
    sql("UPDATE server_identity SET reserved_seq = 2000")


def messages(page: Page) -> Locator:
    return page.locator("#chat-log .message")


def row(page: Page, text: str) -> Locator:
    return messages(page).filter(has_text=text)


async def test_a_deleted_message_vanishes_from_a_players_page_and_is_marked_here(dashboard: Page, open_page: OpenPage) -> None:
    demo, other = await open_page(), await open_page()
    await go_to(dashboard, "Chat")
    await say(demo, "something foul")
    await say(demo, "something fair")
    await expect(other.locator(".message-text")).to_have_text(["something foul", "something fair"])
    foul = row(dashboard, "something foul")
    await foul.hover()
    height = await foul.evaluate("row => row.offsetHeight")
    seq = await foul.get_attribute("data-seq")

    await foul.get_by_role("button", name="Delete the message of").click()
    await agree(dashboard)

    await expect(other.locator(".message-text")).to_have_text(["something fair"])
    await expect(demo.locator(".message-text")).to_have_text(["something fair"])
    await expect(dashboard.locator(".notice")).to_contain_text("Deleted.")
    deleted = dashboard.locator(f".message[data-seq='{seq}']")
    await expect(deleted.locator("[data-field=message]")).to_have_text("deleted")
    await expect(deleted.get_by_role("button", name="Delete")).to_have_count(0)
    assert await deleted.evaluate("row => row.offsetHeight") == height, "nothing may move"


async def test_a_message_that_another_admin_deletes_is_marked_where_it_stands(
    dashboard: Page, server_url: str, api_headers: dict[str, str]
) -> None:
    await go_to(dashboard, "Chat")
    async with connected_player(server_url) as player, aiohttp.ClientSession(headers=api_headers) as session:
        await player.send(type="chat", nickname="Zoë", message="foul", ref=1)
        seq = (await player.hears("ack"))["seq"]
        await row(dashboard, "foul").hover()

        assert (await session.delete(f"{server_url}/api/v1/chat/{seq}")).status == 204

        await expect(messages(dashboard).locator("[data-field=message]")).to_have_text(["deleted"])


async def test_the_author_of_a_message_is_muted_by_the_form_that_its_row_fills_in(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Chat")
    forwarded = {"X-Forwarded-For": "203.0.113.7"}
    async with connected_player(server_url, **forwarded) as player, connected_player(server_url) as other:
        await player.send(type="chat", nickname="Zoë", message="foul", ref=1)
        await player.hears("ack")
        await row(dashboard, "foul").hover()
        await row(dashboard, "foul").get_by_role("link", name="Mute Zoë").click()
        await expect(dashboard.get_by_label("What")).to_have_value("mute")
        await expect(dashboard.get_by_label("Nickname")).to_have_value("Zoë")
        await expect(dashboard.get_by_label("IP address")).to_have_value("203.0.113.7")
        await dashboard.get_by_role("textbox", name="Reason").fill("Be kind")
        await dashboard.get_by_role("button", name="Put in force").click()
        await agree(dashboard)

        await expect(dashboard.get_by_role("heading", name="Chat", level=1)).to_be_visible()
        await expect(dashboard.locator(".notice")).to_contain_text("muted for 1 hour.")
        await player.send(type="chat", nickname="another name", message="foul again", ref=2)
        refusal = await player.hears("error")
        assert (refusal["code"], refusal["ref"]) == ("muted", 2)
        assert "Be kind" in refusal["message"]
        await other.send(type="chat", nickname="Max", message="fair", ref=3)
        await player.hears("chat", lambda message: message["message"] == "fair")

        await dashboard.get_by_role("button", name="Undo").click()
        await expect(dashboard.locator(".notice")).to_contain_text("no longer muted")
        await player.send(type="chat", nickname="Zoë", message="sorry", ref=4)
        await player.hears("ack", lambda ack: ack["ref"] == 4)


async def test_an_announcement_is_previewed_and_appears_on_the_players_page(dashboard: Page, open_page: OpenPage) -> None:
    demo = await open_page()
    await go_to(dashboard, "Chat")
    field = dashboard.get_by_label("Announcement to all players")

    await field.fill(f" A new map\ntonight! {SCRIPT} ")
    await expect(dashboard.get_by_role("group", name="How players see it")).to_contain_text(f"A new map tonight! {SCRIPT}")
    await dashboard.get_by_role("button", name="Announce").click()

    await expect(demo.locator(".announcement p")).to_have_text([f"A new map tonight! {SCRIPT}"])
    assert await demo.evaluate("window.isTaken") is None
    await expect(dashboard.locator(".notice")).to_contain_text(re.compile(r"Announced to \d+ player"))
    await expect(field).to_have_value("")

    await field.fill("🎉" * 2_001)
    await expect(dashboard.locator("#announcement-count")).to_have_text("2,001 of 2,000 characters")
    assert not await field.evaluate("field => field.checkValidity()")


async def test_in_slow_mode_the_second_message_has_to_wait_until_it_is_switched_off(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Chat")
    other = await dashboard.context.new_page()
    await other.goto(f"{server_url}/admin/chat")
    async with connected_player(server_url) as player:
        await dashboard.get_by_label("Seconds").fill("60")
        await dashboard.get_by_role("button", name="Set").click()
        await player.hears("limits", lambda message: message["limits"]["chat_burst"] == 1)
        await expect(dashboard.locator("#slow-now")).to_have_text("60 s")
        await expect(other.locator("#slow-now")).to_have_text("60 s")
        await expect(other.get_by_label("Seconds")).to_have_value("60")

        await player.send(type="chat", nickname="Zoë", message="first", ref=1)
        await player.hears("ack")
        await player.send(type="chat", nickname="Zoë", message="second", ref=2)
        refusal = await player.hears("error")
        assert refusal["code"] == "rate_limited"
        assert 0 < refusal["retry_after"] <= 60

        await other.get_by_label("Seconds").fill("0")
        await other.get_by_role("button", name="Set").click()
        await player.hears("limits", lambda message: message["limits"]["chat_burst"] > 1)
        await player.send(type="chat", nickname="Zoë", message="second", ref=3)
        await player.hears("ack")
        await expect(dashboard.locator("#slow-now")).to_have_text("off")


async def test_a_player_whose_page_waits_in_slow_mode_is_heard_when_it_ends(dashboard: Page, open_page: OpenPage) -> None:
    demo = await open_page()
    await go_to(dashboard, "Chat")
    await dashboard.get_by_label("Seconds").fill("600")
    await dashboard.get_by_role("button", name="Set").click()
    await expect(dashboard.locator("#slow-now")).to_have_text("600 s")
    await say(demo, "first")
    await say(demo, "second")
    await expect(demo.locator(".message-text")).to_have_text(["first"])

    await dashboard.get_by_label("Seconds").fill("0")
    await dashboard.get_by_role("button", name="Set").click()

    await expect(demo.locator(".message-text")).to_have_text(["first", "second"])


async def test_a_search_finds_what_is_no_longer_in_memory_and_pages_lead_back(old_chat: None, dashboard: Page) -> None:
    await go_to(dashboard, "Chat")
    await expect(messages(dashboard).first).to_contain_text("hay 1200")
    await dashboard.get_by_role("link", name="Older messages").click()
    await expect(messages(dashboard).first).to_contain_text("hay 1150")
    await dashboard.get_by_role("link", name="Back to live").click()

    await dashboard.get_by_label("Text").fill("NEEDLE")
    await dashboard.get_by_role("button", name="Search").click()

    await expect(messages(dashboard).locator("[data-field=message]")).to_have_text(["a needle"])
    await expect(dashboard.locator("#chat-state")).to_have_text("All 1 that were found, newest first")


async def test_the_searchs_times_are_the_moderators_own(
    old_chat: None, browser: Browser, server_url: str, admin_password: str
) -> None:
    context = await browser.new_context(timezone_id="Asia/Tokyo")
    page = await context.new_page()
    await log_in(page, server_url, admin_password)
    await page.goto(f"{server_url}/admin/chat")
    await page.get_by_label("From").fill("2026-03-02T03:30")
    await page.get_by_role("button", name="Search").click()

    await expect(page).to_have_url(re.compile(r"\?from=2026-03-01T18%3A30$"))
    await expect(page.get_by_label("From")).to_have_value("2026-03-02T03:30")
    await context.close()


async def test_rows_hold_still_under_the_pointer_and_what_is_new_is_counted(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Chat")
    news = dashboard.get_by_role("button", name="new: show")
    async with connected_player(server_url) as player:
        await player.send(type="chat", nickname="Zoë", message="first")
        first = row(dashboard, "first")
        await first.hover()
        place = await first.bounding_box()

        await player.send(type="chat", nickname="Zoë", message="second")
        await expect(news).to_have_text("1 new: show")
        await expect(dashboard.locator("#chat-state")).to_have_text("Held while you are at a message")
        await expect(messages(dashboard)).to_have_count(1)
        assert await first.bounding_box() == place

        await dashboard.get_by_role("heading", name="Chat", level=1).hover()
        await expect(messages(dashboard).locator("[data-field=message]")).to_have_text(["second", "first"])
        await expect(news).to_have_count(0)

        await row(dashboard, "first").get_by_role("link", name="Mute Zoë").focus()
        await player.send(type="chat", nickname="Zoë", message="third")
        await expect(news).to_have_text("1 new: show")
        await news.click()
        await expect(messages(dashboard).first).to_contain_text("third")


async def test_a_paused_chat_waits_and_then_catches_up(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Chat")
    newest = messages(dashboard).first
    async with connected_player(server_url) as player:
        await player.send(type="chat", nickname="Zoë", message="before the pause")
        await expect(newest).to_contain_text("before the pause")
        await dashboard.get_by_role("button", name="Pause").click()

        await player.send(type="chat", nickname="Zoë", message="during the pause")
        await expect(dashboard.get_by_role("button", name="1 new: show")).to_be_visible()
        await expect(dashboard.locator("#chat-state")).to_have_text("Paused")
        await expect(newest).to_contain_text("before the pause")

        await dashboard.get_by_role("button", name="Go on").click()
        await expect(newest).to_contain_text("during the pause")


async def test_a_script_in_a_name_or_message_is_text_live_found_and_on_the_players_page(
    dashboard: Page, open_page: OpenPage, server_url: str
) -> None:
    demo, name = await open_page(), "<script>alert(1)</script>"
    await go_to(dashboard, "Chat")
    async with connected_player(server_url) as player:
        await player.send(type="chat", nickname=name, message=SCRIPT, ref=1)
        await player.hears("ack")
    await expect(demo.locator(".message-text")).to_have_text([SCRIPT])
    await expect(demo.locator(".message-name")).to_have_text([name])
    for path in (None, "/admin/chat", "/admin/chat?text=script"):
        if path:
            await dashboard.goto(f"{server_url}{path}")
        await expect(messages(dashboard).locator("[data-field=message]")).to_have_text([SCRIPT])
        await expect(messages(dashboard).locator("[data-field=nickname]")).to_have_text([name])
        assert await messages(dashboard).locator("script, img").count() == 0
        assert await dashboard.evaluate("window.isTaken") is None
    assert await demo.evaluate("window.isTaken") is None


async def test_a_players_messages_alone_are_shown_as_they_come(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Chat")
    async with connected_player(server_url) as player:
        for name in ("Zoë", "Max"):
            await player.send(type="chat", nickname=name, message=f"{name} was here", ref=1)
            await player.hears("ack")
        await row(dashboard, "Zoë was here").hover()
        await row(dashboard, "Zoë was here").get_by_role("link", name="Only messages of Zoë").click()
        await expect(messages(dashboard).locator("[data-field=nickname]")).to_have_text(["Zoë"])
        await expect(feed_state(dashboard)).to_have_text("live")
        await dashboard.get_by_role("heading", name="Chat", level=1).hover()

        for name in ("Max", "Zoë"):
            await player.send(type="chat", nickname=name, message=f"{name} again")

        said = messages(dashboard).locator("[data-field=message]")
        await expect(said).to_have_text(["Zoë again", "Zoë was here"])


async def test_what_a_shadow_muted_player_says_is_marked_and_on_no_other_page(
    dashboard: Page, open_page: OpenPage, server_url: str, api_headers: dict[str, str]
) -> None:
    demo = await open_page()
    await go_to(dashboard, "Chat")
    async with connected_player(server_url) as player, aiohttp.ClientSession(headers=api_headers) as session:
        ban = {"nickname": "Spammer", "kind": "shadow_mute"}
        assert (await session.post(f"{server_url}/api/v1/bans", json=ban)).status == 201
        await player.send(type="chat", nickname="Spammer", message="buy gold", ref=1)
        await player.hears("ack")
        await player.send(type="chat", nickname="Zoë", message="hello")

    await expect(demo.locator(".message-text")).to_have_text(["hello"])
    await expect(row(dashboard, "buy gold").get_by_text("shadow-muted")).to_be_visible()
    await expect(row(dashboard, "hello").get_by_text("shadow-muted")).to_be_hidden()
    await expect(row(dashboard, "buy gold").get_by_role("button", name="Delete")).to_have_count(0)
    await expect(messages(dashboard)).to_have_count(2)


async def test_a_sample_says_of_how_many_it_is(page: Page, server_url: str, admin_password: str) -> None:
    def pass_on(feed: WebSocketRoute) -> None:
        def crowd(text: str | bytes) -> None:
            frame: dict[str, Any] = json.loads(text)
            if frame["chat"]:
                frame["chat_total"] += 199
            feed.send(json.dumps(frame))

        feed.connect_to_server().on_message(crowd)

    await page.route_web_socket(re.compile(r"/admin/feed\?section=chat$"), pass_on)
    await log_in(page, server_url, admin_password)
    await go_to(page, "Chat")
    await page.evaluate(
        """() => {
            window.states = [];
            const state = document.querySelector("#chat-state");
            new MutationObserver(() => window.states.push(state.textContent)).observe(state, { childList: true });
        }"""
    )
    async with connected_player(server_url) as player:
        await player.send(type="chat", nickname="Zoë", message="one of many")
        await expect(row(page, "one of many")).to_be_visible()
    await page.wait_for_function("window.states.includes('1 of 200 a second are shown')")


async def test_more_than_the_view_holds_at_once_is_there_without_motion(
    page: Page, server_url: str, admin_password: str
) -> None:
    def pass_on(feed: WebSocketRoute) -> None:
        def crowd(text: str | bytes) -> None:
            frame: dict[str, Any] = json.loads(text)
            for first in [message for message in frame["chat"] if message["message"] == "many"]:
                frame["chat"] += [first | {"id": f"copy {number}", "seq": first["seq"] + number} for number in range(1, 40)]
            feed.send(json.dumps(frame))

        feed.connect_to_server().on_message(crowd)

    await page.route_web_socket(re.compile(r"/admin/feed\?section=chat$"), pass_on)
    await page.add_init_script(
        "window.moved = 0; const { animate } = Element.prototype;"
        " Element.prototype.animate = function (...steps) { window.moved += 1; return animate.apply(this, steps); };"
    )
    await log_in(page, server_url, admin_password)
    await go_to(page, "Chat")
    async with connected_player(server_url) as player:
        await player.send(type="chat", nickname="Zoë", message="the first")
        await expect(messages(page)).to_have_count(1)
        await player.send(type="chat", nickname="Zoë", message="one")
        await expect(messages(page)).to_have_count(2)
        assert await page.evaluate("moved") == 1, "the first makes room"

        await player.send(type="chat", nickname="Zoë", message="many")
        await expect(messages(page)).to_have_count(42)
        assert await page.evaluate("moved") == 1


async def test_without_javascript_the_chat_is_moderated_all_the_same(
    browser: Browser, server_url: str, admin_password: str
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await log_in(page, server_url, admin_password)
    async with connected_player(server_url) as player:
        await player.send(type="chat", nickname="Zoë", message="foul", ref=1)
        await player.hears("ack")
        await page.get_by_role("link", name="Chat").click()
        await row(page, "foul").hover()
        await row(page, "foul").get_by_role("button", name="Delete the message of Zoë").click()
        await player.hears("chat_deleted")
        await expect(messages(page).locator("[data-field=message]")).to_have_text(["deleted"])

        await page.get_by_label("Announcement to all players").fill("Be kind")
        await page.get_by_role("button", name="Announce").click()
        assert (await player.hears("announcement"))["message"] == "Be kind"

        await page.get_by_label("Seconds").fill("10")
        await page.get_by_role("button", name="Set").click()
        await expect(page.locator("#slow-now")).to_have_text("10 s")
        await player.hears("limits")
    await context.close()
