"""What readers find."""

import re

import pytest

from tests.factories import AuthorFactory, CategoryFactory, PostFactory

pytestmark = pytest.mark.django_db


def titles(response):
    """Of the posts that were found, in their order."""
    found = re.findall(r'<h2 dir="auto"><a href="[^"]+">(.+?)</a></h2>', response.text)
    return [re.sub(r"<[^>]+>", "", title) for title in found]


def test_post_is_found_by_title_summary_body_category_and_author():
    from blog.search.finding import find, languages_in_use
    from blog.search.query import parse
    p=PostFactory(
        title="On sourdough",
        summary="A starter at rest.",
        body="Flour and **water**.",
        author=AuthorFactory(display_name="Mara Lind"),
        categories=[CategoryFactory(name="Slow food")],
    )
    PostFactory()

    for word in ["sourdough", "starter", "waters", "slow food", '"slow food"', "mara", "sourd", "mara water"]:
        assert [m.post_id for m in find(parse(word), languages_in_use()).matches] == [p.pk], word
    for word in ["sourdough -water", "nothing", '"food slow"', "sourdough -slow"]:
        assert [m.post_id for m in find(parse(word), languages_in_use()).matches] == [], word


def test_page(client):
    p=PostFactory(title="On sourdough <b>", summary="A starter at rest.", body="Flour and **water**.")
    r = client.get("/search/?q=flours")
    assert titles(r)==["On sourdough &lt;b&gt;"]
    assert "<mark>Flour</mark> and water." in r.text
    for q in ["", "a", "-x", "%00", "%22", "%22%22%22", "*", "AND", "OR NOT", "(", ")(", "NEAR(", "col:x", "'", "\\", "^", "%ff", ":*", "&page=1", "x"*5000, "-"*50, "a" + "%20"*300, "sourdouhg", "flour&year=2026&category=", "「", "%F0%9F%98%80"]:
        r = client.get(f"/search/?q={q}")
        assert r.status_code == 200, q
        if q=="sourdouhg": print(r.text)
