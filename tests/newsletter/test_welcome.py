"""The mail that greets a new reader: when it comes, and what it is made of."""

import re
from email import policy
from html import unescape
from typing import Any

import pytest
from django.test import Client, TransactionTestCase
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from newsletter import tokens
from newsletter.models import NewsletterSettings, Notice, Subscriber
from newsletter.tasks import send_notices
from tests.factories import (
    ConsentFactory,
    NewsletterSettingsFactory,
    SiteFactory,
    SubscriberFactory,
    TermsFactory,
)
from tests.newsletter.flows import link_in, send_mail, sign_up
from tests.newsroom import save
from tests.processes import at_once

pytestmark = pytest.mark.django_db


def confirm_path(email: str = "mara@example.com") -> str:
    subscriber = SubscriberFactory(email=email, status="pending", confirmed_at=None)
    asked = ConsentFactory(subscriber=subscriber)
    return f"/newsletter/confirm/{tokens.CONFIRM.token_for(asked.pk)}/"


def welcomes() -> list[tuple[str, str]]:
    found = Notice.objects.filter(kind="welcome").order_by("pk")
    return list(found.values_list("status", "became"))


# --- When it comes --------------------------------------------------------------------------------


def test_reader_is_welcomed_once_she_has_confirmed_and_not_before(client, mailoutbox):
    TermsFactory()
    SiteFactory(name="The Quiet Wire")
    sign_up()
    send_mail()
    before = len(mailoutbox)

    client.post(link_in(mailoutbox[0], "confirm"))
    send_mail()

    assert before == 1
    assert (mailoutbox[1].to, mailoutbox[1].subject) == (
        ["mara@example.com"],
        "Welcome to The Quiet Wire",
    )
    assert len(mailoutbox) == 2


def test_worker_is_told_of_the_welcome(client, django_capture_on_commit_callbacks):
    path = confirm_path()

    with django_capture_on_commit_callbacks(execute=True):
        client.post(path)
        client.post(path)

    assert DBTaskResult.objects.count() == 1


def test_second_press_welcomes_nobody_twice(client, mailoutbox):
    path = confirm_path()
    for _ in range(2):
        client.post(path)

    send_mail()

    assert len(mailoutbox) == 1
    assert welcomes() == [("sent", "welcome")]


class ParallelConfirms(TransactionTestCase):
    def test_twenty_presses_at_once_are_one_welcome(self) -> None:
        path = confirm_path()

        faults = at_once(20, lambda _: Client().post(path))
        faults += at_once(4, lambda _: send_notices.call())

        assert faults == []
        assert welcomes() == [("sent", "welcome")]


def test_whoever_comes_back_is_welcomed_again(client, mailoutbox):
    TermsFactory()
    for _ in range(2):
        sign_up()
        send_mail()
        client.post(link_in(mailoutbox[-1], "confirm"))
        send_mail()
        Subscriber.objects.get().unsubscribe()

    assert len(welcomes()) == 2


def test_nobody_is_welcomed_where_it_is_switched_off(client, mailoutbox):
    NewsletterSettingsFactory(welcomes=False)

    client.post(confirm_path())
    send_mail()

    assert Subscriber.objects.get().status == "active"
    assert mailoutbox == []
    assert not Notice.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda reader: reader.unsubscribe(),
        lambda reader: reader.suppress(Subscriber.Suppression.COMPLAINT),
        lambda reader: NewsletterSettingsFactory(welcomes=False),
    ],
    ids=["left", "complained", "switched off"],
)
def test_welcome_that_waits_is_not_sent_when_nobody_wants_it_any_more(client, mailoutbox, change):
    client.post(confirm_path())
    change(Subscriber.objects.get())

    send_mail()

    assert mailoutbox == []
    assert welcomes() == [("skipped", "")]


def test_confirmation_and_welcome_are_stored_together_or_not_at_all(client, monkeypatch):
    path = confirm_path()

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(Notice.objects, "create", broken)
    client.raise_request_exception = False
    response = client.post(path)

    assert response.status_code == 500
    assert Subscriber.objects.get().status == "pending"


# --- What it is made of ---------------------------------------------------------------------------


def welcome_in(mailoutbox: list) -> tuple[Any, str, str]:
    """The one mail there is, its text and its HTML."""
    send_mail()
    [mail] = mailoutbox
    return mail, mail.body, mail.alternatives[0].content


