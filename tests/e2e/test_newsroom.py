"""Every kind of page behind the sign-in, for those who do not see it or use no mouse."""

import pytest
from playwright.sync_api import Page, expect

from blog.models import Author, Category, Post
from newsletter import installation
from newsletter.models import Issue, Subscriber, Terms
from tests.e2e.barriers import barriers
from tests.e2e.magazine import furnish
from tests.e2e.people import sign_in
from tests.factories import (
    AdministratorFactory,
    DeliveryFactory,
    FrozenMailFactory,
    IssueFactory,
    IssuePostFactory,
    RunningIssueFactory,
)

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
    "issues": "newsletter/issue/",
    "new issue": "newsletter/issue/add/",
    "issue": "newsletter/issue/{draft}/change/",
    "send an issue": "newsletter/issue/{draft}/send/",
    "issue as text": "newsletter/issue/{draft}/send/?look=text",
    "progress of an issue": "newsletter/issue/{issue}/progress/",
    "cancel an issue": "newsletter/issue/{issue}/cancel/",
    "subscribers": "newsletter/subscriber/",
    "subscriber": "newsletter/subscriber/{subscriber}/change/",
    "erase a subscriber": "newsletter/subscriber/{subscriber}/erase/",
    "terms": "newsletter/terms/",
    "new terms": "newsletter/terms/add/",
    "published terms": "newsletter/terms/{terms}/change/",
    "digests": "newsletter/digest/",
    "new digest": "newsletter/digest/add/",
    "settings of the newsletter": "newsletter/newslettersettings/1/change/",
    "site": "blog/site/1/change/",
    "pages": "blog/page/",
    "new page": "blog/page/add/",
}


@pytest.fixture
def rooms(newsroom: Page) -> Page:
    """A furnished newsroom, and an administrator in it."""
    furnish()
    _furnish_desk()
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


def _furnish_desk() -> None:
    """An issue that is written, and one that is on its way with all that can go wrong."""
    IssuePostFactory(
        issue=IssueFactory(body="Some words."), post=Post.objects.get(slug="on-reading")
    )
    issue = RunningIssueFactory(subject="On its way", frozen_count=5, owner=installation.identity())
    FrozenMailFactory(issue=issue)
    for status in ("sent", "waiting", "failed", "unknown", "skipped"):
        DeliveryFactory(issue=issue, status=status, reply="450 4.2.0 Later")


def _numbers() -> dict[str, int]:
    """One row of each kind that a page can be about."""
    return {
        "post": Post.objects.get(slug="on-reading").pk,
        "category": Category.objects.get(slug="slow-work").pk,
        "author": Author.objects.get(slug="ada-penn").pk,
        "draft": Issue.objects.drafts().get().pk,
        "issue": Issue.objects.get(subject="On its way").pk,
        "subscriber": Subscriber.objects.filter(status="active").first().pk,
        "terms": Terms.objects.get(version="1").pk,
    }
