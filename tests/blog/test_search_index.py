"""The index tells the truth at the next search, whoever changed what and how."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from blog.models import Category, Post, SearchEntry, SearchMark, SearchWord
from blog.search import triggers
from blog.search.backends import backend
from blog.search.clauses import Clause
from blog.search.index import catch_up
from blog.search.query import Tokens
from blog.sweep import sweep
from blog.tasks import take_in_posts
from tests.blog.test_search import found, look, words
from tests.factories import AuthorFactory, CategoryFactory, PostFactory
from tests.newsroom import save
from tests.plans import plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def post():
    return PostFactory(title="Sourdough", body="Flour and water.", categories=[])


def tokens() -> int:
    """Rows in the database's own index."""
    sql = {
        "sqlite": "SELECT count(*) FROM blog_search",
        "postgresql": "SELECT count(vector) FROM blog_searchentry",
    }
    with connection.cursor() as cursor:
        cursor.execute(sql[connection.vendor])
        return cursor.fetchone()[0]


def test_post_is_indexed_in_the_transaction_that_saves_it(client, post):
    post.title = "Rye"
    with transaction.atomic():
        post.save()
        assert not SearchMark.objects.exists()
        transaction.set_rollback(True)

    assert found(client, "sourdough") == ["Sourdough"]
    assert found(client, "rye") == []
    post.save()
    assert found(client, "rye") == ["Rye"]
    assert found(client, "sourdough") == []


def test_post_that_is_saved_and_filed_in_one_form_is_taken_in_once(client, admin_client, post):
    tools = CategoryFactory(name="Tools")

    with CaptureQueriesContext(connection) as queries:
        save(admin_client, post, title="Rye", categories=[tools.pk])

    assert sum('INSERT INTO "blog_searchentry"' in query["sql"] for query in queries) == 1
    assert not SearchMark.objects.exists()
    assert found(client, "rye") == found(client, "tools") == ["Rye"]


@pytest.mark.parametrize("fields", [["title"], ["body"], ["status"], ["language"]])
def test_save_of_some_fields_is_enough(client, post, fields):
    post.title, post.body, post.status, post.language = "Rye", "Salt", "draft", "de"

    post.save(update_fields=fields)

    question = {"title": "rye", "body": "salt"}.get(fields[0], "sourdough")
    assert bool(found(client, question)) == (fields != ["status"])
    assert not SearchMark.objects.exists()
    assert SearchEntry.objects.get().language == ("de" if fields == ["language"] else "en")


@pytest.mark.parametrize(
    ("change", "question"),
    [
        ({"title": "Rye"}, "rye"),
        ({"summary": "Salt"}, "salt"),
        ({"body": "Only **butter** now."}, "butter"),
    ],
)
def test_change_in_bulk_is_found_at_the_next_search(client, post, change, question):
    Post.objects.update(**change)

    assert len(found(client, question)) == 1
    assert bool(found(client, "flour")) == ("body" not in change)


def test_body_that_was_changed_in_bulk_is_laid_out_as_well(client, post):
    Post.objects.update(body="Only **butter** now.")
    look(client, "butter")

    assert "<strong>butter</strong>" in client.get("/posts/sourdough/").text


def test_posts_that_come_in_bulk_are_found(client):
    Post.objects.bulk_create(
        [
            Post(
                title=title,
                slug=title,
                body="Some *pebbles*.",
                status="published",
                published_at=timezone.now(),
            )
            for title in ("one", "two")
        ]
    )

    assert sorted(found(client, "pebble")) == ["one", "two"]


def test_visibility_that_was_changed_in_bulk_is_right_before_anything_is_read_again(client, post):
    Post.objects.update(status="draft")
    assert not SearchEntry.objects.published().exists()
    assert found(client, "sourdough") == []

    Post.objects.update(status="published", published_at=timezone.now() + timedelta(days=1))
    assert not SearchEntry.objects.published().exists()

    Post.objects.update(published_at=timezone.now())
    assert SearchEntry.objects.published().exists()
    assert found(client, "sourdough") == ["Sourdough"]


