"""Every kind of page behind the sign-in, for those who do not see it or use no mouse."""

import pytest
from playwright.sync_api import Page, expect

from blog.models import Author, Category, Post
from newsletter.models import Subscriber, Terms
from tests.e2e.barriers import barriers
from tests.e2e.magazine import furnish
from tests.e2e.people import sign_in
from tests.factories import AdministratorFactory

# A new room is one line here.
PAGES = {
    "index": "",
    "posts": "blog/post/",
    "post": "blog/post/{post}/change/",
    "delete a post": "blog/post/{post}/delete/",
    "history of a post": "blog/post/{post}/history/",
    "categories": "blog/category/",
    "category": "blog/category/{category}/change/",
    "merge categories": "blog/category/merge/?from={category}",
    "authors": "blog/author/",
    "author": "blog/author/{author}/change/",
    "invite an author": "blog/author/add/",
    "old address": "blog/redirect/add/",
    "subscribers": "newsletter/subscriber/",
    "subscriber": "newsletter/subscriber/{subscriber}/change/",
    "erase a subscriber": "newsletter/subscriber/{subscriber}/erase/",
    "terms": "newsletter/terms/",
    "new terms": "newsletter/terms/add/",
    "published terms": "newsletter/terms/{terms}/change/",
    "site": "blog/site/1/change/",
}


@pytest.fixture
def rooms(newsroom: Page) -> Page:
    """A furnished newsroom, and an administrator in it."""
    furnish()
    sign_in(newsroom, AdministratorFactory().username, "a good long password")
    return newsroom


@pytest.mark.parametrize("path", ["login/", "password_reset/"])
def test_way_in_has_no_barrier(newsroom: Page, path: str):
    newsroom.goto(f"/admin/{path}")

    assert barriers(newsroom) == {}


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_room_has_no_barrier(rooms: Page, path: str):
    rooms.goto(f"/admin/{path}".format(**_numbers()))

    assert barriers(rooms) == {}


def test_list_of_authors_to_choose_from_has_no_barrier(rooms: Page):
    rooms.goto("/admin/blog/redirect/add/")
    rooms.get_by_role("combobox", name="Author: No author chosen").click()
    rooms.get_by_role("option", name="Ada Penn").wait_for()
    assert barriers(rooms) == {}

    rooms.get_by_role("searchbox", name="Author").fill("Bo")
    rooms.get_by_role("option", name="Bo Plain").click()
    expect(rooms.get_by_role("combobox", name="Author:")).to_contain_text("Bo Plain")


def _numbers() -> dict[str, int]:
    """One row of each kind that a page can be about."""
    return {
        "post": Post.objects.get(slug="on-reading").pk,
        "category": Category.objects.get(slug="slow-work").pk,
        "author": Author.objects.get(slug="ada-penn").pk,
        "subscriber": Subscriber.objects.filter(status="active").get().pk,
        "terms": Terms.objects.get(version="1").pk,
    }
