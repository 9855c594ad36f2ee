"""Questions whose SQL is made once, and what is asked once an edition."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from blog import shared
from blog.editions import Edition
from blog.freshness import Current
from blog.models import Category, Link, Post, SearchEntry
from blog.prepared import Insert, Prepared, Update, moment, number, text
from tests.factories import AuthorFactory, CategoryFactory, PostFactory, SiteFactory

pytestmark = pytest.mark.django_db


@Prepared
def titled(most):
    posts = Post.objects.published(moment("now")).select_related("author")
    return posts.filter(title=text("title")).order_by("pk")[:most]


@Prepared
def among(count):
    return Post.objects.filter(pk__in=[number(f"key{place}") for place in range(count)])


@pytest.fixture
def edition() -> Current:
    return Current(Edition(("a",), float("inf")), 0.0, {})


def test_each_time_other_values_are_asked_for():
    one, two = PostFactory(title="One"), PostFactory(title="Two")
    now = timezone.now()

    assert titled(5, title="One", now=now) == [one]
    assert titled(5, title="Two", now=now) == [two]
    assert titled(5, title="Two", now=now - timedelta(days=900)) == []


def test_shape_is_a_part_of_the_question(django_assert_num_queries):
    posts = [PostFactory(title="Same") for _ in range(3)]
    now = timezone.now()

    with django_assert_num_queries(2):
        assert titled(1, title="Same", now=now) == posts[:1]
        assert titled(2, title="Same", now=now) == posts[:2]
    assert titled(0, title="Same", now=now) == []


def test_rows_come_whole_with_those_beside_them(django_assert_num_queries):
    ada = AuthorFactory(display_name="Ada")
    stored = [PostFactory(title="Same", author=author) for author in (ada, ada, None)]

    with django_assert_num_queries(1):
        found = titled(5, title="Same", now=timezone.now())
        authors = [post.author for post in found]

    assert authors == [ada, ada, None]
    assert [post.published_at for post in found] == [post.published_at for post in stored]
    assert not found[0]._state.adding


@Prepared
def entries_titled():
    return SearchEntry.objects.filter(post__title=text("title")).select_related("post__author")


def test_row_beside_a_row_brings_its_own(django_assert_num_queries):
    post = PostFactory(title="Same", author=AuthorFactory(display_name="Ada"))

    with django_assert_num_queries(1):
        entry = entries_titled(title="Same")[0]
        name = entry.post.author.display_name

    assert (entry.post, name) == (post, "Ada")


def test_question_for_nothing_finds_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert among(0) == []


def test_rows_are_added_by_one_statement_and_get_their_keys(django_assert_num_queries):
    add, site = Insert(Link), SiteFactory()
    links = [
        Link(site=site, place="foot", label=label, address=f"https://example.com/{label}")
        for label in ("One", "Two")
    ]

    with django_assert_num_queries(1):
        add(*links)

    assert list(Link.objects.order_by("pk")) == links
    assert [link.label for link in Link.objects.order_by("pk")] == ["One", "Two"]
    assert not any(link._state.adding for link in links)


def test_rows_that_were_made_ready_get_the_keys_of_rows_that_came_to_be_since():
    site = SiteFactory.build()
    link = Link(place="foot", label="One", address="https://example.com/")
    add = Insert(Link).of(link)
    assert not Link.objects.exists()

    site.save()
    link.site = site
    add()

    assert list(Link.objects.values_list("pk", "site", "label")) == [(link.pk, site.pk, "One")]


def test_row_that_is_there_already_is_left_as_it_is():
    there = CategoryFactory(name="There", slug="same")
    add = Insert(Category, unless_there=True)
    second, new = Category(name="Second", slug="same"), Category(name="New", slug="new")

    add(second)
    add(new)

    assert list(Category.objects.order_by("pk")) == [there, new]
    assert [row.name for row in Category.objects.order_by("pk")] == ["There", "New"]
    assert second.pk is None


def test_rows_are_changed_by_one_statement_each_time_with_other_values(django_assert_num_queries):
    rename = Update(
        lambda: Category.objects.filter(slug=text("slug")), name=text("name"), order=F("order") + 1
    )
    CategoryFactory(name="One", slug="one", order=1)
    CategoryFactory(name="Two", slug="two", order=7)

    with django_assert_num_queries(3):
        changed = [rename(slug=slug, name=slug.upper()) for slug in ("one", "two", "three")]

    assert changed == [1, 1, 0]
    rows = Category.objects.order_by("pk").values_list("name", "order")
    assert list(rows) == [("ONE", 2), ("TWO", 8)]


def test_thing_is_found_once_an_edition(edition):
    asked = []

    @shared.shared
    def double(number):
        asked.append(number)
        return 2 * number

    for current in (edition, edition, edition._replace(shared={})):
        with shared.within(current):
            assert [double(2), double(3), double(2)] == [4, 6, 4]

    assert asked == [2, 3, 2, 3]
    assert [double(2), double(2)] == [4, 4]
    assert asked[4:] == [2, 2]


def test_what_an_edition_keeps_is_bounded(edition, monkeypatch):
    monkeypatch.setattr(shared, "MOST", 3)

    @shared.shared
    def same(number):
        return number

    with shared.within(edition):
        assert [same(number) for number in range(10)] == [*range(10)]

    assert len(edition.shared) == 3


def test_fault_is_not_kept(edition):
    faults = [ValueError("away"), None]

    @shared.shared
    def unsteady():
        if fault := faults.pop(0):
            raise fault
        return "here"

    with shared.within(edition):
        with pytest.raises(ValueError, match="away"):
            unsteady()
        assert unsteady() == "here"
