"""A newsletter manager sends a post to her readers, with a real worker and a real mail server."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from blog.models import Heartbeat
from newsletter.models import Subscriber
from tests.e2e.magazine import furnish, member
from tests.e2e.people import sign_in
from tests.factories import SubscriberFactory
from tests.faults.rules import Rule
from tests.faults.sink import Sink
from tests.system import running, until

READERS = 25
DOUBTFUL = "slow7@example.com"
FROZEN_COUNT = READERS + 1  # the magazine has a reader of its own


@pytest.fixture
def sink(tmp_path: Path, settings: Any) -> Iterator[Sink]:
    with Sink(tmp_path / "sink") as sink:
        mailer = settings.MAILERS["default"]
        settings.MAILERS = {
            "default": {
                **mailer,
                "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "OPTIONS": {"host": "127.0.0.1", "port": sink.port, "timeout": 5},
            }
        }
        sink.set_rules(Rule("END", "drop", who=DOUBTFUL))
        yield sink


@contextmanager
def worker(sink: Sink, site: str, folder: Path) -> Iterator[None]:
    """A worker process on the database of this test, which it has before it takes anything on."""
    settings = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SITE_URL": site,
        "ALLOWED_HOSTS": str(urlsplit(site).hostname),
        "DATABASE_URL": database_url(),
        "EMAIL_URL": sink.url,
        "VAR_DIR": str(folder),
        "SEND_RATE": "5/s",
        "SEND_CONNECTIONS": "1",
    }
    with running("manage.py", "worker", **settings):
        until(lambda: Heartbeat.objects.filter(name="worker").exists())
        yield


def database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def test_post_becomes_an_issue_and_reaches_every_reader(
    newsroom: Page, sink: Sink, settings: Any, tmp_path: Path
):
    furnish()
    for number in range(READERS):
        SubscriberFactory(email=f"slow{number}@example.com")
    sign_in(newsroom, *member("Editor", "Newsletter manager", email="cleo@example.com"))

    make_an_issue_of_a_post(newsroom)
    look_at_it(newsroom)
    send_a_test(newsroom, sink)
    schedule_it_and_think_again(newsroom)
    with worker(sink, settings.SITE_URL, tmp_path / "worker"):
        send_it_and_pause_half_way(newsroom, sink)
        resume_it_to_the_end(newsroom)
    see_what_came_back(newsroom)
    settle_the_doubt(newsroom)

    once = {f"slow{number}@example.com": 1 for number in range(READERS)}
    del once[DOUBTFUL]
    taken = {who: times for (who, issue), times in sink.accepted().items() if who in once}
    assert taken == once


def make_an_issue_of_a_post(newsroom: Page) -> None:
    newsroom.goto("/admin/blog/post/")
    newsroom.get_by_role("link", name="Bare").click()
    newsroom.get_by_role("button", name="Send as issue …").click()
    expect(newsroom.get_by_role("heading", level=1)).to_have_text("Send")


def look_at_it(newsroom: Page) -> None:
    expect(newsroom.get_by_text(f"{FROZEN_COUNT} readers")).to_be_visible()
    mail = newsroom.frame_locator("iframe[title='The mail']")
    expect(mail.get_by_text("Four words, no more.", exact=True)).to_be_visible()
    newsroom.get_by_role("link", name="By night").click()
    newsroom.get_by_role("link", name="On a phone").click()
    expect(mail.get_by_text("Four words, no more.", exact=True)).to_be_visible()
    newsroom.get_by_role("link", name="As text").click()
    expect(newsroom.locator("pre")).to_contain_text("Four words, no more.")


def send_a_test(newsroom: Page, sink: Sink) -> None:
    newsroom.get_by_role("button", name="Send the test").click()
    expect(newsroom.get_by_text("A test is on its way to cleo@example.com.")).to_be_visible()
    assert [event.recipient for event in sink.events("accepted")] == ["cleo@example.com"]


def schedule_it_and_think_again(newsroom: Page) -> None:
    newsroom.get_by_label("Day").fill("2099-05-20")
    newsroom.get_by_label("Time").fill("08:00")
    newsroom.get_by_role("button", name="Schedule it").click()
    expect(newsroom.get_by_text("It goes out on 20 May 2099, 08:00 (UTC).")).to_be_visible()
    newsroom.get_by_role("button", name="Do not send it by itself").click()
    expect(newsroom.get_by_text("It is a draft again")).to_be_visible()


def send_it_and_pause_half_way(newsroom: Page, sink: Sink) -> None:
    newsroom.get_by_role("button", name="Send now").click()
    expect(newsroom.get_by_role("heading", level=1)).to_have_text("Progress")
    # The page follows by itself.
    expect(newsroom.locator("[data-count=sent]")).to_have_text(re.compile("[1-9]"))
    newsroom.get_by_role("button", name="Pause").click()
    expect(newsroom.get_by_text("Somebody paused it.")).to_be_visible()
    assert sink.counts()["accepted"] < READERS


def resume_it_to_the_end(newsroom: Page) -> None:
    newsroom.get_by_role("button", name="Resume").click()
    expect(newsroom.get_by_text("Sent", exact=True).first).to_be_visible(timeout=20_000)
    expect(newsroom.locator(".label-sent")).to_be_visible(timeout=20_000)
    for kind, number in {"sent": FROZEN_COUNT - 1, "unknown": 1, "waiting": 0}.items():
        expect(newsroom.locator(f"[data-count={kind}]")).to_have_text(str(number))
    expect(
        newsroom.get_by_role("img", name=f"{FROZEN_COUNT - 1} of {FROZEN_COUNT} sent")
    ).to_be_visible()


def see_what_came_back(newsroom: Page) -> None:
    Subscriber.objects.get(email="slow3@example.com").unsubscribe()
    newsroom.reload()
    echoes = newsroom.get_by_role("region", name="What came back")
    expect(echoes.get_by_role("definition")).to_have_text(["0", "0", "0", "1"])


def settle_the_doubt(newsroom: Page) -> None:
    newsroom.goto("/admin/")
    newsroom.get_by_role("link", name="Look them up").click()
    expect(newsroom.get_by_role("link", name=DOUBTFUL)).to_be_visible()
    newsroom.get_by_role("button", name="It was sent").click()
    expect(newsroom.get_by_text("It is marked as sent.")).to_be_visible()
    expect(newsroom.locator("[data-count=sent]")).to_have_text(str(FROZEN_COUNT))
    expect(newsroom.locator("[data-count=unknown]")).to_have_text("0")