def test_scheduled_post_is_found_at_its_minute(client):
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        PostFactory(title="Sourdough", published_at=timezone.now() + timedelta(seconds=60))
        before = found(client, "sourdough")

        clock.shift(60)

        assert (before, found(client, "sourdough")) == ([], ["Sourdough"])


def test_new_date_puts_a_post_in_its_new_place(client, post, monkeypatch):
    monkeypatch.setattr("blog.search.finding.MOST_RANKED", 1)
    PostFactory(title="Newer sourdough", published_at=timezone.now() - timedelta(days=1))
    assert found(client, "sourdough") == ["Sourdough"]

    Post.objects.filter(pk=post.pk).update(published_at=timezone.now() - timedelta(days=2))

    assert found(client, "sourdough") == ["Newer sourdough"]
    assert tokens() == 2


@pytest.mark.parametrize("side", ["add", "set", "from the category", "by the table"])
def test_filing_a_post_is_seen(client, post, side):
    tools = CategoryFactory(name="Tools")
    match side:
        case "add":
            post.categories.add(tools)
        case "set":
            post.categories.set([tools])
        case "from the category":
            tools.posts.add(post)
        case "by the table":
            Post.categories.through.objects.create(post=post, category=tools)

    assert found(client, "tools") == found(client, "sourdough", category="tools") == ["Sourdough"]
    tools.posts.clear()
    assert found(client, "tools") == found(client, "sourdough", category="tools") == []


def test_merged_category_hands_its_posts_over(client, post):
    tools, rest = CategoryFactory(name="Tools"), CategoryFactory(name="Rest")
    post.categories.add(tools)

    tools.merge_into(rest)

    assert not SearchMark.objects.exists()
    assert found(client, "sourdough", category="rest") == found(client, "rest") == ["Sourdough"]
    assert found(client, "tools") == []


def test_deleted_author_and_deleted_post_are_gone(client):
    author = AuthorFactory(display_name="Mara")
    post = PostFactory(title="Sourdough", author=author)
    author.delete()
    assert (found(client, "mara"), found(client, "sourdough")) == ([], ["Sourdough"])

    post.delete()

    assert found(client, "sourdough") == []
    assert (SearchEntry.objects.count(), tokens()) == (0, 0)


def test_posts_deleted_in_bulk_are_gone(client, post):
    PostFactory()
    Post.objects.all().delete()

    assert (SearchEntry.objects.count(), tokens()) == (0, 0)


def test_too_many_changes_for_one_search_are_told_and_left_to_the_worker(client, monkeypatch):
    monkeypatch.setattr("blog.search.index.MOST_MARKS", 2)
    monkeypatch.setattr("blog.tasks.MOST_MARKS", 2)
    PostFactory.create_batch(5, title="Pebble", body="")
    Post.objects.update(title="Stone")

    page = look(client, "pebble")

    assert "Many posts changed a moment ago" in words(page)
    assert "no-store" in page.headers["Cache-Control"]
    sweep()
    assert "blog.tasks.take_in_posts" in {row.task_path for row in DBTaskResult.objects.all()}
    while take_in_posts.call():
        pass
    assert len(found(client, "stone")) == 5
    assert look(client, "stone").headers["Cache-Control"] == "public, no-cache"


