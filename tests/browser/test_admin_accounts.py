"""Accounts and one-time codes in a real browser."""

import re

import pyotp
from playwright.async_api import Browser, Page, expect

from tests.browser.dashboard import go_to, log_in, log_out


async def make_account(dashboard: Page, name: str, role: str) -> str:
    """By the form on the page Accounts, where the browser is already. Returns the password that is shown once."""
    await dashboard.get_by_label("Name", exact=True).fill(name)
    await dashboard.get_by_label("Role", exact=True).select_option(role)
    await dashboard.get_by_role("button", name="Make it").last.click()
    await expect(dashboard.locator(".notice")).to_contain_text(f"{name} can log in as {role}.")
    return await dashboard.locator(".notice code").inner_text()


async def test_an_account_sets_up_codes_and_logs_in_with_one(dashboard: Page, server_url: str) -> None:
    await go_to(dashboard, "Accounts")
    password = await make_account(dashboard, "zoe", "viewer")
    await log_out(dashboard)
    await log_in(dashboard, server_url, password, "zoe")
    await dashboard.get_by_role("button", name="Account zoe").click()
    await expect(dashboard.locator("#account-menu")).to_contain_text("role: viewer")
    await dashboard.get_by_role("link", name="Your account").click()

    await dashboard.get_by_role("button", name="Set codes up").click()
    await expect(dashboard.locator(".qr-code svg")).to_be_visible()
    secret = (await dashboard.locator("#totp-secret").inner_text()).replace(" ", "")
    await dashboard.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
    await dashboard.locator("#totp-password").fill(password)
    await dashboard.get_by_role("button", name="Turn codes on").click()
    await expect(dashboard.locator(".notice")).to_contain_text("Codes are on")

    await log_out(dashboard)
    await log_in(dashboard, server_url, password, "zoe")
    code = dashboard.get_by_label("Code of your authenticator app")
    await expect(code).to_be_focused()
    await code.fill("000000")
    await dashboard.get_by_role("button", name="Log in").click()
    await expect(dashboard.get_by_role("alert")).to_contain_text("Wrong code. 4 attempts left.")


async def test_a_removed_account_is_sent_away_from_its_open_page(dashboard: Page, browser: Browser, server_url: str) -> None:
    await go_to(dashboard, "Accounts")
    password = await make_account(dashboard, "zoe", "moderator")
    zoe = await (await browser.new_context()).new_page()
    await log_in(zoe, server_url, password, "zoe")
    await expect(zoe.locator("#feed-state")).to_have_text("live")

    await dashboard.get_by_role("button", name="Remove zoe").click()
    question = dashboard.get_by_role("dialog", name=re.compile("^Remove zoe[?]"))
    await question.get_by_role("button", name="Cancel").click()
    await expect(question).to_be_hidden()
    await dashboard.get_by_role("button", name="Remove zoe").click()
    await question.get_by_role("button", name="Remove").click()

    await expect(dashboard.locator(".account[data-name=zoe]")).to_have_count(0)
    await expect(zoe).to_have_url(f"{server_url}/admin/login")
    await zoe.context.close()


async def test_without_javascript_an_account_is_made_changed_and_removed(
    browser: Browser, server_url: str, admin_password: str
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await log_in(page, server_url, admin_password)
    await page.get_by_role("link", name="Accounts").click()
    await make_account(page, "zoe", "viewer")

    await page.get_by_label("Role of zoe", exact=True).select_option("admin")
    await page.get_by_role("button", name="Change the role of zoe").click()
    await expect(page.get_by_label("Role of zoe", exact=True)).to_have_value("admin")

    await page.get_by_role("button", name="Remove zoe").click()
    await page.get_by_role("dialog", name="Remove zoe?").get_by_role("button", name="Remove").click()
    await expect(page.locator(".account[data-name=zoe]")).to_have_count(0)
    await context.close()


async def test_on_a_phone_all_sections_are_reached(dashboard: Page, server_url: str) -> None:
    await dashboard.set_viewport_size({"width": 360, "height": 740})
    link = dashboard.get_by_role("link", name="Accounts")
    await expect(link).to_be_hidden()

    await dashboard.get_by_role("button", name="More").click()
    await link.click()

    await expect(dashboard).to_have_url(f"{server_url}/admin/accounts")


async def test_logging_out_everywhere_closes_the_pages_of_other_browsers(
    dashboard: Page, browser: Browser, server_url: str, admin_password: str
) -> None:
    other = await (await browser.new_context()).new_page()
    await log_in(other, server_url, admin_password)
    await expect(other.locator("#feed-state")).to_have_text("live")

    await dashboard.get_by_role("button", name="Account admin").click()
    await dashboard.get_by_role("button", name="Log out everywhere").click()

    await expect(dashboard).to_have_url(f"{server_url}/admin/login")
    await expect(other).to_have_url(f"{server_url}/admin/login")
    await other.context.close()
