"""Public pages out of memory: made once, found by their address, bounded. docs/pages.md."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.http import HttpResponse

from blog import views
from blog.cache import public
from blog.models import Category
from config.pages import AT_ONCE
from tests.config.pages.conftest import Counted
from tests.factories import CategoryFactory, PostFactory
from tests.processes import at_once
from tests.system import until
from tests.wsgi import ask


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

    Category.objects.update(name="Envelopes")

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


# --- By address ---


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
