"""What search engines are told exists."""

import re
from datetime import UTC, datetime

import pytest

from blog import sitemaps
from blog.models import Post
from tests.blog import schemas
from tests.blog.pictures import picture, upload
from tests.factories import AuthorFactory, CategoryFactory, PostFactory

pytestmark = pytest.mark.django_db


def locations(response):
    return re.findall(r"<loc>([^<]+)</loc>", response.text)


def dates(response):
    return re.findall(r"<lastmod>([^<]+)</lastmod>", response.text)


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


@pytest.fixture
def large():
    """Three posts where no file holds more than two."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sitemaps, "LIMIT", 2)
        # Keys as a database may have given them: with gaps, in no order of time.
        for number, pk in enumerate((4, 5, 9)):
            published_at = datetime(2026, 5, 20 - number, 8, tzinfo=UTC)
            post = PostFactory(pk=pk, slug=f"post-{pk}", author=None, published_at=published_at)
            Post.objects.filter(pk=post.pk).update(updated_at=published_at)
        yield


def test_post_says_when_it_changed(client):
    PostFactory(published_at=datetime(2099, 1, 1, tzinfo=UTC))
    published_at = datetime(2026, 5, 12, 8, tzinfo=UTC)
    post = PostFactory(author=None, published_at=published_at)

    Post.objects.update(updated_at=published_at.replace(year=2025))
    unchanged = dates(client.get("/sitemap.xml"))
    Post.objects.filter(pk=post.pk).update(updated_at=published_at.replace(day=14))
    changed = dates(client.get("/sitemap.xml"))

    assert (unchanged, changed) == (["2026-05-12T08:00:00+00:00"], ["2026-05-14T08:00:00+00:00"])


def test_post_names_its_cover(client):
    post = PostFactory()
    post.cover.save("cover.png", upload(picture()))
    PostFactory()

    pictures = re.findall(r"<image:loc>([^<]+)</image:loc>", client.get("/sitemap.xml").text)

    assert pictures == [f"https://blog.example.com/media/{post.cover.name}"]


def test_more_than_one_file_holds_are_spread_over_several(client, large):
    index = client.get("/sitemap.xml")

    assert locations(index) == [
        "https://blog.example.com/sitemap-pages.xml?p=1",
        "https://blog.example.com/sitemap-posts.xml?p=3",
        "https://blog.example.com/sitemap-posts.xml?p=5",
    ]
    assert dates(index) == ["2026-05-20T08:00:00+00:00", "2026-05-18T08:00:00+00:00"]
    paths = [file.removeprefix("https://blog.example.com") for file in locations(index)]
    pages = [client.get(path) for path in paths]
    assert {page.status_code for page in pages} == {200}
    assert [[place.split("/")[-2] for place in locations(page)] for page in pages[1:]] == [
        ["post-4", "post-5"],
        ["post-9"],
    ]


def test_file_without_a_number_is_the_first(client, large):
    assert locations(client.get("/sitemap-posts.xml")) == [
        "https://blog.example.com/posts/post-4/",
        "https://blog.example.com/posts/post-5/",
    ]


def test_sitemap_is_what_the_protocol_demands(client):
    PostFactory(slug="日本語", categories=[CategoryFactory()]).cover.save("x", upload(picture()))

    assert schemas.faults_of_xml("sitemap", client.get("/sitemap.xml").content) == []
    assert schemas.faults_of_xml("sitemap", client.get("/sitemap-posts.xml").content) == []


def test_list_of_files_is_what_the_protocol_demands(client, large):
    assert schemas.faults_of_xml("sitemap", client.get("/sitemap.xml").content) == []


def test_sitemap_asks_the_database_as_often_for_three_posts_as_for_one(
    client, django_assert_max_num_queries
):
    # Two for each of the five sections that are made of rows: its files, and their rows.
    PostFactory(categories=[CategoryFactory()])
    with django_assert_max_num_queries(10) as one:
        client.get("/sitemap.xml")

    PostFactory.create_batch(2, categories=[CategoryFactory()])
    with django_assert_max_num_queries(10) as more:
        client.get("/sitemap.xml")

    assert len(more) == len(one)


def test_sitemap_that_was_read_is_not_sent_again(client):
    first = client.get("/sitemap.xml")

    again = client.get("/sitemap.xml", headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/sitemap-none.xml",
        *[
            f"/sitemap-posts.xml?p={number}"
            for number in ("9", "0", "-1", "abc", "", "1e5", "١", "9" * 20, "9" * 5000)
        ],
    ],
)
def test_file_that_is_not_there_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_robots_may_read_all_but_the_admin(client):
    response = client.get("/robots.txt")

    assert response.text == (
        "User-agent: *\nDisallow: /admin/\n\nSitemap: https://blog.example.com/sitemap.xml\n"
    )
