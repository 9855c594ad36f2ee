"""Public pages out of memory: never stale, the same for everyone, bounded. docs/pages.md."""

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import brotli
import pytest
import time_machine
import zstandard
from django.core.management.commands import flush
from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils import timezone

from blog import editions, freshness, views
from blog.cache import public
from blog.models import Author, Edition, Post, Redirect
from config.logs import request_id
from config.pages import AT_ONCE, Pages
from config.pages.site import WholeSite
from config.proxies import Proxies
from tests.factories import (
    AuthorFactory,
    CategoryFactory,
    DraftFactory,
    PostFactory,
    SiteFactory,
    TermsFactory,
)
from tests.processes import at_once
from tests.system import until
from tests.wsgi import ask, send

ROOM = 1_000_000
POLICY = "content-security-policy"


class Counted:
    """The site, with the number of pages that it made."""

    def __init__(self) -> None:
        self.site = WholeSite()
        self.made = 0

    def __call__(self, environ, start_response):
        self.made += 1
        return self.site(environ, start_response)


@pytest.fixture
def kept_permissions(monkeypatch):
    """A flush leaves them, and what else migrations make: anew it takes longer than most tests."""

    def sql_flush(style, connection, **options):
        tables = connection.introspection.django_table_names(only_existing=True)
        ours = [table for table in tables if not table.startswith(("auth_", "django_content_type"))]
        return connection.ops.sql_flush(style, ours, **options)

    monkeypatch.setattr(flush, "sql_flush", sql_flush)
    monkeypatch.setattr(flush, "emit_post_migrate_signal", lambda *_: Edition.objects.begin())


@pytest.fixture(autouse=True)
def committed(kept_permissions, transactional_db):
    """The pages' own connection sees only what is committed."""


@pytest.fixture
def site() -> Counted:
    return Counted()


@pytest.fixture
def process():
    """Makes the pages of one web process."""
    processes = []

    def start(site, room=ROOM, proxies=()) -> Pages:
        pages = Pages(site, room, Proxies(proxies))
        processes.append(pages)
        return pages

    yield start
    for pages in processes:
        pages.freshness.hang_up()


@pytest.fixture
def pages(process, site) -> Pages:
    return process(site)


@pytest.fixture
def post():
    return PostFactory(
        title="First title", slug="first", author=AuthorFactory(display_name="Ada"), categories=[]
    )


# --- Kept ---


def test_page_is_made_once(pages, site, post):
    first, second = ask(pages, "/posts/first/"), ask(pages, "/posts/first/")

    assert b"First title" in first.body
    assert (second, site.made) == (first._replace(headers=second.headers), 1)
    assert first.headers["cache-control"] == "public, no-cache"


def test_answer_from_memory_asks_the_database_nothing(pages, post, django_assert_num_queries):
    ask(pages, "/posts/first/")

    with django_assert_num_queries(0):
        assert ask(pages, "/posts/first/").status == 200


@pytest.mark.parametrize(
    "path", ["/admin/login/", "/posts/none/", "/nowhere/", "/posts/first", "/newsletter/subscribe/"]
)
def test_whatever_is_no_public_page_is_asked_of_the_site_each_time(pages, site, post, path):
    for _ in range(2):
        ask(pages, path)

    assert site.made == 2


def test_page_with_a_cookie_is_not_kept(process, post):
    made = []

    def with_cookie(environ, start_response):
        made.append(environ)
        start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "a=b")])
        return [b"for one reader"]

    pages = process(with_cookie)
    for _ in range(2):
        ask(pages, "/posts/first/")

    assert len(made) == 2


def test_nothing_is_kept_where_it_is_switched_off(process, site, post):
    pages = process(site, room=0)
    answers = [ask(pages, "/posts/first/", HTTP_ACCEPT_ENCODING="br") for _ in range(3)]

    assert site.made == 3
    assert {answer.headers["content-encoding"] for answer in answers} == {"br"}


