"""Subscribers on their way in: what is read, what is taken over, and what never comes back."""

import csv
import io
import stat
from datetime import UTC, datetime

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from blog.models import Limit
from newsletter.imports import run
from newsletter.imports.inviting import invite
from newsletter.models import Consent, ImportBatch, Notice, Subscriber, Terms
from newsletter.sweep import purge_subscribers, sweep
from newsletter.tasks import send_notices
from tests.factories import (
    CategoryFactory,
    DeliveryFactory,
    SubscriberFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db
CONSENT = ["--consent-source", "Double opt-in at letters.example", "--terms", "1"]


@pytest.fixture(autouse=True)
def terms():
    return TermsFactory(version="1")


@pytest.fixture
def take(tmp_path):
    """Import a file with these bytes; returns what was said."""

    def take(content, *options, name="people.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        out = io.StringIO()
        call_command("import_subscribers", str(path), *options, stdout=out)
        return out.getvalue()

    return take


def people():
    return dict(Subscriber.objects.exclude(key=None).order_by("pk").values_list("email", "status"))


def refused(folder, name="people.csv"):
    path = folder / f"{name}.rejected.csv"
    with path.open(newline="") as file:
        return [(row["line"], row["reason"]) for row in csv.DictReader(file)]


# --- Reading ---

TEXT = 'email;name\r\nMara@Example.com;"Mara\r\nOf; the ""Hill"""\r\n'
TEXT += "\r\njürg@example.com;x\r\nole@bücher.ch;\r\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("latin-1"),
        TEXT.replace("\r\n", "\n").encode(),
        TEXT.replace("\r\n", "\r").encode(),
        TEXT.replace(";", ",").replace("Of, the", "Of; the").encode(),
        TEXT.replace(";", "\t").encode(),
        b"sep=;\r\n" + TEXT.encode(),
    ],
)
def test_file_of_any_common_kind_is_read(take, tmp_path, content):
    take(content, *CONSENT)

    assert people() == {"Mara@example.com": "active", "ole@xn--bcher-kva.ch": "active"}
    [(line, reason)] = refused(tmp_path)
    assert line in {"5", "6"}
    assert reason == "this is no address that mail could reach"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("mara@example.com\nole@example.com\n", ["mara@example.com", "ole@example.com"]),
        ("Mara,mara@example.com\nOle,ole@example.com", ["mara@example.com", "ole@example.com"]),
        ("E-Mail-Address\nmara@example.com", ["mara@example.com"]),
        ("name,EMAIL\nMara,mara@example.com", ["mara@example.com"]),
        ('name,email\n"=cmd",\'+mara@example.com', ["+mara@example.com"]),
        ("email,topics\nmara@example.com", ["mara@example.com"]),
    ],
)
def test_column_of_addresses_is_found(take, content, found):
    take(content, *CONSENT)

    assert list(people()) == found


def test_latin_1_is_said(take):
    assert "read as Latin-1" in take("email,name\nmara@example.com,Jürg".encode("latin-1"))
    assert "Latin-1" not in take("email,name\nmara@example.com,Jürg")


@pytest.mark.parametrize("content", ["", "\n\n", "email\n"])
def test_file_without_people_is_no_fault(take, content):
    assert "0 subscribed" in take(content, *CONSENT)


def test_file_without_addresses_is_refused_before_anything_is_stored(take):
    with pytest.raises(CommandError, match="should name one “email”"):
        take("a,b\nc,d\n")

    assert not ImportBatch.objects.exists()


def test_quote_that_never_ends_costs_its_own_line(take, tmp_path):
    long = "x" * 200_000

    take(f'email,name\nmara@example.com,"{long}\n', *CONSENT)

    assert people() == {}
    [(line, reason)] = refused(tmp_path)
    assert line == "2"
    assert reason.startswith("it cannot be read: field larger than")


# --- Taking over ---


def test_with_source_and_terms_people_are_subscribed_with_the_proof(take):
    words = "name,email,confirmed_at,created_at\nM,mara@example.com,2024-05-02 10:00,2024-05-01\n"

    said = take(words, *CONSENT)

    mara = Subscriber.objects.get()
    assert (mara.status, mara.agreed_to_terms, mara.terms.version) == ("active", True, "1")
    assert mara.confirmed_at == datetime(2024, 5, 2, 10, tzinfo=UTC)
    assert mara.created_at == datetime(2024, 5, 1, tzinfo=UTC)
    event = Consent.objects.get()
    assert (event.event, event.wording) == ("imported", "Double opt-in at letters.example")
    assert (event.terms_version, event.terms_hash) == ("1", mara.terms.text_hash)
    assert "1 subscribed, with the consent that they gave elsewhere" in said
    assert not Notice.objects.exists()


