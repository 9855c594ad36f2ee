"""What is said with a public page: the same to everyone, and no more than is new. docs/pages.md."""

import gzip
from datetime import timedelta

import brotli
import pytest
import time_machine
import zstandard

from blog import views
from blog.models import Post, Redirect
from config.logs import request_id
from config.pages.site import WholeSite
from tests.config.pages.conftest import Counted
from tests.factories import PostFactory
from tests.wsgi import ask

POLICY = "content-security-policy"


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
