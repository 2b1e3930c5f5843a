"""The login and the dashboard in a real browser, against a real server, seen from the player's side as well."""

import re

from playwright.async_api import Browser, Page, WebSocketRoute, expect

from tests.browser.dashboard import connected_player, feed_state, go_to, log_in, log_out

ACTIVE_EVENT = "#event-rows .event[data-state=active]"
TRIPLE_SCORE = "score_multiplier \N{MULTIPLICATION SIGN}3"


async def test_the_dashboard_without_a_login_leads_to_the_login(page: Page, server_url: str) -> None:
    await page.goto(f"{server_url}/admin")

    await expect(page).to_have_url(f"{server_url}/admin/login")
    await expect(page.get_by_label("User name")).to_have_value("admin")


async def test_a_wrong_password_is_told_and_the_right_one_opens_the_dashboard(
    page: Page, server_url: str, admin_password: str
) -> None:
    await log_in(page, server_url, f"not {admin_password}")
    await expect(page.get_by_role("alert")).to_contain_text("Wrong password")

    await page.get_by_label("Password").fill(admin_password)
    await page.get_by_role("button", name="Log in").click()

    await expect(page).to_have_url(f"{server_url}/admin")
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()


async def test_caps_lock_is_pointed_out(page: Page, server_url: str) -> None:
    await page.goto(f"{server_url}/admin/login")
    press = "new KeyboardEvent('keydown', { key: 'A', modifierCapsLock: true })"

    await page.get_by_label("Password").evaluate(f"field => field.dispatchEvent({press})")

    await expect(page.locator("#caps-lock")).to_have_text("Caps lock is on.")


async def test_a_player_is_counted_and_listed_while_connected(dashboard: Page, server_url: str) -> None:
    online = dashboard.locator("#health [data-field=online]")
    rows = dashboard.locator("#client-rows tr")
    await expect(online).to_have_text("0")
    await go_to(dashboard, "Clients")
    await expect(dashboard.get_by_text("Nobody is connected.")).to_be_visible()

    async with connected_player(server_url):
        await expect(online).to_have_text("1")
        await expect(rows).to_have_count(1)
        await expect(rows.locator(".address")).to_have_text(re.compile(r"^(127\.0\.0\.1|::1)$"))

    await expect(online).to_have_text("0")
    await expect(rows).to_have_count(0)


