"""Each mail about a subscription: its headers, its words in both parts, and its links."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection

from blog import outbox
from newsletter import emails
from newsletter.models import AddressChange, Notice
from tests.factories import ConsentFactory, SiteFactory, SubscriberFactory, TermsFactory
from tests.newsletter.flows import send_mail, sign_up
from tests.smtp import Sink, running

pytestmark = pytest.mark.django_db

ALL = [
    emails.confirm,
    emails.already_subscribed,
    emails.welcome,
    emails.data_link,
    emails.new_address,
    emails.address_changed,
]


@pytest.fixture
def site():
    return SiteFactory(
        name="The Quiet Wire",
        postal_address="1 Long Lane\n12345 Smalltown",
        sender_name="Ada, of the Wire",
        sender_email="ada@blog.example.com",
        reply_to="hi@example.org",
    )


@pytest.fixture
def notice(site):
    subscriber = SubscriberFactory(email="Mara@example.com", terms=TermsFactory(version="2026-05"))
    change = AddressChange.objects.create(
        subscriber=subscriber,
        old_email="Mara@example.com",
        new_email="mara@neu.example.org",
        new_key="mara@neu.example.org",
    )
    with time_machine.travel("2026-05-01 12:00Z", tick=False):
        consent = ConsentFactory(subscriber=subscriber)
    return Notice.objects.create(
        kind="sign_up", subscriber=subscriber, consent=consent, address_change=change
    )


def wire(message) -> bytes:
    return message.message(policy=policy.SMTP).as_bytes()


def received(message) -> EmailMessage:
    return message_from_bytes(wire(message), policy=policy.default)


def parts(message) -> tuple[str, str]:
    mail = received(message)
    text, html = mail.get_body(["plain"]), mail.get_body(["html"])
    assert text
    assert html
    return text.get_content(), html.get_content()


@pytest.mark.parametrize("make", ALL)
def test_mail_has_each_header_once_and_one_recipient(notice, make):
    mail = received(make(notice))

    recipient = "mara@neu.example.org" if make is emails.new_address else "Mara@example.com"
    assert mail["To"] == recipient
    assert mail["From"] == '"Ada, of the Wire" <ada@blog.example.com>'
    assert mail["Reply-To"] == "hi@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    message_id = f"Message-ID: <{notice.message_id[:32]}@blog.example.com>\r\n"
    assert message_id.encode() in wire(make(notice))
    assert "The Quiet Wire" in mail["Subject"]
    for header in ("To", "From", "Subject", "Date", "Message-ID", "Reply-To", "Auto-Submitted"):
        assert len(mail.get_all(header)) == 1
    for header in ("Cc", "Bcc"):
        assert header not in mail


@pytest.mark.parametrize("make", ALL)
def test_mail_has_text_and_html_with_the_same_links_on_our_own_host(notice, make):
    text, html = parts(make(notice))

    in_text = set(re.findall(r"https?://[^\s<>]+", text))
    in_html = set(re.findall(r'href="([^"]+)"', html))
    # The terms stand in a sentence of the HTML part.
    assert in_text == in_html
    assert {(urlsplit(link).scheme, urlsplit(link).netloc) for link in in_text} == {
        ("https", "blog.example.com")
    }
    for part in (text, html):
        assert "The Quiet Wire" in part
        assert "1 Long Lane" in part
        assert "12345 Smalltown" in part


@pytest.mark.parametrize("make", ALL)
def test_mail_loads_nothing_and_turns_dark(notice, make):
    _, html = parts(make(notice))

    assert not re.findall(r"<(?:img|script|link|iframe)|url\(|@import", html)
    assert "prefers-color-scheme: dark" in html
    assert 'style="' in html


@pytest.mark.parametrize("make", ALL)
def test_text_is_laid_out_for_seventy_columns(notice, make):
    text, _ = parts(make(notice))

    long = [line for line in text.splitlines() if len(line) > 72]
    assert all(re.fullmatch(r"(\[\d\] )?https://\S+", line) for line in long)
    assert "\n\n\n" not in text
    assert "<" not in text


def test_confirmation_says_which_site_what_was_agreed_and_what_to_do_if_it_was_not_her(notice):
    for part in parts(emails.confirm(notice)):
        words = re.sub(r"\s+", " ", part)
        assert "The Quiet Wire" in words
        assert "1 May 2026" in words
        assert "version 2026-05" in words
        assert "https://blog.example.com/terms/2026-05/" in words
        assert "works for 7 days" in words
        assert "do nothing at all" in words


def test_confirmation_holds_no_word_of_the_visitor(mailoutbox):
    TermsFactory()
    sign_up(
        "buy-pills@example.com",
        headers={"User-Agent": "BUY PILLS", "Referer": "https://blog.example.com/BUY-PILLS/"},
    )

    send_mail()

    [mail] = mailoutbox
    assert "pills" not in (mail.body + mail.alternatives[0].content + mail.subject).lower()


def test_already_subscribed_and_moved_mails_lead_out(notice):
    out = f"https://blog.example.com/newsletter/unsubscribe/{notice.subscriber.token}/"

    for make in (emails.already_subscribed, emails.address_changed):
        assert all(out in part for part in parts(make(notice)))


def test_old_address_is_told_the_new_one_only_masked(notice):
    for part in parts(emails.address_changed(notice)):
        assert "m•••@n•••.org" in part
        assert "neu.example" not in part


@pytest.mark.parametrize("make", ALL)
def test_lines_on_the_wire_are_short_enough(notice, site, make):
    site.postal_address = "x" * 3000
    site.save()

    lines = wire(make(notice)).split(b"\r\n")

    assert max(len(line) for line in lines) <= 998
    assert "x" * 3000 in parts(make(notice))[0]


def test_mail_tried_again_keeps_its_message_id_and_no_two_mails_share_one(settings):
    with (
        time_machine.travel("2026-05-01 12:00Z", tick=False) as clock,
        running(Sink(), settings) as sink,
    ):
        TermsFactory()
        sink.at_end["a@example.com"] = ["take and drop"]
        sign_up("a@example.com")
        sign_up("b@example.com")
        for _ in range(2):
            send_mail()
            clock.shift(timedelta(minutes=1))

    ids: dict[str, list[str]] = {"a@example.com": [], "b@example.com": []}
    for recipient, mail in sink.taken:
        ids[recipient].append(mail["Message-ID"])
    [first, again], [other] = ids.values()
    assert first == again != other


def test_domain_of_another_script_is_ascii_on_the_wire(settings):
    TermsFactory()
    with running(Sink(), settings) as sink:
        sign_up("a@bücher.example")
        send_mail()

    [(recipient, mail)] = sink.taken
    assert recipient == mail["To"] == "a@xn--bcher-kva.example"


@pytest.mark.parametrize("bad", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x00"])
@pytest.mark.parametrize("field", ["name", "sender_name"])
def test_line_break_in_a_name_is_refused_where_it_is_saved(site, field, bad):
    setattr(site, field, f"x{bad}Bcc: y@z.example")

    with pytest.raises(ValidationError):
        site.save()


@pytest.mark.parametrize("field", ["name", "sender_name"])
@pytest.mark.parametrize("bad", ["=?utf-8?q?x=0d=0aBcc:y@z.example?=", "Me =?utf-8?b?Cg==?= too"])
def test_encoded_word_in_a_name_is_refused_by_form_and_save(site, field, bad):
    setattr(site, field, bad)

    for attempt in (site.full_clean, site.save):
        with pytest.raises(ValidationError, match="=\\?"):
            attempt()


@pytest.mark.parametrize("field", ["sender_email", "reply_to"])
@pytest.mark.parametrize(
    "bad",
    [
        "a@b.example\r\nBcc: y@z.example",
        "a@b.example,y@z.example",
        "=?utf-8?q?=0a?=@b.example",
        "a",
    ],
)
def test_address_that_is_none_is_refused_by_form_and_save(site, field, bad):
    setattr(site, field, bad)

    for attempt in (site.full_clean, site.save):
        with pytest.raises(ValidationError):
            attempt()


@pytest.mark.parametrize("bad", ["\r\nBcc: y@z.example", "\nBcc: y@z.example"])
def test_line_break_that_got_into_the_database_never_leaves(settings, site, bad):
    TermsFactory()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE blog_site SET sender_name = %s", [f"x{bad}"])
    with running(Sink(), settings) as sink:
        sign_up()
        send_mail()

    assert sink.taken == []
    assert Notice.objects.get().status == "failed"


def test_encoded_word_that_got_into_the_database_adds_no_header_and_no_recipient(settings, site):
    TermsFactory()
    name = "=?utf-8?q?x=0D=0ABcc:_y@z.example?= <evil@z.example>, b@z.example"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE blog_site SET sender_name = '', name = %s", [name])
    with running(Sink(), settings) as sink:
        sign_up()
        send_mail()

    for recipient, mail in sink.taken:
        assert recipient == "mara@example.com"
        assert mail["Bcc"] is None
        assert [address.addr_spec for address in mail["From"].addresses] == ["ada@blog.example.com"]
    assert Notice.objects.get().status in {"sent", "failed"}


def test_site_without_a_row_writes_from_the_operators_address(settings):
    settings.DEFAULT_FROM_EMAIL = "Somebody <post@blog.example.com>"
    TermsFactory()
    sign_up()

    mail = received(emails.confirm(Notice.objects.get()))

    assert mail["From"] == "Pennypost <post@blog.example.com>"
    assert "Reply-To" not in mail


def test_notice_that_misses_what_it_is_about_fails_alone(mailoutbox):
    subscriber = SubscriberFactory()
    Notice.objects.create(kind="address_changed", subscriber=subscriber)
    Notice.objects.create(kind="data_link", subscriber=subscriber)

    send_mail()

    assert list(Notice.objects.order_by("pk").values_list("status", flat=True)) == [
        "failed",
        "sent",
    ]


def test_outbox_takes_what_every_function_makes(notice):
    for make in ALL:
        assert outbox._written(notice, make) is not None
