"""Events and recurring events in a real browser, seen from the players' side as well."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.dashboard import agree, feed_state, go_to, log_in
from tests.conftest import Sql, StartServer
from tests.eventually import PATIENCE
from tilo_ws.web import keys

TIMES = "\N{MULTIPLICATION SIGN}"
SCRIPT = "<script>window.isTaken = true</script><img src=x onerror='window.isTaken = true'>"
NO_ID = "00000000-0000-0000-0000-000000000000"


def active(page: Page) -> Locator:
    return page.locator("#event-rows .event[data-state=active]")


def planned(page: Page) -> Locator:
    return page.locator("#event-rows .event[data-state=planned]")


def message(page: Page) -> Locator:
    return page.locator("#event-preview [data-field=message]")


async def lasts(page: Page, seconds: int) -> None:
    await page.get_by_label("Other", exact=True).check()
    await page.get_by_label("Other: how many").fill(str(seconds))
    await page.get_by_label("Other: unit").select_option("seconds")


async def starts_at(page: Page, moment: float) -> None:
    await page.get_by_label("Time zone").select_option("UTC")
    await page.get_by_label("At a time").check()
    await page.get_by_label("Starts at").fill(f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S}")


async def hears(socket: aiohttp.ClientWebSocketResponse, text: str) -> str:
    """The next message that holds this text, as it came over the wire."""
    async with asyncio.timeout(PATIENCE):
        while text not in (received := await socket.receive_str()):
            pass
    return received


@asynccontextmanager
async def player(server_url: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{server_url}/ws") as socket:
        yield socket


async def expect_bonus(demo: Page, factor: str | None) -> None:
    await expect(demo.locator("#bonus")).to_have_attribute("data-active", "false" if factor is None else "true")
    if factor is not None:
        await expect(demo.locator("#bonus-title")).to_have_text(f"{TIMES}{factor} on every shard")


async def test_an_event_of_the_form_appears_on_the_demo_and_ends_in_time(dashboard: Page, open_page: OpenPage) -> None:
    demo = await open_page()
    await go_to(dashboard, "Events")
    await dashboard.get_by_label("Value").fill("3")
    await lasts(dashboard, 6)

    await dashboard.get_by_role("button", name="Start now").click()

    await expect(dashboard.get_by_role("status").get_by_text("score_multiplier 3 has started.")).to_be_visible()
    await expect(active(dashboard)).to_contain_text(f"score_multiplier {TIMES}3")
    await expect(active(dashboard).locator("[data-field=countdown]")).to_have_text(re.compile(r"^00:0[0-7]$"))
    await expect_bonus(demo, "3")
    await expect_bonus(demo, None)
    await expect(active(dashboard)).to_have_count(0)
    await expect(dashboard.locator("#past-events li")).to_contain_text(["ran 6 s"])


async def test_an_event_that_is_ended_early_leaves_the_demo(dashboard: Page, open_page: OpenPage) -> None:
    demo = await open_page()
    await go_to(dashboard, "Events")
    await dashboard.get_by_role("button", name="Start now").click()
    await expect_bonus(demo, "2")
    end = active(dashboard).locator("form")
    await expect(end).to_have_attribute("data-confirm", f"End score_multiplier {TIMES}2 now? 1 player sees it.")

    await end.get_by_role("button", name=f"End score_multiplier {TIMES}2").click()
    await agree(dashboard)

    await expect_bonus(demo, None)
    await expect(active(dashboard)).to_have_count(0)
    await expect(dashboard.locator("#past-events li")).to_have_count(1)


async def test_a_planned_event_starts_by_itself(dashboard: Page, open_page: OpenPage) -> None:
    demo = await open_page()
    await go_to(dashboard, "Events")
    await starts_at(dashboard, time.time() + 6)

    await dashboard.get_by_role("button", name="Plan it").click()

    await expect(planned(dashboard)).to_contain_text("starts")
    await expect_bonus(demo, None)
    await expect_bonus(demo, "2")
    await expect(active(dashboard)).to_have_count(1)
    await expect(planned(dashboard)).to_have_count(0)


async def test_the_preview_is_byte_for_byte_what_a_player_receives(
    dashboard: Page, server_url: str, open_page: OpenPage
) -> None:
    demo = await open_page()
    await go_to(dashboard, "Events")
    async with player(server_url) as socket:
        await dashboard.get_by_label("Value").fill(SCRIPT)
        await starts_at(dashboard, time.time() + 6)
        await expect(message(dashboard)).to_contain_text(SCRIPT)
        await dashboard.get_by_label("1 hour", exact=True).check()
        shown = await settled(dashboard)
        await dashboard.get_by_role("button", name="Plan it").click()

        received = await hears(socket, "isTaken")

        id = re.findall(r'"id":"([^"]+)"', received)[-1]
        assert received == shown.replace(NO_ID, id)
        await expect(active(dashboard).locator("[data-field=title]")).to_have_text(f"score_multiplier {TIMES}{SCRIPT}")
        await active(dashboard).get_by_role("link", name="Change").click()
        await expect(dashboard.get_by_label("Value")).to_have_value(SCRIPT)
        await dashboard.get_by_label("Value").fill("7")
        await expect(message(dashboard)).to_contain_text('"value":"7"')
        shown = (await message(dashboard).text_content()) or ""
        await dashboard.get_by_role("button", name="Save changes").click()

        assert await hears(socket, '"value":"7"') == shown, "here the id is known before"
        await expect_bonus(demo, "7")
        for page in (dashboard, demo):
            assert await page.evaluate("window.isTaken") is None


async def settled(page: Page) -> str:
    """The preview of what stands in the form now."""
    async with page.expect_response("**/admin/events/preview") as answer:
        await page.locator("#event-form").dispatch_event("input")
    shown: str = (await (await answer.value).json())["message"]
    await expect(message(page)).to_have_text(shown)
    return shown


async def test_a_link_fills_the_form_in_the_browsers_own_time_zone(
    browser: Browser, server_url: str, admin_password: str
) -> None:
    context = await browser.new_context(timezone_id="America/New_York")
    page = await context.new_page()
    await log_in(page, server_url, admin_password)
    await go_to(page, "Events")
    await expect(page.get_by_label("Time zone")).to_have_value("America/New_York")
    await expect(page.locator("#event-preview [data-field=times]")).to_contain_text(re.compile(r"Starts .* E[SD]T .* UTC"))

    await page.get_by_role("link", name="for the weekend").click()

    await expect(page.get_by_label("Time zone")).to_have_value("America/New_York")
    await expect(page.get_by_label("Until a time")).to_be_checked()
    await expect(page.get_by_label("Lasts until")).to_have_value(re.compile("T00:00$"))
    await expect(page.locator("#event-preview [data-field=times]")).to_contain_text(re.compile(r"00:00 E[SD]T .*0[45]:00 UTC"))
    await context.close()


async def test_without_javascript_everything_can_be_done(browser: Browser, server_url: str, admin_password: str) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await log_in(page, server_url, admin_password)
    await page.get_by_role("link", name="Events").click()
    await page.get_by_label("Value").fill(SCRIPT)
    await page.get_by_label("24 hours").check()
    await page.get_by_role("button", name="Preview").click()
    await expect(message(page)).to_contain_text(SCRIPT)
    await expect(page.get_by_label("24 hours")).to_be_checked()

    await page.get_by_role("button", name="Start now").click()
    await expect(active(page)).to_contain_text(f"score_multiplier {TIMES}{SCRIPT}")
    await active(page).get_by_role("link", name="Change").click()
    await page.get_by_label("Value").fill("4")
    await page.get_by_role("button", name="Save changes").click()
    await expect(active(page)).to_contain_text(f"score_multiplier {TIMES}4")
    await page.get_by_role("button", name="End score_multiplier").click()
    await expect(active(page)).to_have_count(0)
    await page.locator("#past-events").get_by_role("link", name="Clone").click()
    await expect(page.get_by_label("Value")).to_have_value("4")

    await page.get_by_role("link", name="Recurring").click()
    await page.get_by_role("button", name="Preview").click()
    await expect(page.locator("#event-preview [data-field=times] li")).to_have_count(3)
    await page.get_by_label("Name").fill("Friday double")
    await page.get_by_role("button", name="Save").click()
    for name, state in (("Disable", "disabled"), ("Enable", "enabled")):
        await page.get_by_role("button", name=f"{name} Friday double").click()
        await expect(page.locator(".recurring .badge")).to_have_text(state)
    await page.get_by_role("button", name="Remove Friday double").click()
    await expect(page.get_by_text("No event comes by itself.")).to_be_visible()
    await context.close()


async def test_a_recurring_event_makes_its_occurrence_on_the_demo(
    browser: Browser, start_server: StartServer, sql: Sql, admin_password: str
) -> None:
    client = await start_server(demo=True)
    assert client.app is not None
    server_url = str(client.make_url("/")).rstrip("/")
    context = await browser.new_context()
    page, demo = await context.new_page(), await context.new_page()
    await demo.goto(server_url)
    await log_in(page, server_url, admin_password)
    await page.goto(f"{server_url}/admin/events/recurring")
    await page.get_by_label("Name").fill("Always")
    await page.get_by_label("Value").fill("9")
    await page.get_by_label("Lasts: how many").fill("60")
    await page.get_by_label("Lasts: unit").select_option("seconds")
    await page.get_by_label("Comes at").fill("* * * * *")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".recurring .event")).to_contain_text(f"score_multiplier {TIMES}9 for 1 minute")

    # As if it had been there before this minute began, and the server had not.
    sql("UPDATE recurring_events SET due_after = due_after - interval '1 minute'")
    await client.app[keys.RECURRING_EVENTS].load()

    await expect_bonus(demo, "9")
    await page.goto(f"{server_url}/admin/events")
    await expect(active(page)).to_contain_text(f"score_multiplier {TIMES}9")
    await context.close()


async def test_the_recurring_form_answers_while_somebody_types(dashboard: Page) -> None:
    await go_to(dashboard, "Events")
    await dashboard.get_by_role("link", name="Recurring").click()
    await dashboard.get_by_label("Time zone").select_option("Europe/Berlin")
    preview = dashboard.locator("#event-preview")

    await dashboard.get_by_label("Comes at").fill("30 2 * * *")
    await expect(preview).to_contain_text("At 02:30 every day, Europe/Berlin")
    await expect(preview.locator("[data-field=times] li")).to_have_count(3)
    await expect(preview.locator("[data-field=notes]")).to_contain_text("clocks go from 02:00 to 03:00")

    await dashboard.get_by_label("Comes at").fill("30 25 * * *")
    await expect(preview.get_by_role("status")).to_contain_text("cron: bad hour")
    await expect(preview.locator("[data-field=times] li")).to_have_count(0)

    await dashboard.get_by_label("Comes at").fill("*/30 * * * *")
    await expect(preview.get_by_role("status")).to_contain_text("duration: the one of")


async def test_a_time_zone_that_is_chosen_while_the_page_loads_stays(dashboard: Page, server_url: str) -> None:
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await dashboard.route("**/admin-event-form.js", hold)
    await dashboard.goto(f"{server_url}/admin/events/recurring", wait_until="commit")
    await dashboard.get_by_label("Time zone").select_option("Asia/Tokyo")
    held.set()
    await expect(feed_state(dashboard)).to_have_text("live")
    await expect(dashboard.locator("#event-preview")).to_contain_text("Asia/Tokyo")
    await expect(dashboard.get_by_label("Time zone")).to_have_value("Asia/Tokyo")


async def test_a_second_look_at_recurring_events_changes_one(dashboard: Page) -> None:
    await go_to(dashboard, "Events")
    await dashboard.get_by_role("link", name="Recurring").click()
    await dashboard.get_by_label("Name").fill(SCRIPT[:64])
    await dashboard.get_by_role("button", name="Save").click()
    await expect(dashboard.locator(".recurring strong")).to_have_text(SCRIPT[:64])

    await dashboard.get_by_role("link", name="Change").click()
    await dashboard.get_by_label("Value").fill("8")
    await dashboard.get_by_role("button", name="Save changes").click()

    await expect(dashboard.locator(".recurring .event")).to_contain_text(f"score_multiplier {TIMES}8 for 1 hour")
    assert await dashboard.evaluate("window.isTaken") is None


async def test_the_recurring_page_is_not_wider_than_the_window(dashboard: Page, server_url: str) -> None:
    await dashboard.goto(f"{server_url}/admin/events/recurring")
    await dashboard.get_by_label("Name").fill("W" * 64)
    await dashboard.get_by_label("Value").fill("M" * 200)
    await dashboard.get_by_label("Comes at").fill("0,1,2,3,4,5,6,7,8,9,10 0,1,2,3,4,5,6,7 1,2,3,4,5,6,7 * *")
    await dashboard.get_by_label("Lasts: unit").select_option("seconds")
    await dashboard.get_by_role("button", name="Save").click()
    await expect(dashboard.locator(".recurring .event")).to_have_count(1)
    await expect(feed_state(dashboard)).to_have_text("live")
    for width in (360, 400, 700, 1000, 1600):
        await dashboard.set_viewport_size({"width": width, "height": 800})
        assert await dashboard.evaluate("document.documentElement.scrollWidth") <= width, width
