"""An issue's mail: frozen once, poured for each reader, the same bytes whichever way it goes."""

import quopri
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
import time_machine
from django.core.mail import mailers
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from newsletter.letters import Letter, NotReady, Reader, compose, delivery_of, freeze, quoted
from newsletter.models import FrozenMail, IssuePost
from tests.blog.pictures import picture, upload
from tests.factories import AuthorFactory, DraftFactory, IssueFactory, PostFactory, SiteFactory
from tests.smtp import Sink, running

pytestmark = pytest.mark.django_db

MARA = Reader(17, "Mara@example.com", "tok-en_x")
OUT = "https://blog.example.com/newsletter/unsubscribe/tok-en_x/"
CHOICE = "https://blog.example.com/newsletter/preferences/tok-en_x/"
# Each would break something on the way if it went as it is.
HOSTILE = "\n\n".join(
    [
        "x" * 3000,
        "wörter " * 400,
        ".",
        "..",
        ".hidden",
        "From here on",
        "=3D =\\n =E9=",
        "שלום עולם \u202eעברית",
        "👩‍👩‍👧 🇨🇭 café",
        "ends with a blank \\\nand a tab\t",
        "--=_pennypost_",
    ]
)


@pytest.fixture(autouse=True)
def site():
    return SiteFactory(
        name="The Quiet Wire",
        postal_address="1 Long Lane\n12345 Smalltown",
        sender_name="Ada, of the Wire",
        sender_email="ada@blog.example.com",
        reply_to="hi@example.org",
    )


def issue_with(*posts, **fields):
    issue = IssueFactory(**fields)
    for position, post in enumerate(posts):
        IssuePost.objects.create(issue=issue, post=post, position=position)
    return issue


def letter_of(*posts, **fields) -> Letter:
    return Letter(freeze(issue_with(*posts, **fields)))


def parsed(wire: bytes) -> EmailMessage:
    return message_from_bytes(wire, policy=policy.default)


def parts(mail: EmailMessage) -> tuple[str, str]:
    text, html = mail.get_body(["plain"]), mail.get_body(["html"])
    assert text
    assert html
    return tuple(part.get_content().replace("\r\n", "\n") for part in (text, html))


def received(letter: Letter, reader: Reader = MARA) -> tuple[str, str]:
    return parts(parsed(letter.pour(reader)))


def is_fit_for_the_wire(wire: bytes) -> bool:
    lines = wire.split(b"\r\n")
    return (
        wire.isascii()
        and lines.pop() == b""
        and not any(b"\r" in line or b"\n" in line for line in lines)
        and max(map(len, lines)) <= 998
        and not any(line.startswith((b".", b"From ")) for line in lines)
    )


