"""Players in a real browser: the live leaderboard, the search, a player's page, and what other players see of corrections."""

from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.browser.dashboard import Player, agree, connected_player, feed_state, go_to, log_in
from tests.conftest import Sql

SCRIPT = "<script>isTaken=true</script>"
RIGHT_TO_LEFT = "נורה הגדולה"
LONG = "l" * 64 + "@" + "d" * 185 + ".com"
STRANGE = "a/b?c#d%25+e&f@example.com"


async def plays(player: Player, email: str, score: int, nickname: str, survival_time: int = 30) -> None:
    await player.send(type="score_update", email=email, score=score, survival_time=survival_time, nickname=nickname, ref=score)
    await player.hears("ack", lambda ack: ack["ref"] == score)


async def watches(player: Player) -> None:
    await player.send(type="get_leaderboard", watch=True)
    await player.hears("leaderboard")


def is_topped_by(name: str, score: int) -> Any:
    def fits(message: dict[str, Any]) -> bool:
        return bool(message["entries"]) and (message["entries"][0]["nickname"], message["entries"][0]["score"]) == (name, score)

    return fits


async def open_player(page: Page, name: str) -> None:
    await page.locator("#player-rows").get_by_role("link", name=name).click()
    await expect(page.locator("#player-title")).to_be_visible()
    await expect(feed_state(page)).to_have_text("live")


async def test_a_corrected_score_is_what_another_player_watches_and_a_reset_player_leaves_the_top(
    dashboard: Page, server_url: str
) -> None:
    async with connected_player(server_url) as zoe, connected_player(server_url) as other:
        await plays(zoe, "zoe@example.com", 900, "Zoë")
        await plays(other, "bo@example.com", 500, "Bo")
        await watches(other)
        await go_to(dashboard, "Players")
        await open_player(dashboard, "Zoë")
        await expect(dashboard.locator("#player-score")).to_have_text("900")

        await dashboard.get_by_label("Score", exact=True).fill("501")
        await dashboard.get_by_role("button", name="Correct the score", exact=True).click()
        await agree(dashboard)
        await expect(dashboard.locator(".notice")).to_contain_text("The score of Zoë is 501 now; it was 900.")
        await other.hears("leaderboard", is_topped_by("Zoë", 501))

        await dashboard.get_by_label("Nickname", exact=True).fill("Zoe")
        await dashboard.get_by_role("button", name="Change the nickname", exact=True).click()
        await agree(dashboard)
        await other.hears("leaderboard", is_topped_by("Zoe", 501))

        await dashboard.get_by_role("button", name="Reset the score", exact=True).click()
        await agree(dashboard)
        board = await other.hears("leaderboard", is_topped_by("Bo", 500))
        assert len(board["entries"]) == 1
        await expect(dashboard.locator(".player-figures")).to_contain_text("None yet")

        await zoe.send(type="get_leaderboard", limit=1)
        await plays(zoe, "zoe@example.com", 20, "Zoë")
        await dashboard.get_by_role("link", name="Players", exact=True).last.click()
        await expect(dashboard.locator("#player-rows tr").nth(1)).to_contain_text("Zoë")
        await open_player(dashboard, "Bo")
        await dashboard.get_by_role("button", name="Forget the player", exact=True).click()
        await agree(dashboard)
        await expect(dashboard.locator(".notice")).to_contain_text("The player is forgotten")
        await other.hears("leaderboard", is_topped_by("Zoë", 20))


async def test_from_a_players_page_they_are_banned_let_in_again_and_kicked(dashboard: Page, server_url: str) -> None:
    async with connected_player(server_url) as zoe:
        await plays(zoe, "a/b?c+d@example.com", 900, "Zoë")
        await zoe.send(type="chat", nickname="Zoë", message="hi", ref="hi")
        await zoe.hears("ack")
        await go_to(dashboard, "Players")
        await open_player(dashboard, "Zoë")
        marks = dashboard.locator(".player-marks")
        await expect(marks).to_contain_text("online")

        await dashboard.get_by_role("link", name="Mute…", exact=True).click()
        await expect(dashboard.get_by_label("E-mail")).to_have_value("a/b?c+d@example.com")
        await dashboard.get_by_label("Nickname").fill("Zoë")
        await dashboard.get_by_label("For how long").select_option("3600")
        await dashboard.get_by_role("button", name="Put in force").click()
        await agree(dashboard)
        await expect(dashboard.locator("#player-title")).to_have_text("Zoë")
        await expect(marks).to_contain_text("mute")
        await zoe.send(type="chat", nickname="Zoë", message="during", ref="during")
        assert (await zoe.hears("error"))["code"] == "muted"

        await dashboard.get_by_role("button", name="Lift the mute of Zoë").click()
        await expect(dashboard.locator("#player-title")).to_have_text("Zoë")
        await expect(marks).not_to_contain_text("mute")
        await zoe.send(type="chat", nickname="Zoë", message="after", ref="after")
        await zoe.hears("ack", lambda ack: ack["ref"] == "after")

        await dashboard.get_by_role("button", name="Kick Zoë at 127.0.0.1").click()
        await agree(dashboard)
        assert await zoe.closed() == 4502
        await expect(dashboard.get_by_text("Not connected now.")).to_be_visible()
        await expect(dashboard.locator("#player-title")).to_have_text("Zoë")