def test_what_all_pages_show_is_asked_of_the_database_once(
    process, site, post, django_assert_num_queries
):
    pages = process(site, room=0)
    ask(pages, "/categories/")

    # The post with what it leads on to; neither the site's name nor its terms.
    with django_assert_num_queries(1):
        assert ask(pages, "/posts/first/").status == 200


def test_category_is_looked_up_for_the_first_of_its_posts(
    process, site, post, django_assert_num_queries
):
    pages = process(site, room=0)
    category = CategoryFactory(name="Letters")
    for each in (post, PostFactory(slug="second")):
        each.categories.add(category)
    ask(pages, "/categories/")

    with django_assert_num_queries(2):
        assert b">Letters<" in ask(pages, "/posts/first/").body
    with django_assert_num_queries(1):
        assert b">Letters<" in ask(pages, "/posts/second/").body

    rename(category, name="Envelopes")

    assert b">Envelopes<" in ask(pages, "/posts/first/").body


def test_no_view_of_a_public_page_can_know_who_asks(pages, monkeypatch):
    known = []

    def page(request, *_):
        known.append({"session", "user", "_messages"} & vars(request).keys())
        return HttpResponse("page")

    monkeypatch.setattr(views, "render", page)

    assert ask(pages, HTTP_COOKIE="sessionid=of-an-editor").status == 200
    assert known == [set()]


def test_health_is_looked_at_each_time_it_is_asked_for(pages, monkeypatch):
    well = ask(pages, "/readyz/").status
    monkeypatch.setattr("config.health.cache_works", lambda: False)

    assert (well, ask(pages, "/readyz/").status, ask(pages, "/healthz/").status) == (200, 503, 200)


# --- Never stale ---


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


# --- The same for everyone ---


def test_unknown_parameters_lead_to_one_page(pages, site, post):
    queries = ["", "utm_source=mail", "a=1&b=2", "preview=1", "page", "%00=%ff"]
    bodies = {ask(pages, "/posts/first/", query).body for query in queries}

    assert (len(bodies), site.made) == (1, 1)


def test_public_view_sees_no_parameter_but_its_own(rf):
    seen = []

    @public(params=("page",))
    def view(request):
        seen.append((request.GET.dict(), request.META["QUERY_STRING"]))
        return HttpResponse()

    view(rf.get("/?x=1&page=1&page=2"))

    assert seen == [({"page": "2"}, "page=2")]


def test_numbered_pages_are_pages_of_their_own(pages, site):
    for number in range(12):
        PostFactory(title=f"Post {number:02}")

    first, second = ask(pages, "/", "x=1"), ask(pages, "/", "page=2&x=2")
    again = ask(pages, "/", "page=3&page=2")

    assert first.body != second.body == again.body
    assert site.made == 2


def test_headers_of_the_request_change_nothing(pages, site, post):
    for number in range(20):
        ask(
            pages,
            "/posts/first/",
            HTTP_ACCEPT_LANGUAGE=f"x-{number}",
            HTTP_X_FORWARDED_HOST="evil.example",
            HTTP_COOKIE=f"sessionid={number}",
        )

    assert site.made == 1


def test_name_that_is_not_ours_is_refused_also_where_the_page_is_kept(pages, post):
    kept = ask(pages, "/posts/first/")

    assert (kept.status, ask(pages, "/posts/first/", HTTP_HOST="evil.example").status) == (200, 400)


def test_strict_transport_security_goes_only_to_those_who_came_by_https(
    process, site, post, settings
):
    settings.SECURE_HSTS_SECONDS = 60
    pages = process(Counted(), proxies=["192.0.2.1"])
    for _ in range(2):
        plain = ask(pages, "/posts/first/")
        secure = ask(pages, "/posts/first/", HTTP_X_FORWARDED_PROTO="https")

    assert "strict-transport-security" not in plain.headers
    assert secure.headers["strict-transport-security"] == "max-age=60"
    assert plain.body == secure.body