def test_mail_has_each_header_once():
    letter = letter_of(subject="Grüße vom See")

    with time_machine.travel("2026-05-01 12:00Z", tick=False):
        mail = parsed(letter.pour(MARA))

    assert mail.items() == [
        ("Date", "Fri, 01 May 2026 12:00:00 +0000"),
        ("From", '"Ada, of the Wire" <ada@blog.example.com>'),
        ("To", "Mara@example.com"),
        ("Reply-To", "hi@example.org"),
        ("Subject", "Grüße vom See"),
        ("Message-ID", letter.message_id(MARA)),
        ("List-Id", "The Quiet Wire <news.blog.example.com>"),
        ("List-Unsubscribe", f"<{OUT}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Feedback-ID", f"issue{letter.mail.issue_id}:news:pennypost:blogexampbd0054"),
        ("Precedence", "bulk"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("MIME-Version", "1.0"),
        ("Content-Type", 'multipart/alternative; boundary="=_pennypost_"'),
    ]


def test_site_without_reply_address_sends_no_such_header(site):
    site.reply_to = ""
    site.save()

    assert "Reply-To" not in parsed(letter_of().pour(MARA))


def test_names_of_any_script_and_sign_stay_one_header(site):
    site.name = 'Die „größte" Zeitung, \\o/ – 日本語のとても長い名前 <a@b.example>'
    site.sender_name = ""
    site.save()

    wire = letter_of().pour(MARA)

    mail = parsed(wire)
    assert is_fit_for_the_wire(wire)
    assert mail["List-Id"] == f"{site.name} <news.blog.example.com>"
    # Python's own parser of addresses puts blanks between encoded words.
    raw = message_from_bytes(wire, policy=policy.compat32)["From"]
    assert str(make_header(decode_header(raw))) == f"{site.name} <ada@blog.example.com>"


def test_name_with_a_comma_is_quoted(site):
    site.name = 'Wire, Inc. "quiet"'
    site.save()

    assert b'List-Id: "Wire, Inc. \\"quiet\\"" <news.blog.example.com>\r\n' in letter_of().pour(
        MARA
    )


def test_domain_of_another_script_is_ascii_on_the_wire(site):
    site.sender_email = "ada@bücher.example"
    site.save()

    letter = letter_of()

    assert letter.envelope_sender(MARA) == "ada@xn--bcher-kva.example"
    assert b"<ada@xn--bcher-kva.example>\r\n" in letter.pour(MARA)


@pytest.mark.parametrize("host", ["b.example", "a-rather-long-label-of-a-host." * 7 + "example"])
def test_way_out_is_intact_on_the_wire_at_any_length(settings, host):
    settings.SITE_URL = f"https://{host}"
    letter = letter_of()

    header = f"List-Unsubscribe: <https://{host}/newsletter/unsubscribe/tok-en_x/>\r\n".encode()
    assert header in letter.pour(MARA)
    assert header in letter.message(MARA).message(policy=policy.SMTP).as_bytes()


@pytest.mark.parametrize(
    "email",
    [
        "mara@example.com",
        "m&m'=x/y@example.com",
        "o" * 64 + "@" + "long-label." * 16 + "example",
    ],
)
def test_whatever_is_written_arrives_as_it_was(email):
    letter = letter_of(body=HOSTILE + "\n\n{{ email }}, {{ email }} and again: {{email}}.")
    reader = Reader(17, email, "t" * 24)

    wire = letter.pour(reader)

    text, html = parts(parsed(wire))
    message = letter.message(reader)
    assert is_fit_for_the_wire(wire)
    assert (text, html) == (message.body, message.alternatives[0].content)
    assert text.count(email) == 4
    assert parsed(wire)["To"] == email
    for words in ("x" * 3000, "שלום עולם", "👩‍👩‍👧 🇨🇭 café", ".hidden", "From here on"):
        assert words in text
        assert words in html
    assert "\n.\n" in text


def test_django_backend_sends_the_same_bytes(settings):
    letter = letter_of(body=HOSTILE)
    with running(Sink(), settings) as sink, time_machine.travel("2026-05-01 12:00Z", tick=False):
        mailers.default.send_messages([letter.message(MARA)])
        poured = letter.pour(MARA)

    [(recipient, mail)] = sink.taken
    assert recipient == "Mara@example.com"
    assert [pair for pair in mail.items() if pair[0] != "X-Peer"] == parsed(poured).items()
    assert parts(mail) == parts(parsed(poured))


def test_fields_for_mail_services_say_the_same_as_the_headers():
    letter = letter_of(subject="Hello")

    message = letter.message(MARA)

    mail = parsed(letter.pour(MARA))
    assert message.subject == mail["Subject"]
    assert (message.from_email, message.to) == (mail["From"], ["Mara@example.com"])
    assert message.reply_to == ["hi@example.org"]
    assert message.extra_headers == {
        name: mail[name]
        for name in (
            "Message-ID",
            "List-Id",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
            "Feedback-ID",
            "Precedence",
            "X-Auto-Response-Suppress",
        )
    }


@pytest.mark.parametrize(
    ("email", "token"),
    [
        ("a@b.example\r\nBcc: c@d.example", "t"),
        ("a@b.example,c@d.example", "t"),
        ("a b@c.example", "t"),
        ("a@bücher.example", "t"),
        ("", "t"),
        ("x" * 250 + "@b.example", "t"),
        ("a@b.example", ""),
        ("a@b.example", "t>\r\nX: y"),
    ],
)
def test_reader_who_would_break_the_mail_gets_none(email, token):
    letter = letter_of()

    with pytest.raises(ValueError, match="none that can stand"):
        letter.pour(Reader(1, email, token))


def test_message_id_is_the_deliverys_for_ever_and_nobody_elses():
    first, second = letter_of(), letter_of()

    ids = [first.message_id(Reader(n, "a@b.example", "t")) for n in (1, 2)]

    assert len({*ids}) == 2
    assert second.message_id(Reader(1, "x@y.example", "u")) == ids[0]
    assert re.fullmatch(r"<[0-9a-f]{32}@blog\.example\.com>", ids[0])


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=400))
def test_quoted_printable_is_read_back_as_it_was_by_others(text):
    encoded = quoted.encode(text)

    assert quopri.decodestring(encoded).replace(b"\r\n", b"\n").decode() == text
    assert is_fit_for_the_wire(encoded + b"\r\n")
    assert max(map(len, encoded.split(b"\r\n"))) <= 76


