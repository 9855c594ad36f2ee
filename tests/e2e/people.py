"""What somebody with a keyboard does, in one line each."""

from playwright.sync_api import Page, expect


def sign_in(page: Page, username: str, password: str) -> None:
    page.goto("/admin/")
    page.get_by_label("Name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    # After a refusal every later step would fail for a reason that is not its own.
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def fill_sign_up(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("I have read and agree").check()


def skip_browser_checks(page: Page) -> None:
    """Let the form be sent as it is, as browsers without `required` do."""
    page.locator("main form").first.evaluate("form => { form.noValidate = true }")


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name).click()