@pytest.mark.parametrize(
    "options", [["--consent-source", "Words"], ["--terms", "1"], [*CONSENT[:2], "--terms", "none"]]
)
def test_half_a_consent_is_refused(take, options):
    with pytest.raises(CommandError):
        take("mara@example.com", *options)

    assert people() == {}


def test_foreign_terms_are_kept_readable_and_never_ours(take, tmp_path, client):
    text = tmp_path / "theirs.md"
    text.write_text("Their *words*.")
    options = ["--consent-source", "Old list", "--terms", "old-3", "--terms-file", str(text)]

    take("mara@example.com", *options)
    take("ole@example.com", *options)

    theirs = Terms.objects.get(version="old-3")
    assert {row.terms for row in Subscriber.objects.all()} == {theirs}
    assert Terms.objects.current().version == "1"
    page = client.get("/terms/old-3/").content.decode()
    assert "Their <em>words</em>." in page
    assert "agreed to with another list" in page
    assert "old-3" not in client.get("/terms/").content.decode()
    text.write_text("Other words.")
    with pytest.raises(CommandError, match="say something else"):
        take("eva@example.com", *options)


def test_topics_and_wishes_come_along(take, tmp_path):
    bread = CategoryFactory(name="Bread & butter", slug="bread")
    lines = [
        "email,categories,receives everything",
        "all@example.com,,",
        "bread@example.com,bread,",
        "name@example.com,Bread & Butter,no",
        "both@example.com,bread,yes",
        "none@example.com,,no",
        "odd@example.com,wood,",
    ]

    take("\n".join(lines), *CONSENT)

    found = {
        row.email.partition("@")[0]: (row.receives_everything, list(row.topics.all()))
        for row in Subscriber.objects.all()
    }
    assert found == {
        "all": (True, []),
        "bread": (False, [bread]),
        "name": (False, [bread]),
        "both": (True, [bread]),
        "none": (False, []),
    }
    assert refused(tmp_path) == [("7", "there is no category “wood”")]


@pytest.mark.parametrize(
    ("word", "status", "suppressed"),
    [
        ("active", "active", ""),
        ("Enabled", "active", ""),
        ("", "active", ""),
        ("unconfirmed", "pending", ""),
        ("Unsubscribed", "unsubscribed", ""),
        ("blocklisted", "unsubscribed", ""),
        ("cleaned", "bounced", "bounce"),
        ("complained", "complained", "complaint"),
    ],
)
def test_statuses_are_understood(take, word, status, suppressed):
    take(f"email,status\nmara@example.com,{word}", *CONSENT)

    mara = Subscriber.objects.get()
    assert (mara.status, mara.suppressed_for) == (status, suppressed)
    assert mara.agreed_to_terms == (status == "active")
    assert list(Subscriber.objects.receiving()) == ([mara] if status == "active" else [])


def test_unknown_status_is_refused(take, tmp_path):
    take("email,status\nmara@example.com,platinum", *CONSENT)

    assert people() == {}
    assert refused(tmp_path) == [("2", "the status “platinum” means nothing here")]


def test_nobody_who_left_is_brought_back(take, tmp_path):
    for status, suppressed in [
        ("unsubscribed", ""),
        ("bounced", "bounce"),
        ("complained", "complaint"),
        ("pending", ""),
    ]:
        SubscriberFactory(email=f"{status}@example.com", status=status, suppressed_for=suppressed)
    SubscriberFactory(email="lifted@example.com", status="active", suppressed_for="bounce")
    SubscriberFactory(email="gone@example.com").erase()
    suppressed = SubscriberFactory(
        email="both@example.com", status="bounced", suppressed_for="bounce"
    )
    suppressed.erase()
    names = ["Unsubscribed", "bounced", "complained", "lifted", "gone", "both", "new"]
    before = people()

    take("\n".join(["email", *(f"{name}@example.com" for name in names)]), *CONSENT)

    assert people() == before | {"new@example.com": "active"}
    assert refused(tmp_path) == [
        ("2", "this address is unsubscribed here"),
        ("3", "mail to this address bounced or was complained about"),
        ("4", "mail to this address bounced or was complained about"),
        ("5", "mail to this address bounced or was complained about"),
        ("6", "this address was erased here"),
        ("7", "mail to this address bounced or was complained about"),
    ]


def test_active_reader_is_left_as_she_is(take):
    mara = SubscriberFactory(email="mara@example.com", receives_everything=False)
    before = Subscriber.objects.filter(pk=mara.pk).values()[0]

    said = take("email,created_at,topics\nMARA@example.com,2001-01-01,", *CONSENT)

    assert Subscriber.objects.filter(pk=mara.pk).values()[0] == before
    assert not mara.consents.exists()
    assert "1 on the list already" in said


