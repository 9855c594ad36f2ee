"""An author writes a post in the newsroom, and readers find it."""

from playwright.sync_api import Page, expect

from tests.blog.pictures import picture
from tests.e2e.magazine import furnish, member
from tests.e2e.people import sign_in

BODY = "Some *slow* words.\n\n## A heading\n\n```python\nprint(1)\n```\n"


def test_author_publishes_a_post_with_a_cover(newsroom: Page, page: Page):
    furnish()
    cover = {"name": "me.png", "mimeType": "image/png", "buffer": picture(800, 500)}

    sign_in(newsroom, *member("Author", display_name="Cleo Ink"))
    newsroom.get_by_role("link", name="Write a post").click()
    newsroom.get_by_label("Title:", exact=True).fill("How ink dries")
    newsroom.get_by_label("Summary").fill("Slowly.")
    newsroom.get_by_label("Body").fill(BODY)
    newsroom.get_by_role("group", name="Cover:").locator("input").set_input_files(cover)
    newsroom.get_by_label("Cover description").fill("A drop of ink.")
    newsroom.get_by_label("Slow Work").check()
    newsroom.get_by_label("Published").check()
    newsroom.get_by_role("button", name="Save", exact=True).click()
    expect(newsroom.get_by_text("was added successfully")).to_be_visible()

    page.goto("/")
    page.get_by_role("link", name="How ink dries").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How ink dries")
    article = page.get_by_role("article")
    expect(article).to_contain_text("Some slow words.")
    expect(article.get_by_role("emphasis")).to_have_text("slow")
    expect(article.get_by_role("link", name="Cleo Ink").first).to_be_visible()
    expect(page.get_by_text("Categories:")).to_have_text("Categories: Slow Work")
    page.get_by_role("img", name="A drop of ink.").evaluate("image => image.decode()")


def test_draft_is_seen_by_nobody_else(newsroom: Page, page: Page):
    furnish()

    sign_in(newsroom, *member("Author"))
    newsroom.get_by_role("link", name="Write a post").click()
    newsroom.get_by_label("Title:", exact=True).fill("How ink dries")
    newsroom.get_by_role("button", name="Save", exact=True).click()
    expect(newsroom.get_by_text("was added successfully")).to_be_visible()

    assert page.goto("/posts/how-ink-dries/").status == 404
    page.goto("/")
    expect(page.get_by_role("link", name="How ink dries")).to_have_count(0)
    expect(page.get_by_role("link", name="On reading")).to_have_count(1)
