"""Slugs: every title gets its own, and an old address is never lost."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections
from django.test import TransactionTestCase

from blog.models import Category, Post, Redirect
from tests.factories import AuthorFactory, CategoryFactory, DraftFactory, PostFactory
from tests.processes import at_once

pytestmark = pytest.mark.django_db


def test_slug_is_made_from_the_title():
    post = DraftFactory(title="Hello, world")

    assert post.slug == "hello-world"


def test_same_title_gets_a_number():
    slugs = [DraftFactory(title="Hello").slug for _ in range(3)]

    assert slugs == ["hello", "hello-2", "hello-3"]


@pytest.mark.parametrize("title", ["C++", "C#", "日本語", "Привет", "🎉", "---", "a" * 200])
def test_every_title_gets_its_own_slug(title):
    first, second = DraftFactory(title=title), DraftFactory(title=title)

    assert first.slug
    assert second.slug
    assert first.slug != second.slug
    assert len(second.slug) <= 80


def test_chosen_slug_that_is_taken_is_refused():
    DraftFactory(slug="mine")

    with pytest.raises(IntegrityError):
        DraftFactory(slug="mine")


def test_author_slug_never_shows_the_login_name():
    author = AuthorFactory(username="secret-login", display_name="")

    assert "secret" not in author.slug
    assert "secret" not in str(author)


def test_renamed_public_post_is_remembered():
    post = PostFactory(slug="old")

    post.slug = "new"
    post.save()

    assert [(row.old_path, row.post) for row in Redirect.objects.all()] == [("/posts/old/", post)]


def test_renamed_draft_leaves_no_trace():
    post = DraftFactory(slug="old")

    post.slug = "new"
    post.save()

    assert not Redirect.objects.exists()


def test_redirect_to_unpublished_post_leads_nowhere():
    post = PostFactory(slug="old")
    post.slug = "new"
    post.save()
    assert Redirect.objects.target_of("/posts/old/") == "/posts/new/"

    post.unpublish()

    assert Redirect.objects.target_of("/posts/old/") is None


def test_renamed_category_takes_its_feeds_along():
    category = CategoryFactory(name="Old")

    category.slug = "new"
    category.save()

    assert Redirect.objects.target_of("/categories/old/feed/rss/") == "/categories/new/feed/rss/"
    assert Redirect.objects.target_of("/categories/older/") is None


def test_redirect_needs_exactly_one_target():
    with pytest.raises(IntegrityError):
        Redirect.objects.create(old_path="/x/")


def test_redirect_needs_a_path():
    redirect = Redirect(old_path="no-slash", to_path="javascript:alert(1)")

    with pytest.raises(ValidationError) as refused:
        redirect.full_clean()

    assert set(refused.value.message_dict) == {"old_path", "to_path"}


class ParallelSaves(TransactionTestCase):
    def test_twenty_saves_of_one_title_give_twenty_slugs(self) -> None:
        faults = at_once(20, lambda _: Post(title="Same").save())

        assert faults == []
        assert Post.objects.filter(slug__startswith="same").count() == 20

    def test_twenty_saves_of_one_chosen_slug_give_one_row(self) -> None:
        faults = at_once(20, lambda n: Category(name=f"Name {n}", slug="mine").save())

        assert {type(fault) for fault in faults} == {IntegrityError}
        assert Category.objects.filter(slug="mine").count() == 1

    def tearDown(self) -> None:
        connections.close_all()