def test_whoever_must_come_by_https_is_sent_there(process, post, settings):
    settings.SECURE_SSL_REDIRECT = True
    pages = process(Counted(), proxies=["192.0.2.1"])
    for _ in range(2):
        secure = ask(pages, "/posts/first/", HTTP_X_FORWARDED_PROTO="https")
        plain = ask(pages, "/posts/first/", "from=a+friend")

    assert secure.status == 200
    assert (plain.status, plain.body) == (301, b"")
    assert plain.headers["location"] == "https://blog.example.com/posts/first/?from=a+friend"


SAID_WITH_ALL = {
    *("content-security-policy", "permissions-policy", "cross-origin-resource-policy"),
    *("x-content-type-options", "referrer-policy", "cross-origin-opener-policy"),
    "x-frame-options",
}


@pytest.mark.parametrize(
    "path", ["/", "/posts/first/", "/search/", "/feed/", "/none/", "/posts/old/"]
)
def test_every_answer_has_the_headers_that_keep_readers_safe(process, client, post, path):
    Redirect.objects.create(old_path="/posts/old/", post=post)
    pages = process(WholeSite())
    whole = client.get(path)

    answers = [ask(pages, path) for _ in range(2)]

    wanted = {name: whole[name] for name in SAID_WITH_ALL}
    for answer in answers:
        assert answer.status == whole.status_code
        assert {name: answer.headers[name] for name in SAID_WITH_ALL} == wanted
        assert answer.headers["cache-control"] == whole["Cache-Control"]
        assert ("x-request-id" in answer.headers) == (answer.status != 200)


def test_page_keeps_a_policy_of_its_own(process, post):
    Post.objects.update(body="https://www.youtube.com/watch?v=dQw4w9WgXcQ")
    Post.objects.get().save()
    pages = process(WholeSite())

    answer, other = ask(pages, "/posts/first/"), ask(pages, "/")

    assert "frame-src 'self' https://www.youtube-nocookie.com" in answer.headers[POLICY]
    assert "youtube" not in other.headers[POLICY]
    assert answer.headers["x-frame-options"] == "DENY"


def test_fault_is_named_in_the_log_as_in_the_answer(process, post, monkeypatch, caplog):
    monkeypatch.setattr(views, "around", lambda post: 1 / 0)

    answer = ask(process(WholeSite()), "/posts/first/")

    name = answer.headers["x-request-id"]
    assert (answer.status, name in answer.body.decode()) == (500, True)
    assert name == request_id.get()
    assert "Internal Server Error: /posts/first/" in caplog.text
    assert "default-src" in answer.headers[POLICY]


def test_two_pages_are_made_at_a_time(process):
    pairs, counting, inside = threading.Barrier(2), threading.Lock(), []
    most = 0

    def site(environ, start_response):
        nonlocal most
        with counting:
            inside.append(environ["PATH_INFO"])
            most = max(most, len(inside))
        pairs.wait(timeout=10)
        pairs.wait(timeout=10)
        with counting:
            inside.pop()
        start_response("200 OK", [("Content-Type", "text/html"), ("Cache-Control", "public")])
        return [b"A page"]

    pages = process(site)
    paths = [f"/posts/{number}/" for number in range(8)]

    with ThreadPoolExecutor(8) as readers:
        answers = list(readers.map(lambda path: ask(pages, path), paths))

    assert [answer.body for answer in answers] == [b"A page"] * 8
    assert most == AT_ONCE == 2


# --- Asking again ---


def test_reader_who_knows_the_page_gets_no_body(pages, post):
    tag = ask(pages, "/posts/first/").headers["etag"]

    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = ask(pages, "/posts/first/", HTTP_IF_NONE_MATCH=known)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert ask(pages, "/posts/first/", HTTP_IF_NONE_MATCH='"other"').status == 200


def test_first_answer_too_may_be_that_nothing_changed(process, pages, site, post):
    tag = ask(pages, "/posts/first/").headers["etag"]
    other_process = process(site)

    assert ask(other_process, "/posts/first/", HTTP_IF_NONE_MATCH=tag).status == 304


