"""What readers see."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.factories import (
    AuthorFactory,
    CategoryFactory,
    PostFactory,
    SiteFactory,
)

pytestmark = pytest.mark.django_db


def titles(response):
    """The linked titles of a page's articles, in their order."""
    found = re.findall(r'<h2 dir="auto"><a href="[^"]+">([^<]+)</a></h2>', response.text)
    return [title.strip() for title in found]


def test_home_shows_the_newest_post_first(client):
    PostFactory(title="Older", published_at=timezone.now() - timedelta(days=2))
    PostFactory(title="Newer", published_at=timezone.now() - timedelta(days=1))

    assert titles(client.get("/")) == ["Newer", "Older"]


def test_home_leads_with_the_newest_featured_post(client):
    now = timezone.now()
    PostFactory(title="Featured long ago", featured=True, published_at=now - timedelta(days=9))
    PostFactory(title="Featured", featured=True, published_at=now - timedelta(days=3))
    PostFactory(title="Newest", published_at=now - timedelta(days=1))

    assert titles(client.get("/")) == ["Featured", "Newest", "Featured long ago"]


def test_post_page_says_what_who_and_when(client):
    SiteFactory(name="The Example")
    author = AuthorFactory(display_name="Ada Penn", bio="Ada writes.")
    work, rest = CategoryFactory(name="Work"), CategoryFactory(name="Rest")
    post = PostFactory(
        title="On reading",
        summary="A short summary.",
        body="Some *words* here.",
        author=author,
        categories=[work, rest],
        published_at=datetime(2026, 5, 12, 8, tzinfo=UTC),
    )

    page = client.get("/posts/on-reading/").text

    assert '<h1 dir="auto">On reading</h1>' in page
    assert "A short summary." in page
    assert "<em>words</em>" in page
    assert '<a href="/authors/ada-penn/" rel="author" dir="auto">Ada Penn</a>' in page
    assert '<time datetime="2026-05-12T08:00:00+00:00">12 May 2026</time>' in page
    assert re.sub(r"<[^>]+>", "", page).count("Categories: Rest, Work") == 1
    assert "<title>On reading – The Example</title>" in page
    assert (
        f'<link rel="canonical" href="https://blog.example.com{post.get_absolute_url()}">' in page
    )
