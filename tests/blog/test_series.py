"""Posts that are read in order."""

import re

import pytest

from blog.models import Post, Redirect, Series
from tests.factories import (
    AdministratorFactory,
    CategoryFactory,
    DraftFactory,
    PostFactory,
    SeriesFactory,
    StaffFactory,
)

pytestmark = pytest.mark.django_db


def words(html):
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


@pytest.fixture
def saga():
    """Three public parts, and a draft between the first two."""
    series = SeriesFactory(name="Saga", description="A long tale.")
    PostFactory(title="One", series=series)
    DraftFactory(title="Hidden", series=series)
    PostFactory(title="Two", series=series)
    PostFactory(title="Three", series=series)
    return series


def test_post_says_which_part_it_is_and_leads_on(client, saga):
    page = client.get("/posts/two/").text

    assert "Part 2 of 3 of Saga" in words(page)
    assert '<span aria-current="page" dir="auto">Two</span>' in page
    assert "Previous part One" in words(page)
    assert "Next part Three" in words(page)
    assert '<a href="/series/saga/">' in page
    assert "Hidden" not in page


def test_first_part_has_none_before_it_and_the_last_none_after(client, saga):
    first, last = (words(client.get(f"/posts/{slug}/").text) for slug in ("one", "three"))

    assert ("Previous part" in first, "Next part Two" in first) == (False, True)
    assert ("Previous part Two" in last, "Next part" in last) == (True, False)


def test_only_part_that_is_public_says_nothing_of_a_series(client):
    series = SeriesFactory(name="Saga")
    PostFactory(title="One", series=series)
    DraftFactory(title="Two", series=series)

    assert "Saga" not in client.get("/posts/one/").text


def test_series_page_lists_its_public_parts_in_order(client, saga):
    Post.objects.filter(title="Three").update(series_position=1)
    Post.objects.filter(title="One").update(series_position=9)

    page = client.get("/series/saga/").text

    assert re.findall(r'<h2 dir="auto"><a href="[^"]+">([^<]+)<', page) == ["Three", "Two", "One"]
    assert "A long tale." in page
    assert "3 parts" in words(page)
    assert '<link rel="canonical" href="https://blog.example.com/series/saga/">' in page


def test_series_without_a_public_part_is_not_found(client):
    DraftFactory(series=SeriesFactory(name="Saga"))

    assert client.get("/series/saga/").status_code == 404


@pytest.mark.parametrize("parts", [1, 3])
def test_series_page_and_its_posts_ask_as_often_for_three_parts_as_for_two(
    client, django_assert_max_num_queries, parts
):
    series = SeriesFactory(name="Saga")
    post = PostFactory(series=series)
    PostFactory.create_batch(parts, series=series)
    Post.objects.update(related=list(Post.objects.values_list("pk", flat=True)))
    post.categories.add(CategoryFactory())

    with django_assert_max_num_queries(6) as asked:
        client.get(post.get_absolute_url())
    assert len(asked) == 5

    with django_assert_max_num_queries(5) as asked:
        client.get("/series/saga/")
    assert len(asked) == 5


def test_renamed_series_leads_on_from_its_old_address(client, saga):
    saga.slug = "epic"
    saga.save()

    assert client.get("/series/saga/").headers["Location"] == "/series/epic/"

    saga.posts.published().update(status="draft")
    assert client.get("/series/saga/").status_code == 404


def test_deleted_series_leaves_its_posts(client, saga):
    saga.delete()

    assert "Saga" not in client.get("/posts/two/").text
    assert Redirect.objects.count() == 0
    assert client.get("/series/saga/").status_code == 404


def test_new_part_comes_behind_the_others(saga):
    fourth = PostFactory(series=saga)
    fixed = PostFactory(series=saga, series_position=2)

    assert (fourth.series_position, fixed.series_position) == (5, 2)


def test_part_finds_a_place_where_the_numbers_end(saga):
    Post.objects.filter(title="Three").update(series_position=32_767)

    assert PostFactory(series=saga).series_position == 32_767


def test_editor_makes_a_series_and_an_author_fills_it(client):
    client.force_login(StaffFactory(role="Editor"))
    client.post("/admin/blog/series/add/", {"name": "Saga", "slug": "", "description": ""})
    series = Series.objects.get()
    DraftFactory(title="Part <one>", series=series)

    page = client.get(f"/admin/blog/series/{series.pk}/change/").text

    assert "1 · Part &lt;one&gt; (Draft)" in page
    assert client.get("/admin/blog/series/").status_code == 200

    client.force_login(StaffFactory(role="Author"))
    assert "series_position" in client.get("/admin/blog/post/add/").text
    assert client.get("/admin/blog/series/").status_code == 403


def test_series_can_be_deleted_in_the_newsroom(client, saga):
    client.force_login(AdministratorFactory())

    page = client.post(f"/admin/blog/series/{saga.pk}/delete/", {"post": "yes"})

    assert page.status_code == 302
    assert (Series.objects.count(), Post.objects.count()) == (0, 4)