def test_bounces_go_to_the_sender_unless_there_is_a_mailbox_for_them():
    assert letter_of().envelope_sender(MARA) == "ada@blog.example.com"
    assert delivery_of("ada+17-00000000@blog.example.com") is None


def test_bounce_address_names_the_delivery_and_cannot_be_made_up(settings):
    settings.BOUNCE_ADDRESS = "bounces@blog.example.com"
    address = letter_of().envelope_sender(MARA)

    assert re.fullmatch(r"bounces\+17-[0-9a-f]{8}@blog\.example\.com", address)
    assert delivery_of(address) == delivery_of(f"<{address.upper()}>") == 17
    for forged in (
        address.replace("17", "18"),
        address.replace("bounces", "bonces"),
        address.replace("blog", "glob"),
        "bounces+17-00000000@blog.example.com",
        "bounces+17@blog.example.com",
        "bounces@blog.example.com",
        "",
    ):
        assert delivery_of(forged) is None


def test_both_parts_hold_the_ways_out_the_address_and_who_gets_it():
    for part in received(letter_of()):
        assert OUT in part
        assert CHOICE in part
        assert "Mara@example.com" in part
        assert "1 Long Lane" in part
        assert "12345 Smalltown" in part
        assert "https://blog.example.com/newsletter/issues/" in part


def test_merge_tags_become_the_readers_own_in_words_and_links():
    letter = letter_of(
        intro="Hello {{ email }}",
        body="[Leave]({{ unsubscribe_url }}), [write](mailto:{{ email }}), {{preferences_url}}",
    )

    text, html = received(letter)

    assert "Hello Mara@example.com" in text
    assert "Hello Mara@example.com" in html
    links = re.findall(r'<a [^>]*href="([^"]+)"[^>]*>([^<]*)</a>', html)
    assert {(OUT, "Leave"), ("mailto:Mara@example.com", "write"), (CHOICE, CHOICE)} <= {*links}


def test_other_braces_stay_as_they_were_typed():
    post = PostFactory(title="On {{ email }}", body="Write `{{ email }}` or {{ email }}.")

    text, html = received(letter_of(post, body="{{ first_name }} {{ 7|add:1 }} {% now 'Y' %}"))

    for part in (text, html):
        assert "{{ first_name }} {{ 7|add:1 }} {% now" in part
        assert "On {{ email }}" in part
        assert "or {{ email }}." in part


def test_address_with_signs_is_escaped_in_html_only():
    text, html = received(letter_of(), Reader(1, "m&m@example.com", "t"))

    assert "m&m@example.com" in text
    assert "m&amp;m@example.com" in html


def test_posts_come_whole_in_their_order_with_absolute_addresses():
    author = AuthorFactory(display_name="Ada Penn")
    first = PostFactory(
        title="Second thoughts",
        body="[there](/posts/x/) ![a boat](/media/a/b.webp)\n\n## Part\n\nNote.[^1]\n\n[^1]: It.",
        author=author,
        cover=upload(picture(80, 50)),
        cover_alt="A plain of teal",
        published_at=datetime(2026, 5, 1, 12, tzinfo=UTC),
    )
    second = PostFactory(title="First things", body="```python\ndef f():\n    pass\n```")

    text, html = received(letter_of(first, second, subject="Two"))

    assert html.index("Second thoughts") < html.index("First things")
    assert re.search(r'<a [^>]*href="https://blog.example.com/posts/x/"[^>]*>there</a>', html)
    assert 'src="https://blog.example.com/media/a/b.webp"' in html
    assert 'src="https://blog.example.com/media/covers/' in html
    assert 'alt="A plain of teal"' in html
    assert "Ada Penn · 1 May 2026" in html
    assert "https://blog.example.com/posts/second-thoughts/#s-fn-1" in html
    assert re.search(r"<h3[^>]*>Part", html)
    assert '<span class="k">def</span>' in html
    assert not re.findall(r'(?:src|href)="(?!https://blog\.example\.com/)', html)
    assert not re.search(r"<(?:script|form|input|svg|iframe|link|object)|\son[a-z]+=|\sid=", html)
    assert "Ada Penn, 1 May 2026" in text
    assert "there [1]" in text
    assert "[1] https://blog.example.com/posts/x/" in text
    assert "    def f():\n        pass" in text