def test_search_goes_on_where_nothing_can_be_written(client, post, monkeypatch):
    from django.db import OperationalError

    def refuse(*args: object, **kwargs: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("blog.search.index.catch_up", refuse)

    assert "Many posts changed a moment ago" in words(look(client, "flour"))
    assert found(client, "flour") == ["Sourdough"]


def test_reindex_makes_all_anew(client, post, capsys):
    SearchEntry.objects.all().delete()
    SearchWord.objects.all().delete()
    assert found(client, "flour") == []

    call_command("reindex")

    assert capsys.readouterr().out == "1 posts can be found.\n"
    assert found(client, "flour") == ["Sourdough"]
    assert SearchWord.objects.filter(word="flour").exists()
    assert not SearchMark.objects.exists()


def test_migrate_fits_triggers_again_and_marks_what_has_no_entry(client, post):
    triggers.take_away(connection.alias, plan=["anything"])
    SearchEntry.objects.all().delete()

    triggers.fit(connection.alias)

    assert SearchMark.objects.count() == 1
    assert found(client, "flour") == ["Sourdough"]
    Post.objects.update(title="Rye")
    assert found(client, "rye") == ["Rye"]


def test_mark_of_a_post_that_is_no_more_is_forgotten(client):
    SearchMark.objects.create(post_id=10**9)

    catch_up()

    assert not SearchMark.objects.exists()


def test_newest_posts_answer_alone_where_they_suffice(client, monkeypatch):
    monkeypatch.setattr("blog.search.finding.MOST_RANKED", 1)
    monkeypatch.setattr("blog.search.postgresql.RECENT", 2)
    monkeypatch.setattr("blog.search.postgresql.MOST_RECENT", 2)
    now = timezone.now()
    for days, title in [(1, "Old rye"), (2, "Older rye"), (0, "New wheat"), (3, "Oldest wheat")]:
        PostFactory(title=title, published_at=now - timedelta(days=days))

    backend().tidy()

    assert found(client, "rye") == ["Old rye"]
    assert found(client, "wheat") == ["New wheat"]
    Post.objects.filter(title="Oldest wheat").update(published_at=now)
    Post.objects.filter(title="New wheat").update(published_at=now - timedelta(days=9))
    assert found(client, "wheat") == ["Oldest wheat"]


def test_phrase_is_found_among_older_posts_where_the_newest_do_not_suffice(client, monkeypatch):
    monkeypatch.setattr("blog.search.postgresql.RECENT", 2)
    monkeypatch.setattr("blog.search.postgresql.MOST_RECENT", 2)
    now, texts = timezone.now(), ["A slow oven.", "Oven, slow."]
    for days, title in enumerate(["One", "Two", "Three", "Four", "Five", "Six", "Seven"]):
        day = now - timedelta(days=days)
        PostFactory(title=title, body=texts[days % 2], summary="", published_at=day)

    backend().tidy()

    with_phrase = ["One", "Three", "Five", "Seven"]
    for most in range(1, 5):
        monkeypatch.setattr("blog.search.finding.MOST_RANKED", most)
        assert found(client, '"slow oven"') == with_phrase[:most]
        assert found(client, 'slow "slow oven" -dough') == with_phrase[:most]
        assert found(client, 'oven -"slow oven"') == ["Two", "Four", "Six"][:most]


def test_posts_that_came_the_newest_first_are_recent_too(client, monkeypatch):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite reads its index from the newest down.")
    monkeypatch.setattr("blog.search.postgresql.RECENT", 2)
    now = timezone.now()
    for days in range(4):
        PostFactory(published_at=now - timedelta(days=days))

    backend().tidy()

    with connection.cursor() as cursor:
        cursor.execute("SELECT recent FROM blog_searchentry ORDER BY newness DESC")
        assert cursor.fetchall() == [(True,), (True,), (False,), (False,)]


def test_search_reads_no_more_of_a_match_than_an_index_has():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL finds entries by their words.")

    with CaptureQueriesContext(connection) as queries:
        backend().ranked([Clause((Tokens(("oven",)),))], 10)

    assert "SEARCH blog_searchentry USING COVERING INDEX searchentry_by_number" in " ".join(
        plan(queries[0]["sql"])
    )


def test_very_long_text_of_many_different_words_is_taken(client):
    PostFactory(title="Long", body=" ".join(f"w{n:x}{'q' * 40}" for n in range(4000)))
    han = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(60_000))
    PostFactory(title="Han", body=han)

    assert found(client, "long") == ["Long"]
    assert found(client, han[100:103]) == ["Han"]


def test_category_is_renamed_without_touching_a_post(client, post, django_assert_num_queries):
    post.categories.add(CategoryFactory(name="Tools"))

    Category.objects.update(name="Rest")

    assert not SearchMark.objects.exists()
    assert found(client, "rest") == ["Sourdough"]
