"""The list of clients in a real browser: what is done there, and what the player on the other side notices."""

import aiohttp
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.dashboard import Player, connected_player, go_to, log_in

IP = "203.0.113.7"
SCRIPT = "<script>isTaken = 1</script>"
IMAGE = "<img src=x onerror=isTaken=1>"


async def speaks(player: Player, nickname: str = "Zoë") -> None:
    await player.send(type="chat", nickname=nickname, message="hi", ref="said")
    await player.hears("ack")


async def begin(page: Page, act: str, name: str = "Zoë") -> Locator:
    """Opens what is done about a player from the row; returns the dialog."""
    await page.locator("#client-rows tr", has_text=name).hover()
    await page.get_by_role("link", name=f"{act} {name}", exact=True).click()
    dialog = page.locator("#client-dialog")
    await expect(dialog.get_by_role("heading", name=name)).to_be_visible()
    return dialog


async def agree(page: Page, question: str, word: str) -> None:
    asked = page.get_by_role("dialog", name=question)
    await asked.get_by_role("button", name=word, exact=True).click()


async def test_a_muted_player_is_refused_and_may_speak_again_after_undo(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Clients")
    async with connected_player(server_url, **{"X-Forwarded-For": IP}) as player:
        await speaks(player)
        dialog = await begin(dashboard, "Mute")
        await dialog.get_by_label("For how long").select_option("600")
        await dialog.get_by_label("Reason (a muted").fill("Be kind")
        await dialog.get_by_role("button", name="Put in force").click()
        await agree(dashboard, f"Mute Zoë ({IP}) for 10 minutes? They are told so when they speak.", "Mute")

        await expect(dashboard.locator("#client-rows [data-field=held]")).to_have_text("muted")
        await player.send(type="chat", nickname="Zoë", message="during", ref=1)
        refusal = await player.hears("error")
        assert refusal["code"] == "muted"
        assert "Be kind" in refusal["message"]

        await dashboard.get_by_role("button", name="Undo").click()
        await expect(dashboard.locator("#client-rows [data-field=held]")).to_be_hidden()
        await speaks(player)


async def test_a_shadow_muted_player_alone_hears_what_they_say(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Clients")
    async with connected_player(server_url, **{"X-Forwarded-For": IP}) as player, connected_player(server_url) as other:
        await speaks(player)
        dialog = await begin(dashboard, "Mute")
        await dialog.get_by_label("What").select_option("shadow_mute")
        await dialog.get_by_role("button", name="Put in force").click()
        await agree(dashboard, f"Shadow-mute Zoë ({IP}) for 1 hour? They alone see what they say.", "Shadow-mute")
        await expect(dashboard.locator("#client-rows [data-field=held]:visible")).to_have_text("shadow-muted")

        await player.send(type="chat", nickname="Zoë", message="unheard")
        await player.hears("chat", lambda message: message["message"] == "unheard")
        await other.send(type="chat", nickname="Ann", message="after")
        heard = await other.hears("chat", lambda message: message["message"] != "hi")
        assert heard["message"] == "after"


async def test_a_kicked_player_is_disconnected_after_one_question(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Clients")
    async with connected_player(server_url) as player:
        await speaks(player)
        dialog = await begin(dashboard, "Kick")
        await dialog.get_by_role("button", name="Kick", exact=True).click()
        question = "Kick Zoë? They are disconnected now and come back only by loading the game anew."
        await agree(dashboard, question, "Kick")
        assert await player.closed() == 4502
    await expect(dashboard.get_by_text("Zoë has been disconnected.")).to_be_visible()
    await expect(dashboard.locator("#client-rows tr")).to_have_count(0)


async def test_a_banned_player_is_disconnected_and_cannot_come_back_until_undo(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Clients")
    forwarded = {"X-Forwarded-For": IP}
    async with connected_player(server_url, **forwarded) as player:
        await speaks(player)
        dialog = await begin(dashboard, "Ban")
        await dialog.get_by_role("button", name="Put in force").click()
        await agree(dashboard, f"Ban Zoë ({IP}) for 1 hour? They are disconnected now and cannot come back.", "Ban")
        assert await player.closed() == 4501
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        async with connected_player(server_url, **forwarded):
            pass

    await dashboard.get_by_role("button", name="Undo").click()
    await expect(dashboard.get_by_text(f"{IP} is no longer banned.")).to_be_visible()
    async with connected_player(server_url, **forwarded) as player:
        await speaks(player)


async def test_a_message_reaches_just_that_player(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Clients")
    async with connected_player(server_url) as player, connected_player(server_url) as other:
        await speaks(player)
        dialog = await begin(dashboard, "Message")
        await expect(dialog.get_by_label("Message, which this player alone reads")).to_be_focused()
        await dashboard.keyboard.type("Well played!")
        await dashboard.keyboard.press("Enter")

        await expect(dashboard.get_by_text("Zoë has been told.")).to_be_visible()
        assert (await player.hears("announcement"))["message"] == "Well played!"
        await other.send(type="ping", ref=1)
        heard = await other.hears_one_of("announcement", "pong")
        assert heard["type"] == "pong"


async def test_a_nickname_and_a_user_agent_with_a_script_in_them_are_text(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Clients")
    async with connected_player(server_url, **{"User-Agent": SCRIPT}) as player:
        await speaks(player, IMAGE)
        row = dashboard.locator("#client-rows tr")
        await expect(row.locator("[data-field=nickname]")).to_have_text(IMAGE)
        await expect(row.locator("[data-field=agent]")).to_have_attribute("title", SCRIPT)
        dialog = await begin(dashboard, "Mute", IMAGE)
        await expect(dialog.locator(".client-agent dd")).to_have_text(SCRIPT)
        await dialog.get_by_role("button", name="Put in force").click()
        await agree(dashboard, f"Mute {IMAGE} for 1 hour? They are told so when they speak.", "Mute")
        await expect(dashboard.locator(".notice")).to_contain_text(IMAGE)
        await dashboard.reload()
        await expect(row.locator("[data-field=nickname]")).to_have_text(IMAGE)
        await row.locator("a[data-act=facts]").click()
        await expect(dashboard.locator(".client-held")).to_contain_text("Muted")
    assert await dashboard.evaluate("window.isTaken") is None


async def test_search_and_sort_ask_the_server_and_the_address_remembers_them(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Clients")
    names = dashboard.locator("#client-rows [data-field=nickname]")
    async with (
        connected_player(server_url, **{"X-Forwarded-For": IP}) as zoe,
        connected_player(server_url) as ann,
        connected_player(server_url) as bob,
    ):
        for player, name in ((zoe, "Zoë"), (ann, "Ann"), (bob, "Bob")):
            await speaks(player, name)
        await expect(names).to_have_text(["Bob", "Ann", "Zoë"])
        player_head = dashboard.get_by_role("columnheader", name="Player")
        await player_head.get_by_role("link").click()
        await expect(names).to_have_text(["Ann", "Bob", "Zoë"])
        await expect(player_head).to_have_attribute("aria-sort", "ascending")
        await player_head.get_by_role("link").click()
        await expect(names).to_have_text(["Zoë", "Bob", "Ann"])

        await dashboard.get_by_role("searchbox").fill("B")
        await expect(names).to_have_text(["Bob"])
        await expect(dashboard.get_by_text("1 of 3 found")).to_be_visible()
        await dashboard.get_by_role("searchbox").fill(IP)
        await expect(names).to_have_text(["Zoë"])
        await dashboard.get_by_role("searchbox").fill("")
        await expect(names).to_have_text(["Zoë", "Bob", "Ann"])
        await dashboard.reload()
        await expect(names).to_have_text(["Zoë", "Bob", "Ann"])
        await dashboard.go_back()
        await expect(names).to_have_text(["Ann", "Bob", "Zoë"])


async def test_figures_change_in_place_while_the_order_waits_for_the_pointer(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Clients")
    await dashboard.goto(f"{server_url}/admin/clients?sort=-in")
    names = dashboard.locator("#client-rows [data-field=nickname]")
    async with connected_player(server_url) as ann, connected_player(server_url) as bob:
        await speaks(ann, "Ann")
        await speaks(ann, "Ann")
        await speaks(bob, "Bob")
        await expect(names).to_have_text(["Ann", "Bob"])
        second = dashboard.locator("#client-rows tr").nth(1)
        await second.hover()
        for _ in range(4):
            await speaks(bob, "Bob")
        await expect(second.locator("[data-field=messages_in]")).to_have_text("5")
        await expect(names).to_have_text(["Ann", "Bob"])

        await dashboard.get_by_role("heading", name="Clients").hover()
        await expect(names).to_have_text(["Bob", "Ann"])


async def test_the_round_trip_is_shown(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Clients")
    game = await dashboard.context.new_page()
    await game.goto(server_url)
    await expect(dashboard.locator("#client-rows [data-field=round_trip]")).to_contain_text("ms")
    await game.close()


async def test_without_javascript_a_player_is_muted_and_kicked(browser: Browser, server_url: str, admin_password: str) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await log_in(page, server_url, admin_password)
    async with connected_player(server_url) as player:
        await speaks(player)
        await page.goto(f"{server_url}/admin/clients?q=zo")
        await page.get_by_role("link", name="Zoë", exact=True).click()
        await page.get_by_role("button", name="Put in force").click()
        await expect(page.get_by_text("Zoë is muted for 1 hour.")).to_be_visible()
        await page.get_by_role("link", name="Zoë", exact=True).click()
        await page.get_by_role("button", name="Kick").click()
        assert await player.closed() == 4502
    await context.close()