def test_pictures_of_the_site_go_out_as_jpeg_and_no_wider_than_the_text(client):
    other = DraftFactory(cover=upload(picture(900, 300)))
    post = PostFactory(
        cover=upload(picture(80, 50)),
        cover_alt="Teal",
        body=f"![in text]({other.cover.url}) ![gone](/media/covers/{'0' * 32}.webp)",
    )

    _, html = received(letter_of(post))

    pictures = re.findall(r'<img [^>]*src="https://blog.example.com([^"]*)"[^>]*>', html)
    assert [re.sub("[0-9a-f]{32}", "x", path) for path in pictures] == [
        "/media/covers/x-mail.jpg",
        "/media/covers/x-mail.jpg",
        "/media/covers/x.webp",
    ]
    shown = [b"".join(client.get(path))[:3] == b"\xff\xd8\xff" for path in pictures]
    assert shown == [True, True, False]
    assert html.count('width="560"') == 3
    assert "loading=" not in html
    assert "max-width: 100%" in html


def test_digest_shows_summaries_and_where_to_read_on():
    post = PostFactory(title="Long one", summary="In short.", body="The whole story.")

    for part in received(letter_of(post, shows="summary")):
        assert "In short." in part
        assert "https://blog.example.com/posts/long-one/" in part
        assert "whole story" not in part


def test_post_that_is_the_issue_has_its_title_once():
    _, html = received(letter_of(PostFactory(title="One"), subject="One", body=""))

    assert len(re.findall(r"<h[12]", html)) == 1


def test_preheader_comes_first_and_is_not_seen():
    _, html = received(letter_of(preheader="In a nutshell"))

    body = html[html.index("<body") :]
    words = re.sub(r"<[^>]*>|&nbsp;|\s+", " ", body).split()
    assert words[:3] == ["In", "a", "nutshell"]
    assert re.search(r'<div[^>]*style="display: none[^>]*>In a nutshell', body)


def test_mail_has_no_left_side_for_scripts_that_start_at_the_right():
    _, html = received(letter_of(body="- a\n\n> b\n\n| c |\n|---|\n| d |"))

    assert not re.findall(r"(?:padding|margin|border)-left|text-align: left", html)
    assert "text-align: start" in html


def test_mail_loads_nothing_but_pictures_and_turns_dark():
    _, html = received(letter_of(PostFactory(body="Words")))

    assert "prefers-color-scheme: dark" in html
    assert 'style="margin: 0 0 20px' in html
    assert "url(" not in html
    assert "@import" not in html


def test_long_posts_give_way_so_that_no_inbox_cuts_the_mail():
    short = PostFactory(title="Short", body="Brief words.")
    long = PostFactory(title="Long", summary="What it says.", body="Many words. " * 9000)

    composed = compose(issue_with(long, short))

    assert len(composed.mail.html.encode()) < 100_000
    assert composed.shortened == ["Long"]
    assert "What it says." in composed.mail.html
    assert "Brief words." in composed.mail.html
    assert "Many words. Many words" not in composed.mail.text


def test_nothing_makes_the_mail_too_long():
    posts = [PostFactory(summary="s" * 600) for _ in range(5)]
    for post in posts:
        post.summary = "ß" * 20_000
        type(post).objects.filter(pk=post.pk).update(summary=post.summary)

    composed = compose(issue_with(*posts, shows="summary", body="Many words. " * 9000))

    assert len(composed.mail.html.encode()) < 100_000
    assert composed.is_cut
    assert "3 more on the web" in composed.mail.html
    assert "Many words." in composed.mail.html


def test_frozen_mail_does_not_change_with_what_it_was_made_of(site):
    post = PostFactory(title="Before")
    letter = letter_of(post)
    before = letter.mail.html

    post.title = "After"
    post.save()
    site.name = "Other"
    site.save()

    again = Letter(FrozenMail.objects.get(pk=letter.mail.pk))
    assert again.mail.html == before
    assert "After" not in received(again)[0]
    assert parsed(again.pour(MARA))["List-Id"] == "The Quiet Wire <news.blog.example.com>"


def test_issue_is_frozen_once():
    issue = IssueFactory()
    freeze(issue)

    with pytest.raises(IntegrityError), transaction.atomic():
        freeze(issue)


def test_post_that_the_public_may_not_see_is_never_frozen():
    deleted = PostFactory()
    with_gap = issue_with(deleted)
    deleted.delete()

    for issue in (issue_with(PostFactory(), DraftFactory()), with_gap):
        with pytest.raises(NotReady):
            freeze(issue)
    assert not FrozenMail.objects.exists()


def test_pouring_asks_the_database_nothing(django_assert_num_queries):
    letter = letter_of()

    with django_assert_num_queries(0):
        letter.pour(MARA)
        letter.message(MARA)
        letter.envelope_sender(MARA)
