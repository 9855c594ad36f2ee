"""Public pages out of memory show each change at the next request. docs/pages.md."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from blog import editions, freshness
from blog.models import Author, Edition, Post
from tests.config.pages.conftest import ROOM
from tests.factories import CategoryFactory, DraftFactory, PostFactory, SiteFactory, TermsFactory
from tests.processes import at_once
from tests.wsgi import ask, send


def raw(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def rename(row, **fields) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


CHANGES = {
    "a save": lambda post: rename(post, title="Second title"),
    "an update of many": lambda post: Post.objects.update(title="Second title"),
    "an update of one field": lambda post: Post(pk=post.pk, title="x").save(
        update_fields=["title"]
    ),
    "a statement by hand": lambda post: raw("UPDATE blog_post SET title = 'Second title'"),
    "a bulk update": lambda post: Post.objects.bulk_update(
        [Post(pk=post.pk, title="Second title")], ["title"]
    ),
    "taking it back": lambda post: post.unpublish(),
    "deleting it": lambda post: post.delete(),
    "a category": lambda post: post.categories.add(CategoryFactory(name="Tools")),
    "an author's name": lambda post: rename(post.author, display_name="Grace"),
    "an author who is deleted": lambda post: post.author.delete(),
    "the site's name": lambda post: SiteFactory(name="Another name"),
    "new terms": lambda post: TermsFactory(version="7"),
}


@pytest.mark.parametrize("room", [ROOM, 0], ids=["kept", "made each time"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_change_is_seen_at_the_next_request(process, site, post, change, room):
    pages = process(site, room)
    before = ask(pages, "/posts/first/")

    change(post)

    assert before.status == 200
    assert ask(pages, "/posts/first/").body != before.body


def test_closed_sign_ups_are_seen_by_whoever_sends_the_form_next(pages):
    site, terms = SiteFactory(), TermsFactory()
    form = {"email": "ada@example.com", "agreed_to_terms": "true", "terms_version": terms.version}
    before = send(pages, "/newsletter/subscribe/", form)

    rename(site, signups_open=False)

    assert before.status == 303
    assert send(pages, "/newsletter/subscribe/", form).status == 403


def test_change_by_another_process_is_seen_at_the_next_request(pages, post):
    """Another process is another connection, and marks what it did in the same place."""
    before = ask(pages, "/posts/first/")

    at_once(1, lambda _: Post.objects.update(title="Second title"))

    assert b"First title" in before.body
    assert b"Second title" in ask(pages, "/posts/first/").body


def test_change_of_several_rows_is_seen_when_it_is_committed(pages, post):
    ask(pages, "/posts/first/")

    with transaction.atomic():
        Post.objects.update(title="Second title")
        CategoryFactory(name="Tools")
        seen = []
        at_once(1, lambda _: seen.append(ask(pages, "/posts/first/").body))

    assert b"First title" in seen[0]
    assert b"Second title" in ask(pages, "/posts/first/").body


def test_change_whose_process_died_before_it_could_say_so_is_seen_soon(pages, post, monkeypatch):
    ask(pages, "/posts/first/")
    with monkeypatch.context() as killed:
        killed.setattr(freshness.Mark, "change", lambda mark: None)
        Post.objects.update(title="Second title")

    monkeypatch.setattr(freshness, "BELIEVED", 0)

    assert b"Second title" in ask(pages, "/posts/first/").body


def test_change_is_seen_where_the_host_has_no_place_for_marks(process, site, post, monkeypatch):
    monkeypatch.setattr(freshness, "mark_of_this_host", lambda: None)
    pages = process(site)
    ask(pages, "/posts/first/")

    Post.objects.update(title="Second title")

    assert b"Second title" in ask(pages, "/posts/first/").body


def test_scheduled_post_appears_at_its_minute(pages):
    with time_machine.travel("2026-05-20 12:00:00Z", tick=False) as clock:
        PostFactory(title="Early", published_at=timezone.now() + timedelta(minutes=1))
        PostFactory(title="Late", published_at=timezone.now() + timedelta(minutes=2))
        seen = []
        for _ in range(3):
            body = ask(pages).body
            seen.append([title for title in (b"Early", b"Late") if title in body])
            clock.shift(timedelta(minutes=1))

    assert seen == [[], [b"Early"], [b"Early", b"Late"]]


def test_page_that_was_being_made_during_a_change_is_not_shown_after_it(process, site, post):
    """The site has read the old title when the new one is committed."""
    reading = []

    def slow(environ, start_response):
        answer = list(site(environ, start_response))
        if not reading:
            reading.append(1)
            at_once(1, lambda _: Post.objects.update(title="Second title"))
        return answer

    pages = process(slow)

    assert b"First title" in ask(pages, "/posts/first/").body
    assert b"Second title" in ask(pages, "/posts/first/").body


def test_nothing_is_answered_from_memory_while_the_database_is_away(pages, site, post, monkeypatch):
    ask(pages, "/posts/first/")

    def away(connection):
        raise OperationalError("no connection")

    monkeypatch.setattr(editions, "current", away)
    monkeypatch.setattr(freshness, "BELIEVED", 0)
    ask(pages, "/posts/first/")

    assert site.made == 2


# --- Kept in spite of changes that nobody sees ---

UNSEEN = {
    "a draft": lambda post: DraftFactory(author=post.author),
    "a draft's text": lambda post: rename(DraftFactory(author=post.author), body="Other words"),
    "a sign-in": lambda post: Author.objects.update(last_login=timezone.now()),
    "a password": lambda post: Author.objects.update(password="x"),
    "a draft of terms": lambda post: TermsFactory(version="8", published_at=None),
}


@pytest.mark.parametrize("change", UNSEEN.values(), ids=UNSEEN.keys())
def test_change_that_nobody_sees_leaves_pages_where_they_are(pages, site, post, change):
    ask(pages, "/posts/first/")

    change(post)
    ask(pages, "/posts/first/")

    assert site.made == 1


def test_change_that_was_rolled_back_leaves_pages_where_they_are(pages, site, post):
    ask(pages, "/posts/first/")

    with transaction.atomic():
        Post.objects.update(title="Second title")
        transaction.set_rollback(True)

    assert b"First title" in ask(pages, "/posts/first/").body
    assert site.made == 1


# --- The database's part ---


def test_two_writers_do_not_wait_for_each_other(post):
    """Nothing is locked that both need, so that neither can be in the other's way."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time anyhow")
    other = PostFactory()

    with transaction.atomic():
        Post.objects.filter(pk=post.pk).update(title="One")
        faults = at_once(1, lambda _: Post.objects.filter(pk=other.pk).update(title="Two"))

    assert faults == []
    assert sorted(Post.objects.values_list("title", flat=True)) == ["One", "Two"]


def test_triggers_are_there_again_after_a_table_was_remade(pages, post):
    ask(pages, "/posts/first/")
    with connection.cursor() as cursor:
        on = "" if connection.vendor == "sqlite" else " ON blog_post"
        cursor.execute(f"DROP TRIGGER blog_post_edition_update{on}")

    editions.fit(using="default")
    ask(pages, "/posts/first/")
    Post.objects.update(title="Second title")

    assert b"Second title" in ask(pages, "/posts/first/").body


def test_many_editions_are_folded_into_one_that_is_new():
    Edition.objects.all().delete()
    for _ in range(201):
        Edition.objects.begin()
    before = set(Edition.objects.values_list("token", flat=True))

    Edition.objects.fold()

    after = set(Edition.objects.values_list("token", flat=True))
    assert (len(after), after & before) == (1, set())


def test_few_editions_are_left_alone():
    Edition.objects.begin()
    before = list(Edition.objects.values_list("token", flat=True))

    Edition.objects.fold()

    assert list(Edition.objects.values_list("token", flat=True)) == before
