"""What a page costs before its own words."""

import re

import pytest
from django.contrib.staticfiles import finders

from tests.blog.pictures import picture, upload
from tests.factories import AuthorFactory, CategoryFactory, PostFactory, TermsFactory

# Before compression.
LIMIT = 33_000


def size_of(path):
    with open(finders.find(path), "rb") as file:
        return len(file.read())


@pytest.mark.django_db
def test_post_page_and_its_styles_are_light_without_the_words(client):
    TermsFactory()
    author, category = AuthorFactory(bio="Writes."), CategoryFactory()
    PostFactory(author=author)
    post = PostFactory(
        slug="first",
        summary="Short.",
        body="```python\nprint()\n```\n\n## One\n\n## Two\n\n## Three",
        author=author,
        categories=[category],
    )
    post.cover.save("cover.png", upload(picture(900, 600)))
    PostFactory(author=author)

    page = client.get("/posts/first/").text
    styles = re.findall(r'<link rel="stylesheet" href="/static/([^"]+)"', page)
    without_words = page.replace(post.html, "")

    assert "blog/site.css" in styles
    assert len(without_words.encode()) + sum(size_of(style) for style in styles) < LIMIT


def test_theme_script_is_small():
    assert size_of("blog/theme.js") < 1500
