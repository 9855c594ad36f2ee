"""What stands around a text: contents, footnotes, films, copying; with scripts and without."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.magazine import furnish
from tests.e2e.watch import Watch

without_scripts = pytest.mark.browser_context_args(java_script_enabled=False)
POST = "/posts/on-reading/"
FILM = "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1"


@pytest.fixture
def post(page: Page) -> Page:
    furnish()
    page.goto(POST)
    return page


def test_contents_mark_the_section_that_is_read(post: Page):
    current = post.locator(".toc-margin [aria-current=location]")

    post.locator("#s-second-things").evaluate("it => it.scrollIntoView()")
    expect(current).to_have_text("Second things")

    post.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(current).to_have_text("Last things")

    post.evaluate("scrollTo(0, 0)")
    expect(current).to_have_count(0)


def test_footnote_opens_where_it_is_mentioned_and_closes_again(post: Page):
    mention = post.locator("[role=doc-noteref]")
    note = post.get_by_role("note", name="Footnote 1")
    expect(mention).to_have_attribute("aria-expanded", "false")

    mention.click()
    expect(note).to_have_text("The footnote.")
    expect(mention).to_have_attribute("aria-expanded", "true")
    expect(post).to_have_url(POST)
    assert post.evaluate("document.querySelectorAll('#s-fn-1').length") == 1

    mention.click()
    expect(note).to_be_hidden()
    expect(mention).to_have_attribute("aria-expanded", "false")

    mention.click()
    post.get_by_role("heading", level=1).click()
    expect(note).to_be_hidden()


def test_footnote_is_opened_and_left_by_keyboard(post: Page):
    mention = post.locator("[role=doc-noteref]")
    note = post.get_by_role("note", name="Footnote 1")

    mention.focus()
    post.keyboard.press("Enter")
    expect(note).to_be_focused()

    post.keyboard.press("Escape")
    expect(note).to_be_hidden()
    expect(mention).to_be_focused()
    expect(mention).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize("width", [390, 1280])
def test_open_footnote_lies_inside_the_page(post: Page, width: int):
    post.set_viewport_size({"width": width, "height": 700})

    post.locator("[role=doc-noteref]").click()

    box = post.get_by_role("note", name="Footnote 1").bounding_box() or {}
    assert min(box["x"], box["y"]) >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= 700


@without_scripts
def test_footnote_leads_there_and_back_without_scripts(post: Page):
    post.locator("[role=doc-noteref]").click()
    expect(post).to_have_url(f"{POST}#s-fn-1")

    post.locator("[role=doc-backlink]").click()
    expect(post).to_have_url(f"{POST}#s-fnref-1")


def test_film_is_asked_for_once_it_is_pressed(post: Page, watch: Watch):
    post.route("https://www.youtube-nocookie.com/**", lambda route: route.fulfill(body="A film"))
    expect(post.get_by_text("Plays here, from youtube-nocookie.com")).to_be_visible()
    assert watch.seen == []

    post.get_by_role("link", name="A film about the tide").click()

    frame = post.frame_locator("iframe[title='A film about the tide']")
    expect(frame.get_by_text("A film")).to_be_visible()
    expect(post).to_have_url(POST)
    asked, watch.seen = watch.seen, []
    assert asked == [f"request: {FILM}"]


@without_scripts
def test_film_is_a_plain_link_without_scripts(post: Page):
    link = post.get_by_role("link", name="A film about the tide")

    expect(link).to_have_attribute("href", "https://youtu.be/dQw4w9WgXcQ")
    expect(post.get_by_text("Plays here")).to_have_count(0)


def test_code_and_address_are_copied(post: Page):
    post.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copied = "navigator.clipboard.readText()"

    post.get_by_role("button", name="Copy", exact=True).click()
    expect(post.get_by_role("button", name="Copied")).to_be_visible()
    assert post.evaluate(copied).startswith("def a_function_with_a_rather_long_name(")

    post.get_by_role("button", name="Copy link").click()
    expect(post.get_by_role("button", name="Copied")).to_have_count(2)
    assert post.evaluate(copied).endswith(POST)


@without_scripts
def test_nothing_that_needs_a_script_shows_without(post: Page):
    buttons = post.get_by_role("article").get_by_role("button")

    expect(buttons).to_have_count(0)
    expect(post.get_by_role("link", name="Send by mail")).to_be_visible()
