"""The whole way: written in the newsroom, sent by the worker, read out of a real mailbox."""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from unittest.mock import ANY

import pytest

from tests.faults.marks import with_postfix
from tests.faults.postfix import Postfix
from tests.faults.rig import site

pytestmark = [pytest.mark.processes, with_postfix]

SUBJECT = "Grüße vom Hafen – eine Woche, in der die Gezeitentafel endlich einmal recht hatte 🌊"
# Each would break on the way if it went as it is.
BODY = "\n\n".join(["x" * 3000, "wörter", ".", ".hidden", "From here on", "שלום 👩‍👩‍👧"])
ONE_CLICK = {"Content_Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def posted(template, tmp_path_factory):
    """A site that runs, and the mailbox to which it sent one issue."""
    folder = tmp_path_factory.mktemp("site")
    more = {"BOUNCE_ADDRESS": "bounces@blog.example.com"}
    with Postfix() as postfix, site(template, folder, EMAIL_URL=postfix.url, **more) as made:
        made.ask(
            "Site(name='Die Hafenpost', sender_name='Ada, vom Hafen', reply_to='hi@example.org',"
            " sender_email='ada@blog.example.com', postal_address='Kai 1\\n20457 Hamburg').save()"
        )
        made.serve()
        made.send(BODY, SUBJECT)
        made.wait_until_finished()
        made.until(lambda: len(postfix.mails()) >= made.readers)
        yield made, postfix


@pytest.fixture
def wire(posted) -> bytes:
    """The one mail to reader7, as it lies in the mailbox."""
    _, postfix = posted
    [found] = [mail for mail in postfix.mails() if parsed(mail)["To"] == "reader7@example.com"]
    return found


@pytest.fixture
def mail(wire) -> EmailMessage:
    return parsed(wire)


def parsed(mail):
    return message_from_bytes(mail, policy=policy.default)


def of_hers(a_site, expression):
    """What the site says of the delivery to reader7, which the expression calls `hers`."""
    hers = "newest().deliveries.get(subscriber__email='reader7@example.com')"
    return a_site.ask(f"(lambda hers: {expression})({hers})")


def way_out(mail):
    return mail["List-Unsubscribe"].strip("<>")


def test_everybody_finds_one_mail(posted):
    a_site, postfix = posted

    found = sorted(parsed(mail)["To"] for mail in postfix.mails())

    assert found == sorted(f"reader{number}@example.com" for number in range(a_site.readers))
    assert a_site.statuses() == {"sent": a_site.readers}


def test_each_header_arrives_once(posted, mail):
    """And no other: an issue is not Auto-Submitted."""
    a_site, _ = posted
    letters = "import_module('newsletter.letters.{}')"
    bounces = of_hers(a_site, letters.format("verp") + ".BounceAddresses().of(hers.pk)")
    message_id = of_hers(a_site, letters.format("message_ids") + ".MessageIds().of(hers.pk)")
    token = of_hers(a_site, "hers.subscriber.token")

    assert mail.items() == [
        ("Return-Path", f"<{bounces}>"),
        ("X-Original-To", "reader7@example.com"),
        ("Delivered-To", "reader7@example.com"),
        ("Received", ANY),
        ("Date", ANY),
        ("From", '"Ada, vom Hafen" <ada@blog.example.com>'),
        ("To", "reader7@example.com"),
        ("Reply-To", "hi@example.org"),
        ("Subject", SUBJECT),
        ("Message-ID", message_id),
        ("List-Id", "Die Hafenpost <news.blog.example.com>"),
        ("List-Unsubscribe", f"<https://blog.example.com/newsletter/unsubscribe/{token}/>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Feedback-ID", f"{a_site.issue}:news:pennypost:blogexampbd0054"),
        ("Precedence", "bulk"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("MIME-Version", "1.0"),
        ("Content-Type", 'multipart/alternative; boundary="=_pennypost_"'),
    ]
    assert re.fullmatch(r"bounces\+\d+-[0-9a-f]{8}@blog\.example\.com", bounces)
    assert re.fullmatch(r"<[0-9a-f]{32}@blog\.example\.com>", message_id)
    assert mail["Date"].datetime.utcoffset() == timedelta(0)
    assert timedelta(0) <= datetime.now(UTC) - mail["Date"].datetime < timedelta(minutes=10)
    assert mail.defects == []


def test_way_out_is_one_line_of_the_file(wire, mail):
    head, _, _ = wire.partition(b"\n\n")

    lines = [line for line in head.split(b"\n") if line.startswith(b"List-Unsubscribe:")]

    assert lines == [f"List-Unsubscribe: <{way_out(mail)}>".encode()]
    # Longer than where headers are wont to be folded, and within RFC 5322 section 2.1.1.
    assert 78 < len(lines[0]) <= 998
    assert max(map(len, wire.split(b"\n"))) <= 998


def test_both_parts_are_what_was_frozen(posted, mail):
    a_site, _ = posted
    letters = "import_module('newsletter.letters')"
    reader = f"{letters}.Reader(hers.pk, hers.subscriber.email, hers.subscriber.token)"
    message = f"{letters}.Letter(newest().frozen_mail).message({reader})"

    parts = list(mail.iter_parts())

    assert [part.items() for part in parts] == [
        [
            ("Content-Type", f'text/{kind}; charset="utf-8"'),
            ("Content-Transfer-Encoding", "quoted-printable"),
        ]
        for kind in ("plain", "html")
    ]
    text, html = (part.get_content() for part in parts)
    assert text == of_hers(a_site, f"{message}.body")
    assert html == of_hers(a_site, f"{message}.alternatives[0].content")
    for words in BODY.split("\n\n"):
        assert f"\n{words}\n" in text
        assert f">{words}</p>" in html
    for part in (text, html):
        assert way_out(mail) in part
        assert "Kai 1" in part
        assert "20457 Hamburg" in part
        assert "reader7@example.com" in part


def test_one_click_takes_her_off_the_list(posted, mail):
    """RFC 8058: no cookie, no redirect; and once more, since some mail programs ask twice."""
    a_site, _ = posted
    path = way_out(mail).removeprefix("https://blog.example.com")
    click = mail["List-Unsubscribe-Post"]
    before = of_hers(a_site, "hers.subscriber.status")

    answers = [a_site.server.request("POST", path, click, **ONE_CLICK) for _ in range(2)]

    assert before == "active"
    for answer in answers:
        assert answer.status == 200
        assert answer.headers["Set-Cookie"] is answer.headers["Location"] is None
        assert "<h1>You are unsubscribed</h1>" in answer.text
    assert of_hers(a_site, "hers.subscriber.status") == "unsubscribed"
    assert a_site.ask("Subscriber.objects.receiving().count()") == a_site.readers - 1
