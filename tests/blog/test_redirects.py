"""An old address leads to the right place in one step, however often things were renamed."""

import pytest
from django.urls import reverse

from blog.models import Redirect
from tests.factories import (
    AdministratorFactory,
    AuthorFactory,
    CategoryFactory,
    DraftFactory,
    PostFactory,
    RedirectFactory,
)

pytestmark = pytest.mark.django_db
LIST = reverse("admin:blog_redirect_changelist")
ADD = reverse("admin:blog_redirect_add")
EMPTY = {"to_path": "", "post": "", "category": "", "author": ""}


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


def test_new_address_of_an_author_is_told_once_she_has_something_to_read(client):
    author = AuthorFactory(slug="old")
    rename(author, "new")
    DraftFactory(author=author)
    before = where(client, "/authors/old/")

    PostFactory(author=author)

    assert before == (404, None)
    assert where(client, "/authors/old/") == (301, "/authors/new/")


@pytest.mark.parametrize("rows", [1, 3])
def test_list_of_redirects_says_where_they_lead(client, django_assert_num_queries, rows):
    for _ in range(rows):
        RedirectFactory(author=AuthorFactory(slug=""), category=None)
        RedirectFactory(post=DraftFactory(title="Bread"), category=None)
    RedirectFactory(category=CategoryFactory(slug="bread"))
    client.force_login(AdministratorFactory())
    client.get(LIST)

    with django_assert_num_queries(5):
        page = client.get(LIST).text

    assert page.count("Bread (not public)") == rows
    assert page.count("/authors/author-number-") == rows
    assert "/categories/bread/" in page


def test_very_deep_address_asks_a_short_question(django_assert_num_queries):
    with django_assert_num_queries(1) as questions:
        assert Redirect.objects.target_of("/old" * 2_000 + "/") is None

    assert len(questions[0]["sql"]) < 100_000


# --- Written by hand ---


def add(client, old_path, to_path):
    """What the form says against it, or None where the redirect is stored."""
    client.force_login(AdministratorFactory())
    answer = client.post(ADD, EMPTY | {"old_path": old_path, "to_path": to_path})
    client.logout()
    if answer.status_code == 302:
        return None
    return [text for texts in answer.context["errors"] for text in texts]


@pytest.mark.parametrize(
    ("to_path", "leads_to"),
    [
        ("/archive/", "/archive/"),
        ("/archive/?page=2#end", "/archive/?page=2#end"),
        ("https://blog.example.com/archive/", "https://blog.example.com/archive/"),
        ("http://[::1]:8000/old/", "http://[::1]:8000/old/"),
        ("https://elsewhere.example/old/", "https://elsewhere.example/old/"),
    ],
)
@pytest.mark.parametrize("old_path", ["/old/", "/%6Fld/"])
def test_old_address_leads_where_an_editor_says(client, old_path, to_path, leads_to):
    assert add(client, old_path, to_path) is None

    assert where(client, "/old/") == (301, leads_to)


@pytest.mark.parametrize(
    "to_path",
    [
        "https://",
        "http://[::1",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "ftp://elsewhere.example/",
        "javascript:alert(1)",
        "archive/",
    ],
)
def test_what_is_no_address_is_refused(client, to_path):
    assert add(client, "/old/", to_path) == ["Write a path on this site, or an https link."]


SAME = [
    "/olé/?a=1",
    "/olé/#x",
    "/ol%C3%A9/",
    "/olé",
    "https://blog.example.com/olé/",
    "http://blog.example.com/ol%C3%A9/?a=1",
]


@pytest.mark.parametrize("to_path", SAME)
def test_address_that_leads_to_itself_is_refused(client, to_path):
    refused = ["The new address leads somewhere else itself. Name the last one."]

    assert add(client, "/olé/", to_path) == refused
    assert add(client, "/ol%C3%A9/", to_path) == refused


@pytest.mark.parametrize("to_path", SAME)
def test_address_that_leads_on_is_refused(client, to_path):
    Redirect.objects.create(old_path="/olé/", to_path="/elsewhere/")

    refused = add(client, "/another/", to_path)

    assert refused == ["The new address leads somewhere else itself. Name the last one."]


@pytest.mark.parametrize("to_path", [*SAME, "http://[::1", "javascript:x"])
def test_no_stored_redirect_can_loop_or_fail(client, to_path):
    Redirect.objects.create(old_path="/olé/", to_path=to_path)

    assert where(client, "/olé/") == (404, None)


def test_two_addresses_that_lead_to_each_other_are_not_found(client):
    Redirect.objects.create(old_path="/a/", to_path="/b/?x")
    Redirect.objects.create(old_path="/b/", to_path="https://blog.example.com/a/#x")

    assert where(client, "/a/") == (404, None)
    assert where(client, "/b/") == (404, None)


def test_chain_is_one_step_for_the_reader(client):
    post = PostFactory(slug="first")
    Redirect.objects.create(old_path="/older/", to_path="/old/")
    Redirect.objects.create(old_path="/old/", to_path="/posts/first/?x")
    rename(post, "second")

    assert where(client, "/older/") == (301, "/posts/second/")


def test_page_with_an_endless_address_below_a_renamed_category_is_not_found(client):
    rename(CategoryFactory(slug="old"), "new")

    assert where(client, "/categories/old/" + "x" * 20_000) == (404, None)
