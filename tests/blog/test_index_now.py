"""Search engines are told what changed, if the operator wishes it."""

import json
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from blog import index_now, outbound
from blog.models import Announcement, Post
from blog.sweep import forget, sweep
from tests.blog.test_sweep import nudges
from tests.factories import DraftFactory, PostFactory

pytestmark = pytest.mark.django_db

KEY = "0123456789abcdef"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-05-20 12:00Z", tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def key(settings):
    settings.INDEXNOW_KEY = KEY


class Engine(HTTPServer):
    """A search engine on this machine: what it heard, and what it will answer."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Hears)
        self.heard, self.status = [], 200


class Hears(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, self.headers["Host"], json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()

    def log_message(self, *args):
        pass


@contextmanager
def listening(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.fixture
def engine(monkeypatch):
    with listening(Engine()) as engine:
        # A name that is looked up as any other; only that it lies on this machine is forgiven.
        address = f"http://localhost:{engine.server_port}/indexnow"
        monkeypatch.setattr(index_now, "ENDPOINT", address)
        monkeypatch.setattr(outbound, "is_public", lambda address: True)
        yield engine


def waiting():
    return sorted(Announcement.objects.values_list("path", flat=True))


def told(engine):
    return [address for *_, data in engine.heard for address in data["urlList"]]


def test_new_post_is_told_with_the_key_that_the_site_shows(client, engine, clock):
    PostFactory(slug="日本語")
    clock.shift(MINUTE)

    assert index_now.announce() == 1

    [(path, host, data)] = engine.heard
    assert (path, host) == ("/indexnow", f"localhost:{engine.server_port}")
    assert data == {
        "host": "blog.example.com",
        "key": KEY,
        "keyLocation": f"https://blog.example.com/{KEY}.txt",
        "urlList": ["https://blog.example.com/posts/%E6%97%A5%E6%9C%AC%E8%AA%9E/"],
    }
    assert waiting() == []
    shown = client.get(f"/{KEY}.txt")
    assert (shown.text.strip(), shown["Content-Type"]) == (KEY, "text/plain; charset=utf-8")


@pytest.mark.parametrize("path", ["/other-key-here.txt", "/None.txt", "/0123456789ABCDEF.txt"])
def test_no_other_key_is_shown(client, path):
    assert client.get(path).status_code == 404


def test_nothing_is_noted_or_shown_without_a_key(client, settings):
    settings.INDEXNOW_KEY = ""
    post = PostFactory(slug="on-salt")
    post.unpublish()
    post.delete()

    assert waiting() == []
    assert client.get("/.txt").status_code == 404


def published():
    post = PostFactory(slug="on-salt")
    Announcement.objects.all().delete()
    return post


def edit(post):
    post.body = "Another text."
    post.save()


def rename(post):
    post.slug = "on-pepper"
    post.save()


def delete_in_bulk(post):
    Post.objects.all().delete()


@pytest.mark.parametrize(
    ("act", "paths"),
    [
        (edit, ["/posts/on-salt/"]),
        (rename, ["/posts/on-pepper/", "/posts/on-salt/"]),
        (Post.unpublish, ["/posts/on-salt/"]),
        (Post.delete, ["/posts/on-salt/"]),
        (delete_in_bulk, ["/posts/on-salt/"]),
        (Post.save, []),
    ],
)
def test_every_public_change_is_told_once(engine, clock, act, paths):
    act(published())

    assert waiting() == paths
    clock.shift(MINUTE)
    index_now.announce()
    index_now.announce()
    assert sorted(told(engine)) == [f"https://blog.example.com{path}" for path in paths]


def test_draft_is_nobodys_business(engine, clock):
    draft = DraftFactory(slug="secret")
    edit(draft)
    draft.delete()

    assert waiting() == []


def test_scheduled_post_is_told_at_its_minute(engine, clock):
    PostFactory(slug="soon", published_at=timezone.now() + timedelta(hours=1))

    clock.shift(timedelta(minutes=59))
    index_now.announce()
    before = told(engine)
    clock.shift(2 * MINUTE)
    index_now.announce()

    assert (before, told(engine)) == ([], ["https://blog.example.com/posts/soon/"])


@pytest.mark.parametrize("act", [Post.unpublish, Post.delete])
def test_address_of_a_post_that_never_went_live_is_kept_secret(engine, clock, act):
    act(PostFactory(slug="secret", published_at=timezone.now() + timedelta(hours=1)))

    clock.shift(timedelta(hours=2))
    index_now.announce()

    assert (told(engine), waiting()) == ([], [])


def test_change_that_is_rolled_back_is_not_told():
    post = published()

    with transaction.atomic():
        edit(post)
        transaction.set_rollback(True)

    assert waiting() == []


def test_many_saves_in_a_minute_are_told_once(engine, clock):
    post = published()
    for number in range(5):
        post.body = f"Text {number}"
        post.save()
    clock.shift(MINUTE)

    index_now.announce()

    assert told(engine) == ["https://blog.example.com/posts/on-salt/"]


def test_change_while_it_is_told_is_told_again(engine, clock, monkeypatch):
    post = PostFactory(slug="on-salt")
    clock.shift(MINUTE)
    post_json = outbound.post_json
    monkeypatch.setattr(outbound, "post_json", lambda *args: (edit(post), post_json(*args))[1])

    index_now.announce()

    assert waiting() == ["/posts/on-salt/"]


@pytest.mark.parametrize("status", [302, 403, 429, 500])
def test_failure_is_said_once_and_tried_again_with_growing_gaps(engine, clock, caplog, status):
    engine.status = status
    PostFactory()
    clock.shift(MINUTE)
    tries = []

    start = timezone.now()
    while waiting():
        if index_now.announce():
            tries.append((timezone.now() - start) / MINUTE)
        clock.shift(MINUTE if len(tries) < 2 else 5 * MINUTE)

    assert tries == [0, 1, 6, 21, 81, 321]
    assert len(engine.heard) == 6
    assert [record.getMessage() for record in caplog.records] == [
        f"Search engines could not be told what changed: it answered {status}"
    ]


def test_what_failed_is_told_once_it_can_be(engine, clock):
    engine.status = 503
    PostFactory()
    clock.shift(MINUTE)
    index_now.announce()

    engine.status = 202
    clock.shift(MINUTE)
    index_now.announce()

    assert (len(engine.heard), waiting()) == (2, [])


def test_two_workers_do_not_tell_the_same(engine, clock):
    PostFactory()
    clock.shift(MINUTE)

    first = Announcement.objects.claim(10)
    second = Announcement.objects.claim(10)

    assert (len(first), second) == (1, [])


def test_sweep_nudges_the_worker_when_something_is_due(clock):
    sweep()
    assert nudges() == []
    PostFactory()
    clock.shift(MINUTE)

    sweep()

    assert nudges() == ["announce"]


def test_what_waits_is_forgotten_without_a_key(settings):
    PostFactory()
    forget()
    assert len(waiting()) == 1

    settings.INDEXNOW_KEY = ""
    forget()

    assert waiting() == []


def test_neighbours_of_the_server_are_not_spoken_to(monkeypatch, clock, caplog):
    with listening(Engine()) as engine:
        address = f"http://localhost:{engine.server_port}/"
        monkeypatch.setattr(index_now, "ENDPOINT", address)
        PostFactory()
        clock.shift(MINUTE)

        index_now.announce()

    assert engine.heard == []
    assert "localhost is not on the public Internet" in caplog.text
