"""What search engines are told exists."""

import re
from datetime import UTC, datetime

import pytest

from blog import sitemaps
from tests.factories import AuthorFactory, CategoryFactory, PostFactory

pytestmark = pytest.mark.django_db


def locations(response):
    return re.findall(r"<loc>([^<]+)</loc>", response.text)


def test_sitemap_lists_every_page_once(client):
    author, category = AuthorFactory(slug="ada"), CategoryFactory(slug="tools")
    CategoryFactory(slug="empty")
    PostFactory(slug="日本語", author=author, categories=[category])
    PostFactory(slug="two", author=author, categories=[category])

    response = client.get("/sitemap.xml")

    assert response["Content-Type"] == "application/xml"
    assert locations(response) == [
        f"https://blog.example.com{path}"
        for path in (
            "/",
            "/categories/",
            "/archive/",
            "/posts/%E6%97%A5%E6%9C%AC%E8%AA%9E/",
            "/posts/two/",
            "/categories/tools/",
            "/authors/ada/",
        )
    ]


def test_every_address_of_the_sitemap_answers(client):
    for title in ("C++", "C#", "日本語", "Привет", "🎉", "---", 300 * "a"):
        PostFactory(title=title[:200], categories=[CategoryFactory(name=title[:80])])

    found = locations(client.get("/sitemap.xml"))

    assert len(found) == 3 + 7 + 7 + 7
    paths = [address.removeprefix("https://blog.example.com") for address in found]
    assert {client.get(path).status_code for path in paths} == {200}


def test_post_says_when_it_changed(client):
    PostFactory(published_at=datetime(2099, 1, 1, tzinfo=UTC))
    PostFactory(slug="now")

    assert client.get("/sitemap.xml").text.count("<lastmod>") == 1


def test_more_than_one_file_holds_are_spread_over_several(client, monkeypatch):
    monkeypatch.setattr(sitemaps, "LIMIT", 5)
    monkeypatch.setattr(sitemaps.Section, "limit", 2)
    PostFactory.create_batch(3, author=None)

    files = locations(client.get("/sitemap.xml"))

    assert files == [
        "https://blog.example.com/sitemap-pages.xml?p=1",
        "https://blog.example.com/sitemap-pages.xml?p=2",
        "https://blog.example.com/sitemap-posts.xml?p=1",
        "https://blog.example.com/sitemap-posts.xml?p=2",
    ]
    pages = [client.get(file.removeprefix("https://blog.example.com")) for file in files]
    assert {page.status_code for page in pages} == {200}
    assert [len(locations(page)) for page in pages] == [2, 1, 2, 1]


def test_sitemap_that_was_read_is_not_sent_again(client):
    first = client.get("/sitemap.xml")

    again = client.get("/sitemap.xml", headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/sitemap-none.xml", "/sitemap-posts.xml?p=9"])
def test_file_that_is_not_there_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_robots_may_read_all_but_the_admin(client):
    response = client.get("/robots.txt")

    assert response.text == (
        "User-agent: *\nDisallow: /admin/\nSitemap: https://blog.example.com/sitemap.xml\n"
    )
