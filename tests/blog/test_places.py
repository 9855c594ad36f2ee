"""Every list is right at once, whatever changed a post, and no page is dearer than another."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.paginator import Paginator
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from blog import lists, places
from blog.lists import Listing
from blog.models import Category, Mark, Place, Post
from blog.models.place import EVERYTHING, list_of
from tests.factories import AuthorFactory, CategoryFactory, DraftFactory, PostFactory, SeriesFactory
from tests.lasting import lasting_rows
from tests.plans import plan

pytestmark = pytest.mark.django_db
START = datetime(2026, 5, 1, 8, tzinfo=UTC)


@pytest.fixture
def short_steps(monkeypatch):
    """A mark at every third place."""
    for module in (lists, places):
        monkeypatch.setattr(module, "STEP", 3)


def listed(name, size=10):
    """All pages of a list, one after the other."""
    posts = Listing(name)
    return [post for page in Paginator(posts, size) for post in page]


def slugs_on(client, address):
    """Of the posts that a page lists, in their order."""
    text = client.get(address).text.partition("<main")[2]
    return list(dict.fromkeys(re.findall(r'<a href="/posts/([^/]+)/"', text)))


def expected(**which):
    return list(Post.objects.published().filter(**which).order_by("-published_at", "-pk"))


def make_posts(count, **fields):
    return [
        PostFactory(published_at=START + timedelta(minutes=number), **fields)
        for number in range(count)
    ]


CHANGES = {
    "publish": lambda post: DraftFactory().publish(at=START),
    "unpublish": lambda post: post.unpublish(),
    "delete": lambda post: post.delete(),
    "another date": lambda post: Post.objects.filter(pk=post.pk).update(
        published_at=START - timedelta(days=1)
    ),
    "all at once": lambda post: Post.objects.update(published_at=START),
    "another author": lambda post: Post.objects.filter(pk=post.pk).update(author=AuthorFactory()),
    "no author": lambda post: post.author.delete(),
    "filed": lambda post: post.categories.add(CategoryFactory()),
    "filed again": lambda post: post.categories.set([CategoryFactory()]),
    "unfiled": lambda post: post.categories.clear(),
    "merged": lambda post: post.categories.get().merge_into(CategoryFactory()),
    "bulk": lambda post: Post.objects.bulk_create(
        [Post(title="B", slug="b", status="published", published_at=START)]
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.usefixtures("short_steps")
def test_lists_are_right_after(change):
    author, category = AuthorFactory(), CategoryFactory()
    posts = make_posts(7, author=author, categories=[category])
    DraftFactory(author=author, categories=[category])
    places.set_missing_marks()

    change(posts[3])

    assert listed(EVERYTHING) == expected()
    for row in Category.objects.all():
        assert listed(list_of(row)) == expected(categories=row)
    for number in Post.objects.values_list("author", flat=True).exclude(author=None).distinct():
        assert listed(f"author:{number}") == expected(author=number)
    assert list(Category.objects.with_counts().values_list("published_count", flat=True)) == [
        len(expected(categories=row)) for row in Category.objects.all()
    ]


def test_change_that_is_taken_back_leaves_no_trace():
    [post] = make_posts(1)

    with transaction.atomic():
        post.unpublish()
        transaction.set_rollback(True)

    assert listed(EVERYTHING) == [post]


def test_scheduled_post_takes_its_place_at_its_minute():
    with time_machine.travel(START, tick=False) as clock:
        post = PostFactory(published_at=START + timedelta(minutes=1))
        before = listed(EVERYTHING)
        clock.shift(timedelta(minutes=1))

        assert (before, listed(EVERYTHING)) == ([], [post])


@pytest.mark.usefixtures("short_steps")
@pytest.mark.parametrize("size", [1, 2, 5])
def test_pages_from_marks_are_those_without(size):
    category = CategoryFactory()
    make_posts(11, categories=[category])
    Post.objects.filter(pk__in=[post.pk for post in expected()[2:6]]).update(published_at=START)
    before = [listed(name, size) for name in (EVERYTHING, list_of(category))]

    assert places.set_missing_marks() == 6
    assert [listed(name, size) for name in (EVERYTHING, list_of(category))] == before
    assert before[0] == expected()


@pytest.mark.usefixtures("short_steps")
def test_new_post_moves_no_mark_and_an_old_date_only_those_after_it():
    make_posts(10)
    places.set_marks(EVERYTHING)

    PostFactory(published_at=timezone.now())
    after_a_new_one = list(Mark.objects.order_by("number").values_list("number", flat=True))
    PostFactory(published_at=START + timedelta(minutes=4, seconds=30))
    after_an_old_one = list(Mark.objects.order_by("number").values_list("number", flat=True))

    assert (after_a_new_one, after_an_old_one) == ([3, 6, 9], [3])
    assert listed(EVERYTHING, 2) == expected()
    assert places.set_marks(EVERYTHING) == 3


@pytest.mark.usefixtures("short_steps")
def test_scheduled_post_is_never_marked():
    with time_machine.travel(START + timedelta(hours=1), tick=False):
        make_posts(2)
        PostFactory(published_at=START + timedelta(hours=2))

        assert places.set_missing_marks() == 0


@pytest.mark.usefixtures("short_steps")
def test_home_leaves_its_lead_out_wherever_it_stands(client):
    posts = make_posts(25)
    places.set_marks(EVERYTHING)

    for lead in (posts[24], posts[15], posts[14], posts[13], posts[5], posts[4], posts[0]):
        Post.objects.update(featured=False)
        Post.objects.filter(pk=lead.pk).update(featured=True)

        found = [slug for page in (1, 2, 3) for slug in slugs_on(client, f"/?page={page}")]

        assert found == [lead.slug, *(post.slug for post in expected() if post != lead)]
        assert client.get("/?page=4").status_code == 404


@pytest.mark.usefixtures("short_steps")
def test_archive_counts_and_pages_its_periods(client, monkeypatch):
    monkeypatch.setattr("blog.views.LEDGER_LINES", 4)
    make_posts(6)
    PostFactory(published_at=START - timedelta(days=40))
    PostFactory(published_at=START + timedelta(days=35))
    places.set_marks(EVERYTHING)

    may = [slug for page in (1, 2) for slug in slugs_on(client, f"/archive/2026/5/?page={page}")]
    year = [slug for page in (1, 2) for slug in slugs_on(client, f"/archive/2026/?page={page}")]

    assert may == [post.slug for post in expected(published_at__month=5)]
    assert year == [post.slug for post in expected()]
    assert client.get("/archive/2026/5/?page=3").status_code == 404


def test_lists_are_filled_anew_where_a_trigger_is_missing():
    [post] = make_posts(1)
    with connection.cursor() as cursor:
        cursor.execute(places.TRIGGERS[0].drop(connection.vendor))
    unseen = PostFactory()
    assert listed(EVERYTHING) == [post]

    places.make_triggers()

    assert listed(EVERYTHING) == [unseen, post]


def test_triggers_are_out_of_the_way_of_a_migration():
    places.drop_triggers(plan=[])
    assert places.existing() >= {trigger.name for trigger in places.TRIGGERS}

    places.drop_triggers(plan=["a migration"])
    assert places.existing() & {trigger.name for trigger in places.TRIGGERS} == set()

    places.make_triggers()
    assert places.existing() >= {trigger.name for trigger in places.TRIGGERS}


def test_place_alone_shows_nobody_a_draft(client):
    draft = DraftFactory(title="Hidden")
    Place.objects.create(list=EVERYTHING, post_id=draft.pk, published_at=START)

    assert listed(EVERYTHING) == []
    assert "Hidden" not in client.get("/").text


@pytest.fixture(scope="class")
def full_site(django_db_setup, django_db_blocker):
    with lasting_rows(django_db_blocker):
        author, category = AuthorFactory(slug="ada"), CategoryFactory(slug="tools")
        series = SeriesFactory(slug="saga")
        posts = make_posts(45, author=author, categories=[category])
        Post.objects.filter(pk__in=[post.pk for post in posts[:2]]).update(series=series)
        Post.objects.filter(pk=posts[0].pk).update(slug="first", related=[posts[5].pk])
        yield


@pytest.mark.skipif(connection.vendor != "sqlite", reason="asks SQLite for its plan")
class TestPlans:
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/?page=4",
            "/categories/tools/?page=2",
            "/authors/ada/?page=2",
            "/archive/",
            "/archive/2026/",
            "/archive/2026/5/",
            "/categories/",
            "/categories/tools/feed/",
            "/posts/first/",
            "/series/saga/",
        ],
    )
    @pytest.mark.usefixtures("short_steps", "full_site")
    def test_page_finds_its_posts_by_their_keys_and_walks_no_table(self, client, path):
        places.set_missing_marks()

        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200

        steps = [step for query in queries for step in plan(query["sql"])]
        # The site's own row, and the categories, of which there are few.
        whole_walks = [step for step in steps if step.startswith("SCAN") and "blog_post" in step]
        by_status = [step for step in steps if "(status=? AND published_at<?)" in step]
        places_walked = [step for step in steps if "blog_place" in step and "INDEX" in step]
        assert whole_walks == []
        assert [step for step in by_status if "COVERING" not in step] == []
        assert [step for step in places_walked if "COVERING INDEX place_newest" not in step] == []
