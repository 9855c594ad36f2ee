"""What readers see."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from blog.models import Post
from tests.blog.pictures import picture, upload
from tests.factories import (
    AdministratorFactory,
    AuthorFactory,
    CategoryFactory,
    PostFactory,
    SiteFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db

LISTS = ["/", "/categories/tools/", "/authors/ada/", "/archive/", "/archive/2026/"]
PAGES = [*LISTS, "/archive/2026/5/", "/categories/", "/posts/first/"]


@pytest.fixture
def post():
    """The first post of a site with everything a site has."""
    TermsFactory(version="1")
    return PostFactory(
        title="First",
        author=AuthorFactory(slug="ada"),
        categories=[CategoryFactory(slug="tools")],
        published_at=datetime(2026, 5, 12, 8, tzinfo=UTC),
    )


def titles(response):
    """The linked titles of a page's articles, in their order."""
    found = re.findall(r'<h2 dir="auto"><a href="[^"]+">([^<]+)</a></h2>', response.text)
    return [title.strip() for title in found]


def words(html):
    """What is read aloud of a piece of HTML."""
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


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


def test_home_has_pages_and_no_post_stands_on_two(client):
    PostFactory.create_batch(13)

    first, second = client.get("/"), client.get("/?page=2")

    assert (len(titles(first)), len(titles(second))) == (11, 2)
    assert len({*titles(first), *titles(second)}) == 13
    assert 'rel="next" href="?page=2"' in first.text
    assert 'rel="prev" href="."' in second.text
    assert '<link rel="canonical" href="https://blog.example.com/?page=2">' in second.text


def test_post_page_says_what_who_and_when(client):
    SiteFactory(name="The Example")
    PostFactory(
        title="On reading",
        summary="A short summary.",
        body="Some *words* here.",
        author=AuthorFactory(display_name="Ada Penn", bio="Ada writes."),
        categories=[CategoryFactory(name="Tools"), CategoryFactory(name="Rest")],
        published_at=datetime(2026, 5, 12, 8, tzinfo=UTC),
    )

    page = client.get("/posts/on-reading/").text

    assert '<h1 dir="auto">On reading</h1>' in page
    assert "A short summary." in page
    assert "<em>words</em>" in page
    assert '<a href="/authors/ada-penn/" rel="author" dir="auto">Ada Penn</a>' in page
    assert '<time datetime="2026-05-12T08:00:00+00:00">12 May 2026</time>' in page
    assert "Categories: Rest, Tools" in words(page)
    assert "Ada writes." in page
    assert "<title>On reading – The Example</title>" in page
    assert '<meta name="description" content="A short summary.">' in page
    address = "https://blog.example.com/posts/on-reading/"
    assert f'<link rel="canonical" href="{address}">' in page
    assert f'<meta property="og:url" content="{address}">' in page


def test_post_with_overrides_tells_search_engines_so(client):
    PostFactory(
        slug="first",
        title="A title",
        meta_title="Another title",
        meta_description="Another description",
        canonical_url="https://elsewhere.example.com/first",
    )

    page = client.get("/posts/first/").text

    assert "<title>Another title – Pennypost</title>" in page
    assert '<meta name="description" content="Another description">' in page
    assert '<link rel="canonical" href="https://elsewhere.example.com/first">' in page
    assert '<h1 dir="auto">A title</h1>' in page


def test_post_shows_its_cover_with_its_description(client, post):
    post.cover_alt = "A teal square."
    post.cover.save("cover.png", upload(picture(40, 20)))

    page = client.get("/posts/first/").text

    assert f'src="{post.cover.url}"' in page
    assert 'alt="A teal square." width="40" height="20"' in page
    assert f'property="og:image" content="https://blog.example.com{post.cover.url}"' in page


def test_post_that_changed_later_says_so(client, post):
    Post.objects.update(updated_at=post.published_at + timedelta(hours=1))
    assert "updated" not in client.get("/posts/first/").text

    Post.objects.update(updated_at=post.published_at + timedelta(days=2))

    assert "updated 14 May 2026" in words(client.get("/posts/first/").text)


def test_post_without_anybody_or_anything_still_reads_well(client):
    PostFactory(slug="bare", author=None, body="")

    page = client.get("/posts/bare/").text

    assert 'rel="author"' not in page
    assert "Categories:" not in page
    assert "<img" not in page


def test_contents_appear_from_three_headings_on(client, post):
    headings = [[2, "s-one", "One"], [3, "s-two", "Two"], [2, "s-three", "Three"]]

    Post.objects.update(toc=headings[:2])
    assert "In this post" not in client.get("/posts/first/").text

    Post.objects.update(toc=headings)
    assert '<a href="#s-three" dir="auto">Three</a>' in client.get("/posts/first/").text


