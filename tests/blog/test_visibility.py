"""What is not published is nowhere: every public address is walked with a post nobody may see."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import resolve
from django.utils import timezone

from blog import urls
from blog.models import Post
from newsletter.models import IssuePost
from tests.factories import (
    AuthorFactory,
    CategoryFactory,
    PageFactory,
    PostFactory,
    RunningIssueFactory,
    SeriesFactory,
    TermsFactory,
)
from tests.lasting import lasting_rows

pytestmark = pytest.mark.django_db

FEEDS = ["feed/", "feed/rss/", "feed.json"]
# Where the canary stands once the public may see it.
LISTS = [
    "/",
    "/categories/tools/",
    "/archive/",
    "/archive/2026/",
    "/archive/2026/5/",
    "/series/saga/",
    "/sitemap.xml",
    "/sitemap-posts.xml",
    "/sitemap-authors.xml",
    "/llms.txt",
    *[f"/{feed}" for feed in FEEDS],
    *[f"/categories/tools/{feed}" for feed in FEEDS],
    "/posts/seen/",
    "/posts/zxq/",
    "/posts/zxq.md",
    "/newsletter/",
    "/newsletter/feed/",
    "/newsletter/issues/issue-zxq/",
    "/search/?q=title",
    "/search/?q=body",
    "/search/?q=ghost&category=tools",
    "/search/?q=heading&year=2026",
    "/authors/ghost-zxq/",
    *[f"/authors/ghost-zxq/{feed}" for feed in FEEDS],
]
OTHERS = [
    "/categories/",
    "/authors/ada/",
    *[f"/authors/ada/{feed}" for feed in FEEDS],
    "/card.png",
    "/categories/tools/card.png",
    "/sitemap-pages.xml",
    "/sitemap-categories.xml",
    "/robots.txt",
    "/favicon.ico",
    "/accent-8f3018-e39b80.css",
    "/about/",
    "/sitemap-own-pages.xml",
    "/terms/",
    "/terms/1/",
    "/privacy/",
]
# Where the canary is drawn.
PICTURES = ["/posts/zxq/card.png", "/authors/ghost-zxq/card.png"]
NOW = "2026-05-20 12:00Z"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture(scope="module")
def aviary(django_db_setup, django_db_blocker):
    """A published post full of ZXQ, beside another one in its category."""
    with lasting_rows(django_db_blocker):
        with time_machine.travel(NOW, tick=False):
            fill_an_aviary()
        yield


@pytest.fixture
def canary(aviary):
    return Post.objects.get(slug="zxq")


def fill_an_aviary():
    TermsFactory(version="1")
    PageFactory(slug="about")
    tools, saga = CategoryFactory(name="Tools"), SeriesFactory(name="Saga")
    PostFactory(
        title="Seen",
        series=saga,
        author=AuthorFactory(slug="ada"),
        categories=[tools],
        published_at=timezone.now() - timedelta(days=1),
    )
    post = PostFactory(
        title="Title ZXQ",
        slug="zxq",
        summary="Summary ZXQ",
        body="Body ZXQ\n\n## Heading ZXQ",
        series=saga,
        author=AuthorFactory(display_name="Ghost ZXQ"),
        categories=[tools],
        published_at=timezone.now(),
    )
    issue = RunningIssueFactory(subject="Issue ZXQ")
    IssuePost.objects.create(issue=issue, post=post)


def hide(post, how):
    if how == "draft":
        post.status, post.published_at = "draft", None
    elif how == "scheduled":
        post.published_at = timezone.now() + timedelta(seconds=1)
    else:
        post.unpublish()
    post.save()


def test_every_public_address_is_walked():
    walked = {resolve(path.partition("?")[0]).url_name for path in LISTS + OTHERS + PICTURES}

    # The file of the key holds the key, or is not there: test_index_now.py.
    others = {pattern.name for pattern in urls.urlpatterns} - {"index_now_key"}
    assert others - walked == set()


def test_published_post_is_everywhere(client, canary):
    pages = {path: client.get(path) for path in LISTS}

    assert {page.status_code for page in pages.values()} == {200}
    assert [path for path, page in pages.items() if "zxq" not in page.text.lower()] == []


@pytest.mark.parametrize("how", ["draft", "scheduled", "unpublished"])
def test_hidden_post_is_nowhere(client, canary, how):
    hide(canary, how)

    pages = {path: client.get(path) for path in LISTS + OTHERS}

    own = [path for path in LISTS if "zxq" in path]
    assert [path for path, page in pages.items() if page.status_code != 200] == own
    assert [path for path, page in pages.items() if b"zxq" in b"".join(page).lower()] == []


@pytest.mark.parametrize("how", ["draft", "scheduled", "unpublished"])
@pytest.mark.parametrize("path", PICTURES)
def test_share_card_of_a_hidden_post_is_gone(client, canary, path, how):
    seen = client.get(path)
    assert (seen.status_code, seen.content[:4]) == (200, b"\x89PNG")

    hide(canary, how)
    hidden = client.get(path, headers={"If-None-Match": seen["ETag"]})

    never_was = client.get(path.replace("zxq", "never"))
    assert (hidden.status_code, hidden.content) == (404, never_was.content)
    assert hidden["Cache-Control"] == never_was["Cache-Control"]


@pytest.mark.parametrize("how", ["draft", "scheduled", "unpublished"])
def test_hidden_post_is_not_counted(client, canary, how):
    assert "2 posts" in client.get("/categories/").text

    hide(canary, how)

    assert "1 post<" in client.get("/categories/").text
    assert "1 post<" in client.get("/categories/tools/").text
    assert "1 post<" in client.get("/archive/").text


@pytest.mark.parametrize("how", ["draft", "scheduled", "unpublished"])
@pytest.mark.parametrize("room", ["posts", "authors"])
def test_address_of_the_hidden_looks_like_one_that_never_was(client, canary, room, how):
    hide(canary, how)
    hidden = {"posts": "zxq", "authors": "ghost-zxq"}[room]

    found = client.get(f"/{room}/{hidden}/")
    never_was = client.get(f"/{room}/never-was/")

    assert (found.status_code, found.content) == (404, never_was.content)
    assert set(found.headers) == set(never_was.headers)


@pytest.mark.parametrize("how", ["draft", "scheduled", "unpublished"])
@pytest.mark.parametrize("question", ["{}", "{}a", "{} body", "tools {}", "-{} seen", "-seen {}"])
def test_search_answers_for_the_hidden_as_for_what_never_was(client, canary, question, how):
    hide(canary, how)

    pages = [
        client.get("/search/", {"q": question.format(word)}).text.replace(word, "…")
        for word in ("zxq", "vkj")
    ]

    assert pages[0] == pages[1]


@pytest.mark.parametrize("path", ["/", "/posts/zxq/", "/categories/tools/", "/feed/", "/archive/"])
def test_no_question_in_the_address_shows_the_hidden(client, canary, path):
    hide(canary, "draft")
    plain = client.get(path)

    asked = client.get(
        f"{path}?status=draft&preview=1&p={canary.pk}&static=1&order=asc"
        f"&author__password__startswith=m&published_at__gt=2000-01-01"
    )

    assert (asked.status_code, asked.content) == (plain.status_code, plain.content)


def test_scheduled_post_goes_live_at_its_minute(client, canary, clock):
    hide(canary, "scheduled")
    assert client.get("/posts/zxq/").status_code == 404
    before = client.get("/feed/")

    clock.shift(timedelta(seconds=1))

    assert client.get("/posts/zxq/").status_code == 200
    assert "Title ZXQ" in client.get("/").text
    after = client.get("/feed/", headers={"If-None-Match": before["ETag"]})
    assert (after.status_code, "Title ZXQ" in after.text) == (200, True)


@pytest.mark.parametrize("path", ["/feed/", "/sitemap.xml"])
def test_unpublished_post_is_gone_for_readers_who_go_by_the_date(client, canary, path):
    assert "zxq" in client.get(path).text.lower()

    canary.unpublish()
    after = client.get(path, headers={"If-Modified-Since": "Wed, 20 May 2026 12:00:00 GMT"})

    assert (after.status_code, "zxq" in after.text.lower()) == (200, False)


def test_deleted_post_is_gone(client, canary):
    Post.objects.all().delete()

    assert client.get("/posts/zxq/").status_code == 404
    assert "Nothing has been published here yet" in client.get("/").text