async def test_the_leaderboard_is_live_and_keeps_its_order_under_the_pointer(dashboard: Page, server_url: str) -> None:
    async with connected_player(server_url) as player:
        await go_to(dashboard, "Players")
        rows = dashboard.locator("#player-rows tr")
        await expect(dashboard.locator("#player-empty")).to_be_visible()
        await plays(player, "a@example.com", 10, "A")
        await plays(player, "b@example.com", 5, "B")
        await expect(rows).to_have_count(2)

        await rows.first.hover()
        await plays(player, "b@example.com", 20, "B")
        await expect(rows.nth(1)).to_contain_text("20")
        await expect(rows.first).to_contain_text("a@example.com")
        await dashboard.get_by_role("button", name="The order has changed: show").click()
        await expect(rows.first).to_contain_text("b@example.com")


async def test_names_and_addresses_are_text_and_links_lead_to_their_player(dashboard: Page, server_url: str, sql: Sql) -> None:
    players = {STRANGE: SCRIPT, LONG: "W" * 32, "nora@example.com": RIGHT_TO_LEFT}
    async with connected_player(server_url) as player:
        for score, (email, nickname) in enumerate(players.items(), start=1):
            await plays(player, email, score, nickname)
    for email, nickname in players.items():
        await go_to(dashboard, "Players")
        await dashboard.locator("#player-rows").get_by_text(nickname, exact=True).click()
        await expect(dashboard.locator("#player-title")).to_have_text(nickname)
        await expect(dashboard.locator(".player-email")).to_have_text(email)
        await dashboard.get_by_role("button", name="Correct the score", exact=True).click()
        await agree(dashboard)
        await expect(dashboard.locator(".player-email")).to_have_text(email)
        await expect(dashboard.locator(".notice")).to_contain_text("The score of")
        assert not await dashboard.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not await dashboard.evaluate("window.isTaken")
    assert sql("SELECT count(*) FROM admin_actions WHERE action = 'correct_score'") == [(3,)]


async def test_players_are_searched_by_the_field_and_leafed_through(dashboard: Page, sql: Sql) -> None:
    sql("INSERT INTO players SELECT 'p+' || n || '@example.com', 'Nr ' || n, n, 1 FROM generate_series(1, 60) AS n")
    await go_to(dashboard, "Players")
    field = dashboard.get_by_label("Search all players by e-mail or nickname")
    await field.fill("NR ")
    await field.press("Enter")
    rows = dashboard.locator("tbody tr")
    await expect(rows).to_have_count(50)
    await expect(rows.first).to_contain_text("Nr 60")
    await dashboard.get_by_role("link", name="Next").click()
    await expect(rows).to_have_count(10)
    await expect(rows.last).to_contain_text("Nr 1")
    await field.fill("p+7@")
    await field.press("Enter")
    await expect(rows).to_have_count(1)
    await rows.get_by_role("link").click()
    await expect(dashboard.locator("#player-title")).to_have_text("Nr 7")


async def test_without_javascript_a_score_is_corrected_and_pages_say_what_is_there(
    browser: Browser, server_url: str, admin_password: str
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    async with connected_player(server_url) as player:
        await plays(player, "zoe@example.com", 900, "Zoë")
    await log_in(page, server_url, admin_password)
    await page.get_by_role("link", name="Players").click()
    await page.get_by_role("link", name="Zoë").click()
    await page.get_by_label("Score", exact=True).fill("7")
    await page.get_by_role("button", name="Correct the score").click()
    await expect(page.locator("#player-score")).to_have_text("7")
    await page.get_by_role("link", name="Players", exact=True).last.click()
    await page.get_by_role("link", name="Refused scores").click()
    await expect(page.get_by_text("No score was refused since the server started.")).to_be_visible()
    await context.close()
