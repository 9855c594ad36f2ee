"""What saving a post, a category or the site does."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from blog.models import Author, Category, Post, Site
from tests.factories import AuthorFactory, CategoryFactory, DraftFactory, PostFactory

pytestmark = pytest.mark.django_db


def test_saved_post_has_its_html():
    post = DraftFactory(body="Some *words* here.")

    assert "<em>words</em>" in Post.objects.get(pk=post.pk).html


def test_body_saved_alone_is_rendered_too():
    post = DraftFactory(body="Old.")

    post.body = "New *words*."
    post.save(update_fields=["body"])

    assert "<em>words</em>" in Post.objects.get(pk=post.pk).html


def test_scheduled_post_goes_live_at_its_minute():
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        post = PostFactory(published_at=timezone.now() + timedelta(minutes=1))
        assert list(Post.objects.published()) == []
        assert list(Post.objects.scheduled()) == [post]

        clock.shift(timedelta(minutes=1))

        assert list(Post.objects.published()) == [post]
        assert list(Post.objects.scheduled()) == []


def test_published_post_without_a_time_is_published_now():
    with time_machine.travel("2026-05-01 12:00Z", tick=False):
        post = DraftFactory(status="published")

    assert post.published_at == datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_published_post_without_a_time_is_refused_by_the_database():
    post = PostFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        Post.objects.filter(pk=post.pk).update(published_at=None)

    assert Post.objects.published().count() == 1


def test_unpublished_post_keeps_its_date():
    post = PostFactory()
    date = post.published_at

    post.unpublish()
    post.publish()

    assert Post.objects.published().get().published_at == date


def test_edited_post_says_when_and_a_published_one_does_not():
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        post = PostFactory(body="One.")
        clock.shift(timedelta(days=3))
        post.unpublish()
        post.publish()
        assert not post.was_updated

        post.body = "Two."
        post.save()

    assert post.was_updated
    assert post.updated_at == datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_date_of_update_can_be_brought_along():
    post = PostFactory()
    date = datetime(2020, 1, 1, tzinfo=UTC)

    post.body, post.updated_at = "Two.", date
    post.save()

    assert Post.objects.get().updated_at == date


def test_deleted_author_leaves_the_posts():
    post = PostFactory()

    Author.objects.all().delete()

    assert Post.objects.published().get() == post


def test_authors_are_public_while_they_have_public_posts():
    author = PostFactory().author
    DraftFactory()
    PostFactory(published_at=timezone.now() + timedelta(days=1))

    assert list(Author.objects.published()) == [author]


def test_category_counts_only_what_the_public_may_see():
    category, empty = CategoryFactory(), CategoryFactory()
    PostFactory(categories=[category])
    PostFactory(categories=[category, empty], published_at=timezone.now() + timedelta(days=1))
    DraftFactory(categories=[category])

    counts = {row: row.published_count for row in Category.objects.with_counts()}

    assert counts == {category: 1, empty: 0}


def test_text_is_cleaned_whoever_saves_it():
    post = DraftFactory(title=" Two\nlines\x00 ", body="One\r\ntwo\x07")

    post.refresh_from_db()
    assert (post.title, post.body) == ("Two lines", "One\ntwo")


@pytest.mark.parametrize("bad", ["\r\nBcc: x@example.com", "a\u2028b", "a\x0bb", "a\x00b"])
def test_sender_name_with_a_line_break_is_refused_at_save(bad):
    site = Site(sender_name=f"Penny{bad}")

    with pytest.raises(ValidationError), transaction.atomic():
        site.save()

    assert not Site.objects.exists()


def test_site_stays_one_row():
    Site(name="One").save()
    Site(name="Two").save()

    assert [site.name for site in Site.objects.all()] == ["Two"]
    assert Site.current().name == "Two"


def test_editable_posts_are_ones_own():
    mine = DraftFactory(author=AuthorFactory())
    DraftFactory()

    assert list(Post.objects.editable_by(mine.author)) == [mine]