async def test_search_shows_only_the_clients_that_match(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Clients")
    async with connected_player(server_url):
        rows = dashboard.locator("#client-rows tr:visible")
        await expect(rows).to_have_count(1)

        await dashboard.get_by_role("searchbox").fill("nobody-is-called-this")
        await expect(rows).to_have_count(0)
        await expect(dashboard.locator("#client-empty")).to_contain_text("nobody-is-called-this")

        await dashboard.get_by_role("searchbox").fill("")
        await expect(rows).to_have_count(1)


async def test_rows_wait_while_somebody_points_at_the_table(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Clients")
    rows = dashboard.locator("#client-rows tr")
    async with connected_player(server_url):
        await expect(rows).to_have_count(1)
        await rows.first.hover()

        async with connected_player(server_url):
            await expect(dashboard.locator("#client-changes")).to_have_text("1 new: show")
            await expect(rows).to_have_count(1)
            await dashboard.locator("#client-changes").click()
            await expect(rows).to_have_count(2)


async def test_chat_appears_as_text_and_a_script_in_it_does_not_run(dashboard: Page, server_url: str) -> None:
    script = "<script>window.isTaken = true</script><img src=x onerror='window.isTaken = true'>"
    await go_to(dashboard, "Chat")
    async with connected_player(server_url) as player:
        await player.send(type="chat", nickname="<b>Zoë</b>", message=script)

        message = dashboard.locator("#chat-log .message").last
        await expect(message.locator("[data-field=message]")).to_have_text(script)
        await expect(message.locator("[data-field=nickname]")).to_have_text("<b>Zoë</b>")
        assert await dashboard.evaluate("window.isTaken") is None


async def test_a_paused_chat_waits_and_then_catches_up(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Chat")
    last = dashboard.locator("#chat-log .message").last
    async with connected_player(server_url) as player:
        await player.send(type="chat", nickname="Zoë", message="before the pause")
        await expect(last).to_contain_text("before the pause")
        await dashboard.get_by_role("button", name="Pause").click()

        await player.send(type="chat", nickname="Zoë", message="during the pause")
        await expect(dashboard.locator("#chat-state")).to_have_text("Paused, 1 message waits")
        await expect(last).to_contain_text("before the pause")

        await dashboard.get_by_role("button", name="Pause").click()
        await expect(last).to_contain_text("during the pause")


async def test_an_event_started_by_the_form_reaches_players_and_ends_after_the_question(
    dashboard: Page, server_url: str
) -> None:
    await go_to(dashboard, "Events")
    event = dashboard.locator(ACTIVE_EVENT)
    async with connected_player(server_url) as player:
        await player.hears("global_events", lambda message: message["events"] == [])

        await dashboard.get_by_label("Value").fill("3")
        await dashboard.get_by_label("Other", exact=True).check()
        await dashboard.get_by_label("Other: how many").fill("45")
        await expect(dashboard.locator("#event-preview")).to_contain_text('"value": "3"')
        await dashboard.get_by_role("button", name="Start now").click()

        started = await player.hears("global_events", lambda message: message["events"] != [])
        assert [(one["type"], one["value"]) for one in started["events"]] == [("score_multiplier", "3")]
        await expect(event).to_contain_text(TRIPLE_SCORE)
        await expect(event.locator("[data-field=countdown]")).to_have_text(re.compile(r"^4[45]:\d\d$"))

        await event.get_by_role("button", name=f"End {TRIPLE_SCORE}").click()
        question = dashboard.get_by_role("dialog", name=f"End {TRIPLE_SCORE} now? 1 player sees it.")
        await expect(question).to_be_visible()
        await dashboard.get_by_role("button", name="Keep it").click()
        await expect(event).to_have_count(1)

        await event.get_by_role("button", name=f"End {TRIPLE_SCORE}").click()
        await dashboard.get_by_role("button", name="End it").click()

        await player.hears("global_events", lambda message: message["events"] == [])
        await expect(event).to_have_count(0)


async def test_without_javascript_an_event_is_started_and_ended(browser: Browser, server_url: str, admin_password: str) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await log_in(page, server_url, admin_password)

    await page.get_by_role("link", name="Events").click()
    await page.get_by_label("24 hours").check()
    await page.get_by_role("button", name="Start now").click()
    await expect(page.locator(ACTIVE_EVENT)).to_contain_text("score_multiplier")

    await page.get_by_role("button", name="End score_multiplier").click()
    await expect(page.locator(ACTIVE_EVENT)).to_have_count(0)
    await context.close()


async def test_a_cut_feed_is_told_and_comes_back_by_itself(page: Page, server_url: str, admin_password: str) -> None:
    feeds: list[WebSocketRoute] = []

    def pass_on(feed: WebSocketRoute) -> None:
        feed.connect_to_server()
        feeds.append(feed)

    await page.route_web_socket(re.compile(r"/admin/feed\?section=overview$"), pass_on)
    await log_in(page, server_url, admin_password)
    await expect(feed_state(page)).to_have_text("live")

    await feeds[0].close(code=1001)

    await expect(feed_state(page)).to_have_text("reconnecting")
    await expect(page.locator("#verdict")).to_contain_text("No news from the server")
    await expect(feed_state(page)).to_have_text("live")
    await expect(page.locator("#verdict")).to_contain_text("All is well")
    assert len(feeds) == 2


async def test_nothing_is_wider_than_the_window(dashboard: Page, server_url: str) -> None:
    links = await dashboard.get_by_role("navigation").get_by_role("link").all()
    for path in [await link.get_attribute("href") for link in links]:
        await dashboard.goto(f"{server_url}{path}")
        for width in (360, 400, 700, 1000, 1600):
            await dashboard.set_viewport_size({"width": width, "height": 800})

            assert await dashboard.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        assert await dashboard.locator("nav [aria-current=page]").get_attribute("href") == path


async def test_a_login_that_ended_elsewhere_leads_to_the_login(dashboard: Page, server_url: str) -> None:
    other = await dashboard.context.new_page()
    await other.goto(f"{server_url}/admin")

    await log_out(other)

    await expect(dashboard).to_have_url(f"{server_url}/admin/login")


async def test_after_logging_out_the_dashboard_is_closed(dashboard: Page, server_url: str) -> None:
    await log_out(dashboard)
    await expect(dashboard).to_have_url(f"{server_url}/admin/login")

    await dashboard.goto(f"{server_url}/admin")

    await expect(dashboard).to_have_url(f"{server_url}/admin/login")
