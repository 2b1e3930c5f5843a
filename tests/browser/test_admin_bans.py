"""Bans in a real browser: what is asked first, what the player on the other side notices, and what undo does."""

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.dashboard import connected_player, go_to, log_in

SCRIPT = "<script>window.isTaken = true</script><img src=x onerror='window.isTaken = true'>"


async def fill_in(page: Page, **fields: str) -> None:
    form = page.locator("[data-ban-form]")
    for label, value in fields.items():
        field = form.get_by_label(label.replace("_", " "))
        if await field.evaluate("field => field.localName") == "select":
            await field.select_option(value)
        else:
            await field.fill(value)
    await form.get_by_role("button", name="Put in force").click()


async def test_a_mute_is_asked_for_by_name_holds_at_once_and_is_undone(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Bans")
    async with connected_player(server_url) as player:
        await fill_in(dashboard, What="mute", Nickname="Zoë", For_how_long="3600", Reason="Be kind")
        question = dashboard.get_by_role("dialog", name="Mute Zoë for 1 hour? They are told so when they speak.")
        await question.get_by_role("button", name="Cancel").click()
        await player.send(type="chat", nickname="Zoë", message="before", ref=1)
        await player.hears("ack")

        await dashboard.get_by_role("button", name="Put in force").click()
        await question.get_by_role("button", name="Mute").click()
        await expect(dashboard.locator("#ban-rows tr")).to_contain_text("Be kind")
        await player.send(type="chat", nickname="Zoë", message="during", ref=2)
        refusal = await player.hears("error")
        assert (refusal["code"], refusal["ref"]) == ("muted", 2)
        assert "Be kind" in refusal["message"]

        await dashboard.get_by_role("button", name="Undo").click()
        await expect(dashboard.get_by_text("Zoë is no longer muted.")).to_be_visible()
        await player.send(type="chat", nickname="Zoë", message="after", ref=3)
        assert (await player.hears("ack"))["ref"] == 3


async def test_a_ban_of_an_address_ends_its_connection_and_keeps_it_out_until_it_is_lifted(
    dashboard: Page, server_url: str
) -> None:
    await go_to(dashboard, "Bans")
    async with connected_player(server_url) as player:
        await fill_in(dashboard, What="ban", IP_address="127.0.0.1", For_how_long="")
        question = "Ban 127.0.0.1 for ever? They are disconnected now and cannot come back."
        await dashboard.get_by_role("dialog", name=question).get_by_role("button", name="Ban").click()
        assert await player.closed() == 4501
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        async with connected_player(server_url):
            pass

    await dashboard.get_by_role("button", name="Lift: 127.0.0.1").click()
    await expect(dashboard.get_by_text("127.0.0.1 is no longer banned.")).to_be_visible()
    await expect(dashboard.locator("#ban-rows tr")).to_have_count(0)
    async with connected_player(server_url) as player:
        await player.hears("online_count")

    await dashboard.get_by_role("button", name="Undo").click()
    await expect(dashboard.locator("#ban-rows tr")).to_contain_text("for ever")
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        async with connected_player(server_url):
            pass


async def test_a_reason_and_a_name_with_a_script_in_them_are_text(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Bans")
    await fill_in(dashboard, What="mute", Nickname=SCRIPT, Reason=SCRIPT)
    await expect(dashboard.get_by_role("dialog", name=f"Mute {SCRIPT} for 1 hour?")).to_be_visible()
    await dashboard.get_by_role("button", name="Mute", exact=True).click()

    row = dashboard.locator("#ban-rows tr")
    await expect(row.locator("[data-field=whom]")).to_have_text(SCRIPT)
    await expect(row.locator("[data-field=reason]")).to_have_text(SCRIPT)
    await expect(dashboard.locator(".notice")).to_contain_text(SCRIPT)
    await dashboard.reload()
    await expect(row.locator("[data-field=reason]")).to_have_text(SCRIPT)
    assert await dashboard.evaluate("window.isTaken") is None


async def test_undo_is_offered_for_ten_seconds(dashboard: Page, server_url: str) -> None:
    await dashboard.clock.install()
    await go_to(dashboard, "Bans")
    await fill_in(dashboard, What="mute", Nickname="Zoë")
    await dashboard.get_by_role("dialog").get_by_role("button", name="Mute").click()
    await expect(dashboard.get_by_role("button", name="Undo")).to_be_visible()
    await dashboard.clock.run_for(10_000)
    await expect(dashboard.get_by_role("button", name="Undo")).to_have_count(0)


async def test_search_asks_the_server_and_the_address_remembers_it(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Bans")
    rows = dashboard.locator("#ban-rows tr")
    for name in ("Ann", "Bob"):
        await fill_in(dashboard, What="mute", Nickname=name)
        await dashboard.get_by_role("dialog").get_by_role("button", name="Mute").click()
        await expect(rows.filter(has_text=name)).to_have_count(1)

    await dashboard.get_by_role("searchbox").fill("bob")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Bob")
    await dashboard.reload()
    await expect(rows).to_have_count(1)
    await dashboard.get_by_role("searchbox").fill("nobody")
    await expect(dashboard.get_by_text("Nothing in force fits “nobody”.")).to_be_visible()
    await dashboard.get_by_role("searchbox").fill("")
    await expect(rows).to_have_count(2)


async def test_without_javascript_a_ban_is_made_lifted_and_put_back(
    browser: Browser, server_url: str, admin_password: str
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await log_in(page, server_url, admin_password)
    await page.goto(f"{server_url}/admin/bans?kind=ban&nickname=Zo%C3%AB")

    await page.get_by_role("button", name="Put in force").click()
    await expect(page.get_by_text("Zoë is banned for 1 hour.")).to_be_visible()
    await page.get_by_role("button", name="Lift: Zoë").click()
    await expect(page.locator("#ban-rows tr")).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("#ban-rows tr")).to_have_count(1)
    await context.close()