def test_file_takes_mail_away_from_a_reader_unless_she_came_back_since(take):
    for name in ("left", "bounced", "back"):
        SubscriberFactory(email=f"{name}@example.com", confirmed_at="2026-05-01 12:00Z")
    lines = [
        "email,status,unsubscribed_at",
        "left@example.com,unsubscribed,",
        "bounced@example.com,bounced,2020-01-01",
        "back@example.com,unsubscribed,2025-01-01",
    ]

    take("\n".join(lines))

    assert people() == {
        "left@example.com": "unsubscribed",
        "bounced@example.com": "bounced",
        "back@example.com": "active",
    }
    events = Consent.objects.order_by("event").values_list("event", flat=True)
    assert list(events) == ["bounced", "unsubscribed"]


@pytest.mark.parametrize("chunk", [2, 2000])
@pytest.mark.parametrize(
    "order", [["active", "unsubscribed"], ["unsubscribed", "active"], ["pending", "complained"]]
)
def test_of_two_lines_for_one_person_the_one_that_stops_mail_counts(
    take, monkeypatch, chunk, order
):
    monkeypatch.setattr(run, "CHUNK", chunk)
    first, second = order
    stopped = first if first in {"unsubscribed"} else second

    take(
        f"email,status\nmara@example.com,{first}\nx@example.com,\n\nMara@example.com,{second}\n",
        *CONSENT,
    )

    assert people() == {"mara@example.com": stopped, "x@example.com": "active"}


def test_own_export_comes_back_as_it_was(take, tmp_path):
    bread = CategoryFactory(slug="bread")
    for status in ("active", "pending", "unsubscribed"):
        SubscriberFactory(email=f"=1+{status}@example.com", status=status)
    chosen = SubscriberFactory(email="'=x@example.com", receives_everything=False)
    chosen.topics.add(bread)
    SubscriberFactory(email="b@example.com", status="bounced", suppressed_for="bounce")
    call_command("export_subscribers", str(tmp_path / "out.csv"), stdout=io.StringIO())
    content = (tmp_path / "out.csv").read_bytes()
    columns = ["email", "status", "receives_everything", "suppressed_for", "confirmed_at__date"]
    before = list(Subscriber.objects.order_by("email").values_list(*columns, "topics__slug"))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM newsletter_subscriber_topics")
        cursor.execute("DELETE FROM newsletter_subscriber")

    take(content, *CONSENT)

    after = list(Subscriber.objects.order_by("email").values_list(*columns, "topics__slug"))
    assert after == before


# --- A dry run ---

EVERYTHING = "\n".join(
    [
        "email,status,topics",
        "new@example.com,,",
        "New@example.com,,",
        "new@example.com,unsubscribed,",
        "new@example.com,,",
        "bad,,",
        "here@example.com,,",
        "waits@example.com,,",
        "left@example.com,,",
        "here@example.com,bounced,",
        "odd@example.com,,wood",
        "late@example.com,pending,",
        "late@example.com,active,",
    ]
)


@pytest.mark.parametrize("chunk", [1, 3, 2000])
@pytest.mark.parametrize("options", [CONSENT, []])
def test_dry_run_says_what_the_real_one_does(take, monkeypatch, chunk, options):
    monkeypatch.setattr(run, "CHUNK", chunk)
    SubscriberFactory(email="here@example.com")
    SubscriberFactory(email="waits@example.com", status="pending")
    SubscriberFactory(email="left@example.com", status="unsubscribed")
    before = people()

    dry = take(EVERYTHING, "--dry-run", *options)
    unchanged = people() == before and not ImportBatch.objects.exists()
    real = take(EVERYTHING, *options)

    assert unchanged
    assert dry.splitlines()[:-1] == real.splitlines()[:-1]
    assert people() != before


# --- Those whose consent nobody knows are asked ---


def test_without_consent_people_are_asked_by_mail_and_agree_by_the_button(
    take, client, django_capture_on_commit_callbacks
):
    take("email\nmara@example.com\n")
    mara = Subscriber.objects.get()
    assert (mara.status, mara.agreed_to_terms, mara.terms) == ("pending", False, None)

    invite()
    send_notices.func()

    [letter] = mail.outbox
    assert letter.subject.startswith("Would you like the newsletter of")
    path = letter.body.split("https://blog.example.com")[1].split()[0]
    shown = client.get(path).content.decode()
    unchanged = Subscriber.objects.get().status
    client.post(path)
    mara.refresh_from_db()
    assert "Agree to the terms &amp; conditions and subscribe" in shown
    assert unchanged == "pending"
    assert (mara.status, mara.agreed_to_terms, mara.terms.version) == ("active", True, "1")
    log = list(mara.consents.values_list("event", "terms_version", "wording"))
    assert log[1:] == [
        ("invited", "1", ""),
        ("terms_agreed", "1", "Agree to the terms & conditions and subscribe"),
        ("confirmed", "1", ""),
    ]


