"""An old address leads to the right place in one step, however often things were renamed."""

import pytest

from blog.models import Redirect
from tests.factories import AuthorFactory, CategoryFactory, DraftFactory, PostFactory

pytestmark = pytest.mark.django_db


def rename(row, slug):
    row.slug = slug
    row.save()


def where(client, path):
    """The status, and where a redirect leads; a redirect must be asked for again each time."""
    response = client.get(path)
    if response.status_code == 301:
        assert response["Cache-Control"] == "no-cache"
    return response.status_code, response.get("Location")


def test_post_renamed_three_times_is_one_redirect_from_each_old_address(client):
    post = PostFactory(slug="first")

    for slug in ("second", "third", "fourth"):
        rename(post, slug)

    for old in ("first", "second", "third"):
        assert where(client, f"/posts/{old}/") == (301, "/posts/fourth/")
    assert where(client, "/posts/fourth/") == (200, None)


def test_post_renamed_back_lives_at_its_first_address_again(client):
    post = PostFactory(slug="first")

    rename(post, "second")
    rename(post, "first")

    assert where(client, "/posts/first/") == (200, None)
    assert where(client, "/posts/second/") == (301, "/posts/first/")


def test_posts_that_swapped_slugs_are_each_found_at_their_own(client):
    one = PostFactory(slug="one", title="Number one")
    two = PostFactory(slug="two", title="Number two")

    rename(one, "between")
    rename(two, "one")
    rename(one, "two")

    assert "Number two" in client.get("/posts/one/").text
    assert "Number one" in client.get("/posts/two/").text
    assert where(client, "/posts/between/") == (301, "/posts/two/")


def test_old_address_taken_by_a_new_post_shows_the_new_post(client):
    rename(PostFactory(slug="taken"), "moved")
    PostFactory(slug="taken", title="The new tenant")

    assert "The new tenant" in client.get("/posts/taken/").text


@pytest.mark.parametrize("ending", ["nope/", "?page=99", "feed/nope"])
@pytest.mark.parametrize("factory", [CategoryFactory, AuthorFactory, PostFactory])
def test_nobody_is_led_away_from_an_address_that_lives_again(client, factory, ending):
    one, two = factory(slug="one"), factory(slug="two")
    rename(one, "between")
    rename(two, "one")
    rename(one, "two")
    newcomer = factory(slug="between")

    for row in (one, two, newcomer):
        assert where(client, row.get_absolute_url() + ending) in {(404, None), (200, None)}
    assert not Redirect.objects.exists()


def test_old_address_leads_on_until_the_post_that_takes_it_is_public(client):
    rename(PostFactory(slug="taken"), "moved")

    post = DraftFactory(slug="taken")
    before = where(client, "/posts/taken/")
    post.publish()
    post.unpublish()

    assert before == (301, "/posts/moved/")
    assert where(client, "/posts/taken/") == (404, None)


@pytest.mark.parametrize("ending", ["", "feed/", "feed/rss/", "feed.json"])
@pytest.mark.parametrize("room", ["categories", "authors"])
def test_renamed_category_or_author_takes_its_feeds_along(client, room, ending):
    category, author = CategoryFactory(slug="old"), AuthorFactory(slug="old")
    PostFactory(categories=[category], author=author)

    rename(category, "new")
    rename(author, "new")

    assert where(client, f"/{room}/old/{ending}") == (301, f"/{room}/new/{ending}")
    assert where(client, f"/{room}/new/{ending}") == (200, None)


def test_renamed_post_takes_no_pages_below_it_along(client):
    rename(PostFactory(slug="old"), "new")

    assert where(client, "/posts/old/feed/") == (404, None)


def test_old_address_in_another_script_leads_to_the_new_one(client):
    post = PostFactory(slug="прежний")

    rename(post, "日本語")

    new = "/posts/%E6%97%A5%E6%9C%AC%E8%AA%9E/"
    assert where(client, "/posts/прежний/") == (301, new)
    assert where(client, new) == (200, None)


def test_old_address_of_a_post_taken_back_is_not_found(client):
    post = PostFactory(slug="old")

    rename(post, "new")
    post.unpublish()

    assert where(client, "/posts/old/") == (404, None)


def test_very_deep_address_asks_a_short_question(django_assert_num_queries):
    with django_assert_num_queries(1) as questions:
        assert Redirect.objects.target_of("/old" * 2_000 + "/") is None

    assert len(questions[0]["sql"]) < 100_000
