"""A reader goes through the site, with a mouse, with a keyboard, and with scripts switched off."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.magazine import furnish

without_scripts = pytest.mark.browser_context_args(java_script_enabled=False)

# The colour scheme at the moment that there is something to paint.
NOTE_FIRST_SCHEME = """
new MutationObserver((_, observer) => {
  if (!document.body) return;
  window.firstScheme = getComputedStyle(document.documentElement).colorScheme;
  observer.disconnect();
}).observe(document, {childList: true, subtree: true});
"""

FOCUSED = """() => {
  const element = document.activeElement, box = element.getBoundingClientRect();
  const style = getComputedStyle(element), ring = parseFloat(style.outlineWidth);
  return {
    name: element.innerText || element.getAttribute("aria-label") || element.name,
    isSeen: box.width > 1 && box.height > 1 && style.outlineStyle !== "none" && ring >= 2,
  };
}"""


@pytest.mark.parametrize("scripts", ["on", pytest.param("off", marks=without_scripts)])
def test_reader_finds_the_way_by_links(page: Page, scripts: str):
    furnish()
    heading = page.get_by_role("heading", level=1)
    menu = page.get_by_role("navigation", name="Main")

    page.goto("/")
    page.get_by_role("heading", name="On reading").get_by_role("link").click()
    expect(page).to_have_url("/posts/on-reading/")
    expect(heading).to_have_text("On reading")

    page.get_by_text("Categories:").get_by_role("link", name="Slow Work").click()
    expect(page).to_have_url("/categories/slow-work/")
    expect(heading).to_have_text("Slow Work")

    page.get_by_role("article").get_by_role("link", name="Ada Penn").click()
    expect(page).to_have_url("/authors/ada-penn/")
    expect(heading).to_have_text("Ada Penn")

    menu.get_by_role("link", name="Archive").click()
    page.get_by_role("navigation", name="Years").get_by_role("link", name="2026").click()
    page.get_by_role("navigation", name="Months").get_by_role("link", name="May").click()
    expect(page).to_have_url("/archive/2026/5/")
    expect(heading).to_have_text("May 2026")


def test_reader_turns_the_page_and_back(page: Page):
    furnish()
    titles = page.get_by_role("article").get_by_role("heading")

    page.goto("/")
    expect(titles).to_have_count(11)
    page.get_by_role("link", name="Older posts").click()

    expect(page).to_have_url("/?page=2")
    expect(titles).to_have_text([f"Note {n}" for n in range(5, 12)])

    page.get_by_role("link", name="Newer posts").click()

    expect(page).to_have_url("/")


def test_missing_page_leads_back(page: Page):
    furnish()

    response = page.goto("/posts/never-written/")

    assert response.status == 404
    page.get_by_role("main").get_by_role("link").first.click()
    expect(page).to_have_url("/")


def test_no_link_is_dead(page: Page):
    furnish()
    answers, waiting = {}, ["/"]

    while waiting:
        path = waiting.pop()
        answers[path] = page.goto(path).status
        found = page.eval_on_selector_all("a", "links => links.map(link => link.href)")
        here = {link.split("#")[0].removeprefix(_origin(page)) for link in found}
        waiting += sorted(
            link
            for link in here
            if link.startswith("/") and "feed" not in link and link not in {*answers, *waiting}
        )

    assert {path: status for path, status in answers.items() if status != 200} == {}
    assert {"/posts/on-reading/", "/?page=2", "/terms/2/", "/privacy/"} <= set(answers)


def test_keyboard_skips_to_the_text(page: Page):
    furnish()
    page.goto("/posts/on-reading/")

    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the text")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_keyboard_focus_is_always_seen(page: Page, scheme: str):
    furnish()
    page.emulate_media(color_scheme=scheme)
    page.goto("/posts/on-reading/")

    stops = []
    while not stops or page.evaluate("document.activeElement !== document.body"):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED))
    stops.pop()  # the body again

    assert [stop["name"] for stop in stops if not stop["isSeen"]] == []
    names = [stop["name"] for stop in stops]
    assert names[:3] == ["Skip to the text", "The Example", "Categories"]
    assert {"email", "agreed_to_terms", "Sign up"} <= set(names)
    assert "website" not in names


def test_colours_follow_the_system_until_a_reader_chooses(context: BrowserContext, page: Page):
    furnish()
    page.add_init_script(NOTE_FIRST_SCHEME)
    scheme = "window.firstScheme"
    switch = page.get_by_role("button", name="Switch between light and dark")

    page.emulate_media(color_scheme="dark")
    page.goto("/")
    paper_of_system = _paper(page)
    switch.click()
    chosen = _paper(page)
    page.goto("/posts/on-reading/")

    assert page.evaluate(scheme) == "light"
    assert _paper(page) == chosen != paper_of_system
    assert context.cookies() == []

    switch.click()
    page.reload()

    assert page.evaluate(scheme) == "light dark"
    assert _paper(page) == paper_of_system


@without_scripts
def test_colours_have_no_switch_without_scripts(page: Page):
    furnish()

    page.goto("/")

    expect(page.get_by_role("navigation", name="Main").get_by_role("link")).to_have_count(3)
    expect(page.locator(".theme")).to_be_hidden()


def _paper(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def _origin(page: Page) -> str:
    return page.evaluate("location.origin")