@override_settings(CONFIRMATIONS_PER_HOUR=2)
def test_long_list_is_asked_bit_by_bit_and_each_once(take):
    take("\n".join(f"reader{number}@example.com" for number in range(3)))

    for _ in range(5):
        sweep()
        sent = len(mail.outbox)
        send_notices.func()
        assert len(mail.outbox) - sent <= 2
        Notice.objects.waiting().update(due_at="2020-01-01 00:00Z")
        Limit.objects.all().delete()

    assert sorted(letter.to[0] for letter in mail.outbox) == [
        "reader0@example.com",
        "reader1@example.com",
        "reader2@example.com",
    ]
    assert not ImportBatch.objects.inviting().exists()


def test_nobody_is_forgotten_before_she_was_asked(take):
    with time_machine.travel("2020-01-01 12:00Z"):
        take("mara@example.com")

    assert purge_subscribers() == 0
    ImportBatch.objects.update(invited_at="2020-01-02 00:00Z")
    assert purge_subscribers() == 1


# --- Undoing ---


def test_undone_import_leaves_those_who_did_something_themselves(take):
    take("\n".join(f"{name}@example.com" for name in ("a", "chose", "left")), *CONSENT)
    take("\n".join(f"{name}@example.com" for name in ("asked", "other")), name="other.csv")
    SubscriberFactory(email="own@example.com")
    first, second = ImportBatch.objects.order_by("pk")
    Subscriber.objects.get(email="chose@example.com").choose(everything=True, topics=[])
    Subscriber.objects.get(email="left@example.com").unsubscribe()

    out = io.StringIO()
    call_command("import_subscribers", "--undo", str(first.pk), stdout=out)

    assert people() == {
        "a@example.com": "unsubscribed",
        "chose@example.com": "active",
        "left@example.com": "unsubscribed",
        "asked@example.com": "pending",
        "other@example.com": "pending",
        "own@example.com": "active",
    }
    assert out.getvalue().startswith("1 subscriber was taken off")
    log = Consent.objects.filter(subscriber__email="a@example.com").values_list("event", "wording")
    assert list(log)[1:] == [("unsubscribed", "The import that brought them in was undone")]
    call_command("import_subscribers", "--undo", str(second.pk), stdout=out)
    invite()
    assert not Notice.objects.exists()


def test_undone_import_can_be_put_right_unless_somebody_was_written_to(take, tmp_path):
    take("a@example.com\nmailed@example.com\nleft@example.com")
    DeliveryFactory(subscriber=Subscriber.objects.get(email="mailed@example.com"))
    Subscriber.objects.get(email="left@example.com").unsubscribe()
    call_command("import_subscribers", "--undo", str(ImportBatch.objects.get().pk))

    take("a@example.com\nmailed@example.com\nleft@example.com", *CONSENT)

    assert people() == {
        "a@example.com": "active",
        "mailed@example.com": "unsubscribed",
        "left@example.com": "unsubscribed",
    }
    again = ImportBatch.objects.latest("pk")
    call_command("import_subscribers", "--undo", str(again.pk))
    assert people()["a@example.com"] == "unsubscribed"


def test_undoing_nothing_is_said():
    with pytest.raises(CommandError, match="There is no import 99"):
        call_command("import_subscribers", "--undo", "99")


# --- Dying half-way ---


def test_refused_lines_are_private(take, tmp_path):
    take("email\n=bad\nmara@example.com\n", *CONSENT)

    path = tmp_path / "people.csv.rejected.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().splitlines()[1].endswith(",'=bad")


def test_chunk_that_fails_is_done_again_and_nothing_twice(take, monkeypatch, tmp_path):
    monkeypatch.setattr(run, "CHUNK", 2)
    add, calls = run.RefusedFile.add, []

    def failing(self, *args):
        calls.append(add(self, *args))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return calls[-1]

    monkeypatch.setattr(run.RefusedFile, "add", failing)
    content = "bad\na@example.com\nworse\nb@example.com\nc@example.com\n"
    with pytest.raises(KeyboardInterrupt):
        take("email\n" + content, *CONSENT)
    part = people()

    said = take("email\n" + content, *CONSENT)

    assert part == {"a@example.com": "active"}
    assert people() == {f"{name}@example.com": "active" for name in "abc"}
    assert [line for line, _ in refused(tmp_path)] == ["2", "4"]
    assert "3 subscribed" in said
    assert "2 refused" in said
    assert ImportBatch.objects.count() == 1