def test_words_of_the_manager_are_in_both_parts_with_the_readers_own_links(client, mailoutbox):
    NewsletterSettingsFactory(
        welcome_subject="Good to have you",
        welcome_text="Hello **{{ email }}**, [choose]({{preferences_url}}) or "
        "[go]({{ unsubscribe_url }}). ![a cup](/media/cup.png) [old](/posts/old/)",
    )
    client.post(confirm_path("o'mara@example.com"))

    mail, text, html = welcome_in(mailoutbox)

    token = Subscriber.objects.get().token
    assert mail.subject == "Good to have you"
    assert "Hello *o'mara@example.com*, choose" in re.sub(r"\s+", " ", text)
    assert "o'mara@example.com</strong>" in unescape(html)
    for part in (text, html):
        assert f"https://blog.example.com/newsletter/preferences/{token}/" in part
        assert f"https://blog.example.com/newsletter/unsubscribe/{token}/" in part
        assert "https://blog.example.com/posts/old/" in part
        assert "pennypost0" not in part
        assert "{{" not in part
    assert 'src="https://blog.example.com/media/cup.png"' in html


def test_ways_out_stand_at_the_foot_whatever_the_manager_wrote(client, mailoutbox):
    NewsletterSettingsFactory(welcome_text="Hello.")
    client.post(confirm_path())

    _, text, html = welcome_in(mailoutbox)

    token = Subscriber.objects.get().token
    for part in (text, html):
        assert f"/newsletter/preferences/{token}/" in part
        assert f"/newsletter/unsubscribe/{token}/" in part
        assert "because you signed up" in part


def test_program_can_unsubscribe_by_the_header_however_long_the_link(client, mailoutbox, settings):
    settings.SITE_URL = f"https://{'long-' * 11}name.example.com"
    settings.ALLOWED_HOSTS = ["*"]
    client.post(confirm_path())
    mail, _, _ = welcome_in(mailoutbox)

    wire = mail.message(policy=policy.SMTP).as_bytes()

    path = f"/newsletter/unsubscribe/{Subscriber.objects.get().token}/"
    link = f"List-Unsubscribe: <{settings.SITE_URL}{path}>\r\n"
    assert link.encode() in wire
    assert len(link) > 100
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in wire
    answer = Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert Subscriber.objects.get().status == "unsubscribed"


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "[x](javascript:alert(1))", "{% load log %}", "{{ site.name }}"],
)
def test_template_language_and_scripts_are_inert(client, mailoutbox, hostile):
    NewsletterSettingsFactory(welcome_text=f"Hello.\n\n{hostile}")
    client.post(confirm_path())

    _, text, html = welcome_in(mailoutbox)

    assert "<script" not in html
    assert 'href="javascript' not in html
    for part in (text, html):
        assert "Hello." in part
    if hostile.startswith("{"):
        assert hostile in text
        assert hostile in html


def test_braces_in_the_subject_are_only_braces(client, mailoutbox):
    NewsletterSettingsFactory(welcome_subject="{site} {0.__class__} %s")
    client.post(confirm_path())

    mail, _, _ = welcome_in(mailoutbox)

    assert mail.subject == "{site} {0.__class__} %s"


# --- The form in the newsroom ---------------------------------------------------------------------

SETTINGS = reverse("admin:newsletter_newslettersettings_change", args=[1])


def test_manager_finds_words_to_start_from_and_changes_them(client, manager):
    page = client.get(SETTINGS).text

    response = save(client, NewsletterSettings.current(), welcome_text="Hello {{ email }}.")

    assert "Thank you for signing up" in page
    assert response.status_code == 302
    assert NewsletterSettings.current().welcome_text == "Hello {{ email }}."
    assert NewsletterSettings.current().welcomes


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("welcome_text", "Hello {{ name }}.", "Nothing stands for {{ name }}"),
        ("welcome_text", "", "This field is required"),
        ("welcome_text", ">" * 3000, "deep"),
        ("welcome_subject", "Hello\r\nBcc: x@example.com", "on one line"),
    ],
)
def test_words_that_would_go_out_wrong_are_refused(client, manager, field, value, says):
    response = save(client, NewsletterSettings.current(), **{field: value})

    assert response.status_code == 200
    assert says in response.text
    assert not NewsletterSettings.objects.exists()