def test_neighbours_are_the_next_older_and_newer_posts_even_of_the_same_second(client):
    moment = datetime(2026, 5, 12, 8, tzinfo=UTC)
    for number in range(1, 5):
        PostFactory(slug=f"post-{number}", published_at=moment)

    def neighbours(slug):
        page = client.get(f"/posts/{slug}/").text
        return re.findall(r'<a rel="(prev|next)" href="/posts/([^/]+)/">', page)

    assert neighbours("post-1") == [("next", "post-2")]
    assert neighbours("post-2") == [("prev", "post-1"), ("next", "post-3")]
    assert neighbours("post-4") == [("prev", "post-3")]


def test_post_is_shared_by_mail_and_by_nobody_else(client):
    PostFactory(title="Salt & “pepper”? 100%", slug="salt")

    page = client.get("/posts/salt/").text

    assert (
        'href="mailto:?subject=Salt%20%26%20%E2%80%9Cpepper%E2%80%9D%3F%20100%25&amp;'
        'body=https%3A%2F%2Fblog.example.com%2Fposts%2Fsalt%2F"'
    ) in page
    assert 'data-copy-link="https://blog.example.com/posts/salt/" hidden' in page


def test_structured_data_tells_the_same_story(client, post):
    page = client.get("/posts/first/").text
    (found,) = re.findall(r'<script type="application/ld\+json">(.+?)</script>', page)
    data, _ = json.loads(found)["@graph"]

    assert (data["@type"], data["headline"]) == ("BlogPosting", "First")
    assert data["url"] == "https://blog.example.com/posts/first/"
    assert data["datePublished"] == "2026-05-12T08:00:00+00:00"
    assert data["author"]["url"] == "https://blog.example.com/authors/ada/"


def test_hostile_words_stay_words(client):
    hostile = "</script><script>alert(1)</script>\"'<img src=x onerror=alert(1)>"
    PostFactory(
        slug="first",
        title=hostile,
        summary=hostile,
        meta_description=hostile,
        author=AuthorFactory(display_name=hostile[:120], bio=hostile, slug="ada"),
        categories=[CategoryFactory(name=hostile[:80], description=hostile, slug="tools")],
    )
    SiteFactory(name=hostile[:80], tagline=hostile)

    for path in ("/", "/posts/first/", "/categories/", "/categories/tools/", "/authors/ada/"):
        page = client.get(path).text
        assert "<script>" not in page
        assert "<img src=x" not in page
        expected = 3 if "posts" in path else 1 if path == "/categories/" else 2
        assert page.count("<script") == page.count("</script>") == expected


def test_categories_say_how_many_posts_they_have(client):
    tools = CategoryFactory(name="Tools", description="Of tools.", order=2)
    CategoryFactory(name="Rest", order=1)
    PostFactory.create_batch(2, categories=[tools])

    page = client.get("/categories/")

    assert titles(page) == ["Rest", "Tools"]
    assert re.findall(r'class="count">(\d+ posts?)<', page.text) == ["0 posts", "2 posts"]
    assert "Of tools." in page.text


def test_category_lists_its_posts_alone(client):
    tools = CategoryFactory(name="Tools", description="Of tools.")
    PostFactory(title="Inside", categories=[tools, CategoryFactory()])
    PostFactory(title="Outside")

    page = client.get("/categories/tools/")

    assert titles(page) == ["Inside"]
    assert "Of tools." in page.text
    assert "1 post<" in page.text


def test_author_page_lists_her_posts_alone(client):
    ada = AuthorFactory(
        display_name="Ada Penn", bio="Ada writes.", website="https://www.ada.example.com/"
    )
    PostFactory(title="By Ada", author=ada)
    PostFactory(title="By somebody else")

    page = client.get("/authors/ada-penn/")

    assert titles(page) == ["By Ada"]
    assert "Ada writes." in page.text
    assert ">ada.example.com</a>" in page.text


def test_archive_is_a_ledger_by_year_and_month(client):
    for day in ("2026-05-12", "2026-05-02", "2026-03-31", "2024-12-31"):
        moment = datetime.fromisoformat(f"{day}T12:00Z")
        PostFactory(title=f"Of {day}", slug=day, published_at=moment)

    def ledger(path):
        page = client.get(path).text
        periods = re.findall(r'<a href="(/archive/[\d/]+)"[^>]*>(\w+) <span>(\d+)</span>', page)
        return periods, re.findall(r'<a href="/posts/([^/]+)/"', page)

    months = [("/archive/2026/5/", "May", "2"), ("/archive/2026/3/", "March", "1")]
    assert ledger("/archive/") == (
        [("/archive/2026/", "2026", "3"), ("/archive/2024/", "2024", "1")],
        ["2026-05-12", "2026-05-02", "2026-03-31", "2024-12-31"],
    )
    assert ledger("/archive/2026/") == (months, ["2026-05-12", "2026-05-02", "2026-03-31"])
    assert ledger("/archive/2026/3/") == (months, ["2026-03-31"])
    assert ledger("/archive/2026/03/") == (months, ["2026-03-31"])


