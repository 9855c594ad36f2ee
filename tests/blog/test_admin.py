"""Posts in the newsroom: the list, the form, and two editors at once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin import ModelAdmin
from django.db import IntegrityError, connections
from django.test import Client, TransactionTestCase
from django.urls import reverse
from django.utils import timezone

from blog.models import Post
from tests.blog.pictures import picture, upload
from tests.factories import (
    AdministratorFactory,
    AuthorFactory,
    CategoryFactory,
    DraftFactory,
    PostFactory,
    StaffFactory,
)
from tests.lasting import lasting_rows
from tests.newsroom import admin_url, form_of, open_form, save

pytestmark = pytest.mark.django_db
POSTS = reverse("admin:blog_post_changelist")
ADD = reverse("admin:blog_post_add")


@pytest.fixture
def editor(client):
    editor = StaffFactory(role="Editor", display_name="Edda")
    client.force_login(editor)
    return editor


def titles(response):
    return [post.title for post in response.context["cl"].result_list]


# --- The list ---


def test_list_says_what_is_draft_scheduled_and_published(client, editor):
    DraftFactory(title="Unfinished")
    PostFactory(title="Tomorrow", published_at=timezone.now() + timedelta(days=1))
    PostFactory(title="Out")

    page = client.get(POSTS).content.decode()

    assert '<span class="label label-draft">Draft</span>' in page
    assert '<span class="label label-scheduled">Scheduled</span>' in page
    assert '<span class="label label-published">Published</span>' in page


@pytest.mark.parametrize(
    ("state", "found"), [("drafts", "Draft"), ("scheduled", "Tomorrow"), ("published", "Out")]
)
def test_list_is_narrowed_by_state(client, editor, state, found):
    DraftFactory(title="Draft")
    PostFactory(title="Tomorrow", published_at=timezone.now() + timedelta(days=1))
    PostFactory(title="Out")

    response = client.get(POSTS, {"state": state})

    assert titles(response) == [found]


def test_list_is_narrowed_by_category_and_author(client, editor):
    mine, other = CategoryFactory(), CategoryFactory()
    ida = AuthorFactory(display_name="Ida")
    DraftFactory(title="Both", author=ida, categories=[mine, other])
    DraftFactory(title="Other", author=ida, categories=[other])
    DraftFactory(title="Foreign", categories=[mine])

    response = client.get(POSTS, {"category": mine.pk, "author": ida.pk})

    assert titles(response) == ["Both"]


@pytest.mark.parametrize(
    ("date", "found"),
    [
        ("2025", ["May", "March"]),
        ("2025-05", ["May"]),
        ("2025-05-03", ["May"]),
        ("2025-05-04", []),
        ("2024", []),
        ("0000", []),
        ("2025-13", []),
        ("9999", []),
        ("x", []),
    ],
)
def test_list_is_narrowed_by_date(client, editor, date, found):
    PostFactory(title="March", published_at=datetime(2025, 3, 1, tzinfo=UTC))
    PostFactory(title="May", published_at=datetime(2025, 5, 3, 23, 59, tzinfo=UTC))

    response = client.get(POSTS, {"date": date})

    assert response.status_code == 200
    assert titles(response) == found


def test_dates_open_from_years_to_months_to_days(client, editor):
    PostFactory(published_at=datetime(2024, 3, 1, tzinfo=UTC))
    PostFactory(published_at=datetime(2025, 5, 3, tzinfo=UTC))

    years = client.get(POSTS).content.decode()
    months = client.get(POSTS, {"date": "2025"}).content.decode()
    days = client.get(POSTS, {"date": "2025-05"}).content.decode()

    assert "?date=2024" in years
    assert "?date=2025-05" not in years
    assert "?date=2025-05" in months
    assert "?date=2025-05-03" not in months
    assert "?date=2025-05-03" in days


def test_only_years_that_have_posts_are_offered(client, editor):
    for year in (1900, 2024, 2025, 2199):
        PostFactory(published_at=datetime(year, 6, 1, tzinfo=UTC))
    DraftFactory(published_at=datetime(2023, 6, 1, tzinfo=UTC))

    page = client.get(POSTS).text

    assert re.findall(r"\?date=(\d+)", page) == ["2199", "2025", "2024", "1900"]


def test_list_is_searched_by_words_of_the_title(client, editor):
    DraftFactory(title="The slow return of the night train")
    DraftFactory(title="Bread")

    response = client.get(POSTS, {"q": "NIGHT slow"})

    assert titles(response) == ["The slow return of the night train"]


@pytest.mark.parametrize(
    "lookup",
    ["author__password__startswith", "author__email", "body__contains", "title", "id__in"],
)
def test_list_is_narrowed_by_nothing_that_it_does_not_offer(client, editor, lookup):
    DraftFactory()

    response = client.get(POSTS, {lookup: "m"})

    assert response.status_code == 400


@pytest.mark.parametrize("page", ["0", "-1", "abc", "٣", "9" * 20, "9" * 5000])
def test_list_survives_any_page_number(client, editor, page):
    DraftFactory()

    response = client.get(POSTS, {"p": page}, follow=True)

    assert response.status_code == 200


def test_list_begins_with_what_was_worked_on_last_and_the_public_one_with_the_newest(
    client, editor
):
    may = datetime(2026, 5, 20, tzinfo=UTC)
    for title, days in (("Newest", 0), ("Mended today", 9)):
        PostFactory(title=title, published_at=may - timedelta(days=days))
    Post.objects.filter(title="Mended today").update(updated_at=timezone.now())

    assert titles(client.get(POSTS)) == ["Mended today", "Newest"]
    for narrowed in ({"state": "published"}, {"date": "2026-05"}):
        assert titles(client.get(POSTS, narrowed)) == ["Newest", "Mended today"]


@pytest.mark.parametrize("name", ["category", "author", "state", "date"])
@pytest.mark.parametrize("value", ["0", "x", "9" * 20, "9" * 5000, "٣", "%00"])
def test_list_survives_any_filter(client, editor, name, value):
    DraftFactory(categories=[CategoryFactory()])

    response = client.get(f"{POSTS}?{name}={value}", follow=True)

    assert response.status_code == 200


@pytest.mark.parametrize("number", ["0", "x", "9" * 20, "9" * 5000, "٣", ""])
def test_action_on_no_row_of_ours_is_not_found(client, editor, number):
    post = DraftFactory()
    data = {"action": "publish", "index": "0", "_selected_action": [number]}

    answer = client.post(POSTS, data)

    assert answer.status_code == (302 if number == "0" else 404)
    assert Post.objects.get(pk=post.pk).status == "draft"


@pytest.mark.parametrize("number", [1, 3])
def test_list_needs_as_many_queries_for_one_post_as_for_three(
    client, editor, django_assert_num_queries, number
):
    for _ in range(number):
        DraftFactory(categories=[CategoryFactory(), CategoryFactory()])
    client.get(POSTS)  # what the process keeps, like the site's content types, is read

    with django_assert_num_queries(12):
        client.get(POSTS)


# --- Many at once ---


def act(client, action, posts, **more):
    data = {"action": action, "index": "0", "_selected_action": [post.pk for post in posts]}
    return client.post(POSTS, data | more, follow=True)


def test_drafts_are_published_together(client, editor):
    posts = [DraftFactory(), DraftFactory()]
    untouched = DraftFactory()

    response = act(client, "publish", posts)

    assert set(Post.objects.published()) == set(posts)
    assert Post.objects.get(pk=untouched.pk).status == "draft"
    assert "2 posts were published." in response.content.decode()


def test_posts_are_taken_back_together_and_keep_their_date(client, editor):
    post = PostFactory()

    act(client, "unpublish", [post])

    stored = Post.objects.get()
    assert (stored.status, stored.published_at) == ("draft", post.published_at)


@pytest.mark.parametrize("across", ["1", "2", "on", "true"])
def test_more_than_a_thousand_are_not_changed_at_once(client, editor, monkeypatch, across):
    monkeypatch.setattr("blog.admin.base.MOST_AT_ONCE", 1)
    posts = [DraftFactory(), DraftFactory()]

    response = act(client, "publish", posts, select_across=across)

    assert "more than 1 rows at once" in response.content.decode()
    assert Post.objects.published().count() == 0


# --- The form ---


def test_post_is_written_and_published(client, editor):
    category = CategoryFactory()
    data = form_of(client.get(ADD), "post_form")

    client.post(ADD, data | {"title": "Bread", "status": "published", "categories": [category.pk]})

    post = Post.objects.get()
    assert (post.title, post.slug, post.author) == ("Bread", "bread", editor)
    assert list(post.categories.all()) == [category]
    assert list(Post.objects.published()) == [post]


def test_form_names_the_time_zone(client, editor, settings):
    settings.TIME_ZONE = "Europe/Berlin"

    page = client.get(ADD).content.decode()

    assert "Times are in the time zone Europe/Berlin." in page


@pytest.mark.parametrize(("day", "clock"), [("2026-03-29", "02:30:00"), ("2026-10-25", "02:30:00")])
def test_time_that_the_clocks_skip_or_repeat_is_refused_by_name(
    client, editor, settings, day, clock
):
    settings.TIME_ZONE = "Europe/Berlin"
    post = DraftFactory()

    response = save(client, post, published_at_0=day, published_at_1=clock, status="published")

    assert "Europe/Berlin" in response.context["adminform"].form.errors["published_at"][0]
    assert Post.objects.get().published_at is None


def test_time_after_the_clocks_changed_is_what_it_says(client, editor, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    post = DraftFactory()

    save(
        client,
        post,
        published_at_0="2026-03-29",
        published_at_1="03:30:00",
        status="published",
    )

    assert Post.objects.get().published_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_form_shows_the_stored_cover_also_when_another_is_refused(client, editor):
    post = PostFactory(cover=upload(picture()), cover_alt='A loaf of "bread"')
    stored = f'src="{post.cover.small_url}" alt="A loaf of &quot;bread&quot;"'

    shown = client.get(admin_url(post)).content.decode()
    refused = save(client, post, title="", cover=upload(picture(50, 50))).content.decode()
    without = client.get(ADD).content.decode()

    assert [page.count(stored) for page in (shown, refused)] == [1, 1]
    assert "picture-now" not in without


def test_cover_needs_a_description(client, editor):
    post = DraftFactory()

    refused = save(client, post, cover=upload(picture()))
    taken = save(client, post, cover=upload(picture()), cover_alt="A loaf of bread")

    assert "cover_alt" in refused.context["adminform"].form.errors
    assert taken.status_code == 302
    assert Post.objects.get().cover_alt == "A loaf of bread"


def test_slug_of_another_post_is_refused(client, editor):
    DraftFactory(slug="bread")
    post = DraftFactory(slug="butter")

    response = save(client, post, slug="bread")

    assert "slug" in response.context["adminform"].form.errors
    assert Post.objects.get(pk=post.pk).slug == "butter"


def test_slug_taken_between_check_and_write_is_looked_at_again(client, editor, monkeypatch):
    post = DraftFactory(slug="butter")
    write = Post.save

    def beaten(self, *args, **kwargs):
        monkeypatch.setattr(Post, "save", write)
        raise IntegrityError("Somebody was first.")

    data = open_form(client, post) | {"slug": "bread"}
    monkeypatch.setattr(Post, "save", beaten)
    response = client.post(admin_url(post), data)

    assert response.status_code == 302
    assert Post.objects.get().slug == "bread"


@pytest.mark.parametrize("body", ["[" * 80_000, "> " * 5_000 + "x", "x" * 300_000])
def test_text_that_would_take_too_long_is_refused_with_a_sentence(client, editor, body):
    post = DraftFactory(body="Old words.")

    response = save(client, post, body=body)

    [reason] = response.context["adminform"].form.errors["body"]
    assert reason.endswith(".")
    assert Post.objects.get().body == "Old words."


def test_only_a_public_post_links_to_its_page(client, editor):
    draft, public = DraftFactory(), PostFactory(slug="bread")

    assert "View on site" not in client.get(admin_url(draft)).content.decode()
    assert 'href="/posts/bread/"' in client.get(admin_url(public)).content.decode()


def test_renamed_post_is_deleted_by_its_author(client):
    author = StaffFactory(role="Author")
    client.force_login(author)
    post = PostFactory(author=author, slug="old")
    post.slug = "new"
    post.save()

    client.post(admin_url(post, "delete"), {"post": "yes"})

    assert not Post.objects.exists()


# --- Two editors ---


def test_second_of_two_editors_is_told_and_loses_nothing(client, editor):
    post = DraftFactory(title="Old", body="Old words.")
    mine = open_form(client, post) | {"body": "My words."}
    save(client, post, body="Her words.")

    response = client.post(admin_url(post), mine)

    page = response.content.decode()
    assert Post.objects.get().body == "Her words."
    assert "Edda saved this post at" in page
    assert "<pre>Her words.</pre>" in page
    assert form_of(response, "post_form")["body"] == "My words."


def test_second_editor_can_replace_the_other_version_knowingly(client, editor):
    post = DraftFactory(body="Old words.")
    mine = open_form(client, post) | {"body": "My words."}
    save(client, post, body="Her words.")
    conflict = client.post(admin_url(post), mine)

    stamp = conflict.context["adminform"].form.conflict.stamp
    client.post(admin_url(post), mine | {"replace": stamp})

    assert Post.objects.get().body == "My words."


def test_leave_to_replace_one_version_does_not_cover_the_next(client, editor):
    post = DraftFactory(body="Old words.")
    mine = open_form(client, post) | {"body": "My words."}
    save(client, post, body="Her words.")
    stamp = client.post(admin_url(post), mine).context["adminform"].form.conflict.stamp
    save(client, post, body="Her better words.")

    client.post(admin_url(post), mine | {"replace": stamp})

    assert Post.objects.get().body == "Her better words."


def test_settings_of_another_editor_are_not_taken_back_unseen(client, editor):
    post = DraftFactory()
    mine = open_form(client, post) | {"body": "My words."}
    post.publish()

    response = client.post(admin_url(post), mine)

    assert ("Status", "published") in response.context["adminform"].form.conflict.theirs
    assert Post.objects.get().status == "published"


def test_save_pressed_twice_is_no_conflict(client, editor):
    post = DraftFactory(body="Old words.")
    mine = open_form(client, post) | {"body": "My words.\r\n\r\nMore."}

    first, second = client.post(admin_url(post), mine), client.post(admin_url(post), mine)

    assert (first.status_code, second.status_code) == (302, 302)
    assert Post.objects.get().body == "My words.\n\nMore."


def test_form_that_does_not_say_what_it_was_made_from_replaces_nothing(client, editor):
    post = DraftFactory(body="Old words.")
    data = open_form(client, post) | {"body": "My words."}
    del data["seen"]

    client.post(admin_url(post), data)

    assert Post.objects.get().body == "Old words."


def test_administrator_may_do_all_that_an_editor_may(client):
    client.force_login(AdministratorFactory())
    post = DraftFactory()

    save(client, post, title="Changed")

    assert Post.objects.get().title == "Changed"


@pytest.fixture(scope="class")
def press(django_db_setup, django_db_blocker):
    """Fills in a form that was opened once, and presses Save."""
    with lasting_rows(django_db_blocker):
        client = Client()
        client.force_login(StaffFactory(role="Editor"))
        form = form_of(client.get(ADD), "post_form")
        yield lambda **changes: client.post(ADD, form | changes)


class TestAbsurdDate:
    def test_sensible_date_is_not_refused(self, press):
        answer = press(title="Once", published_at_0="1900-01-02", published_at_1="00:00:00")

        assert answer.status_code == 302
        assert Post.objects.get().published_at == datetime(1900, 1, 2, tzinfo=UTC)

    @pytest.mark.parametrize("status", ["published", "draft"])
    @pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
    @pytest.mark.parametrize("day", ["0001-01-01", "1899-12-30", "2200-01-02", "9999-12-31"])
    def test_absurd_date_is_refused_in_a_sentence(self, press, settings, day, zone, status):
        settings.TIME_ZONE = zone

        answer = press(title="Once", status=status, published_at_0=day, published_at_1="00:00:00")

        assert answer.status_code == 200
        assert "Please choose a date between the years 1900 and 2200." in answer.text
        assert not Post.objects.exists()


@pytest.mark.parametrize("name", ["published_at", "updated_at"])
@pytest.mark.parametrize("year", [2, 1899, 2200, 9998])
def test_absurd_date_is_refused_by_the_database_too(name, year):
    post = PostFactory()

    with pytest.raises(IntegrityError, match=rf"post_{name}_sensible"):
        Post.objects.filter(pk=post.pk).update(**{name: datetime(year, 6, 1, tzinfo=UTC)})


class OutsideOfTransactions(TransactionTestCase):
    def test_history_that_is_posted_to_is_shown(self) -> None:
        self.client.force_login(AdministratorFactory())

        answer = self.client.post(admin_url(DraftFactory(title="Bread"), "history"))

        assert answer.status_code == 200
        assert "Bread" in answer.text

    def tearDown(self) -> None:
        connections.close_all()


@pytest.mark.parametrize("page", ["change", "delete"])
def test_post_that_is_deleted_by_somebody_else_at_this_moment_is_not_found(
    client, editor, monkeypatch, page
):
    post = DraftFactory()
    sent = open_form(client, post) | {"post": "yes"}
    find = ModelAdmin.get_object

    def find_and_lose(*args):
        found = find(*args)
        Post.objects.filter(pk=post.pk).delete()
        return found

    monkeypatch.setattr(ModelAdmin, "get_object", find_and_lose)

    assert client.post(admin_url(post, page), sent).status_code == 404