def test_date_is_said_when_no_later_page_can_have_it(pages):
    with time_machine.travel("2026-05-20 12:00:00.7Z", tick=False) as clock:
        PostFactory(slug="first")
        at_first = ask(pages, "/posts/first/")
        clock.shift(timedelta(seconds=2))
        later = ask(pages, "/posts/first/")
        date = later.headers["last-modified"]
        again = ask(pages, "/posts/first/", HTTP_IF_MODIFIED_SINCE=date)
        Post.objects.update(title="Second title")
        clock.shift(timedelta(seconds=3))
        changed = ask(pages, "/posts/first/", HTTP_IF_MODIFIED_SINCE=date)

    assert "last-modified" not in at_first.headers
    assert date == "Wed, 20 May 2026 12:00:02 GMT"
    assert (again.status, changed.status) == (304, 200)


def test_head_has_the_headers_of_get(pages, post):
    for _ in range(2):
        head, get = ask(pages, "/posts/first/", method="HEAD"), ask(pages, "/posts/first/")

        assert (head.status, head.body, head.headers) == (200, b"", get.headers)
        assert int(get.headers["content-length"]) == len(get.body)


@pytest.mark.parametrize(
    ("accepted", "coding", "decoded"),
    [
        ("gzip, deflate, br, zstd", "zstd", lambda body: zstandard.decompress(body)),
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("zstd;q=0, GZIP;q=0.5", "gzip", gzip.decompress),
        ("zstd;q=0.1, br;q=0.9", "br", brotli.decompress),
        ("*", "zstd", lambda body: zstandard.decompress(body)),
        ("", None, bytes),
        ("identity", None, bytes),
        ("*;q=0", None, bytes),
        ("br;q=nonsense", None, bytes),
    ],
)
def test_body_comes_in_the_coding_that_is_liked(pages, post, accepted, coding, decoded):
    plain = ask(pages, "/posts/first/")

    coded = ask(pages, "/posts/first/", HTTP_ACCEPT_ENCODING=accepted)

    assert coded.headers.get("content-encoding") == coding
    assert decoded(coded.body) == plain.body
    assert (coded.headers["vary"], coded.headers["etag"]) == (
        "Accept-Encoding",
        plain.headers["etag"],
    )


def test_cdn_may_answer_for_as_long_as_the_operator_lets_it(pages, post, settings):
    settings.CDN_SECONDS = 60

    assert ask(pages, "/posts/first/").headers["cache-control"] == "public, max-age=0, s-maxage=60"


# --- Bounded ---


def test_memory_is_bounded(process, site):
    for number in range(12):
        PostFactory(slug=f"post-{number}")
    pages = process(site, room=100_000)

    for number in range(12):
        ask(pages, "/posts/post-0/")
        ask(pages, f"/posts/post-{number}/")

    weights = [page.weight for page in pages.shelf.pages.values()]
    assert sum(weights) == pages.shelf.taken <= 100_000
    assert len(weights) < 12
    # What is asked for often stays.
    assert (False, "/posts/post-0/", "") in pages.shelf.pages


def test_page_that_many_want_is_made_once(process, post):
    site, together = Counted(), threading.Barrier(8)
    pages = process(site)
    answers = []

    def want(_):
        together.wait(timeout=10)
        answers.append(ask(pages, "/posts/first/").status)

    faults = at_once(8, want)

    assert (faults, answers, site.made) == ([], [200] * 8, 1)
    assert pages.making == {}


def test_what_cannot_be_shared_holds_nobody_up(process):
    """Nine want a page that is not there: the eight who waited for the first go on side by side."""
    asked, together, statuses = [], threading.Barrier(AT_ONCE), []

    def none(environ, start_response):
        asked.append(1)
        if len(asked) == 1:
            until(lambda: next(iter(pages.making.values())).wanted_by == 9)
        else:
            together.wait(timeout=10)
        start_response("404 Not Found", [("Content-Type", "text/html")])
        return [b""]

    pages = process(none)
    at_once(9, lambda _: statuses.append(ask(pages, "/posts/none/").status))

    assert (statuses, pages.making) == ([404] * 9, {})


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