def test_archive_goes_by_the_clocks_of_the_site(client, settings):
    settings.TIME_ZONE = "Pacific/Auckland"
    PostFactory(slug="early", published_at=datetime(2025, 12, 31, 12, tzinfo=UTC))

    assert "/posts/early/" in client.get("/archive/2026/1/").text
    assert client.get("/archive/2025/12/").status_code == 404


@pytest.mark.parametrize("part", ["0", "1", "9999", "99999", "9" * 5000, "2025", "2026/0"])
def test_time_without_posts_is_not_found(client, post, part):
    assert client.get(f"/archive/{part}/").status_code == 404
    assert client.get("/archive/2026/13/").status_code == 404


@pytest.mark.parametrize("path", LISTS)
def test_page_that_is_none_is_not_found(client, post, path):
    assert client.get(f"{path}?page=1").status_code == 200

    for page in ("0", "-1", "abc", "1e5", "٣", "9" * 20, "9" * 5000, "", "1.5", "%00", "2"):
        assert client.get(f"{path}?page={page}").status_code == 404, page


@pytest.mark.parametrize(
    "path", ["/posts/%00/", "/categories/a%00b/", "/posts/a b/", "/authors/%ff/"]
)
def test_address_that_nobody_could_have_is_not_found(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", [*PAGES, "/nowhere/"])
def test_public_page_is_the_same_for_everyone(client, admin_client, post, path):
    page = client.get(path)

    assert page.cookies == {}
    assert "csrf" not in page.text
    assert "Vary" not in page
    assert admin_client.get(path).content == page.content
    assert client.get(path, headers={"Accept-Language": "de"}).content == page.content


@pytest.mark.parametrize("path", PAGES)
def test_page_that_did_not_change_is_not_sent_again(client, post, path):
    first = client.get(path)

    again = client.get(path, headers={"If-None-Match": first["ETag"]})

    assert first["Cache-Control"] == "public, no-cache"
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_page_only_reads(post, path, method):
    stranger = Client(enforce_csrf_checks=True)

    response = getattr(stranger, method)(path)

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", PAGES)
def test_page_asks_the_database_as_often_for_three_posts_as_for_one(
    client, post, path, django_assert_max_num_queries
):
    def add_a_post():
        PostFactory(
            author=post.author,
            categories=[*post.categories.all(), CategoryFactory()],
            published_at=post.published_at,
        )

    add_a_post()  # one beside the post that leads the home page
    with django_assert_max_num_queries(6) as one:
        client.get(path)

    add_a_post()
    add_a_post()
    with django_assert_max_num_queries(6) as more:
        client.get(path)

    assert len(more) == len(one)


FILES = ["/posts/first.md", "/posts/first/card.png", "/authors/ada/card.png", "/feed/"]
MAPS = ["/sitemap.xml", "/sitemap-authors.xml", "/search/?q=first&author=ada", "/llms.txt"]


@pytest.mark.parametrize("path", [*PAGES, *FILES, *MAPS])
def test_no_account_is_read_for_readers(client, post, path):
    with CaptureQueriesContext(connection) as asked:
        response = client.get(path)

    assert response.status_code == 200
    assert "blog_" in str(asked.captured_queries)
    assert "password" not in str(asked.captured_queries)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/", "Nothing has been published here yet"),
        ("/archive/", "Nothing has been published yet"),
        ("/categories/", "There are no categories yet"),
        ("/categories/empty/", "Nothing is filed here yet"),
        ("/nowhere/", "There is no page here"),
    ],
)
def test_empty_place_says_so_and_what_to_do(client, path, sentence):
    if "empty" in path:
        CategoryFactory(slug="empty")

    page = client.get(path).text

    assert sentence in words(page)
    assert "Sign up for our newsletter" in page


@pytest.mark.parametrize("path", ["/", "/archive/"])
def test_empty_place_asks_for_an_address_only_where_one_can_be_left(client, path):
    before = client.get(path).text
    TermsFactory()
    after = client.get(path).text

    assert ["Leave your address" in page for page in (before, after)] == [False, True]


@pytest.mark.parametrize("path", [*PAGES, "/nowhere/", "/newsletter/", "/terms/", "/privacy/"])
def test_page_is_sound(client, post, path):
    """One main heading, every id once, nothing inline, nothing from another host."""
    page = client.get(path).text
    ids = re.findall(r' id="([^"]+)"', page)

    assert page.count("<h1") == 1
    assert sorted(set(ids)) == sorted(ids)
    assert re.findall(r"<style|\sstyle=|\son\w+=|<script>|javascript:", page) == []
    assert re.findall(r'(?:src|srcset|action)="(?:https?:)?//[^"]*"', page) == []


def test_administrator_sees_no_more_than_anybody(client, post):
    client.force_login(AdministratorFactory())
    post.unpublish()

    assert client.get("/posts/first/").status_code == 404
