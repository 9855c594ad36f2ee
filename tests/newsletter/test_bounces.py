"""What comes back: reports in a mailbox, and what follows for the reader."""

import mailbox
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from newsletter import feedback, reports
from newsletter.letters import Letter, Reader
from newsletter.models import Delivery, Feedback
from tests.factories import (
    AddressChangeFactory,
    DeliveryFactory,
    FrozenMailFactory,
    SubscriberFactory,
)
from tests.imap import Folder, serving
from tests.newsletter.reports import OUT_OF_OFFICE, bounce, complaint

pytestmark = pytest.mark.django_db

READER = "reader@example.com"


@pytest.fixture
def delivery():
    return DeliveryFactory(subscriber=SubscriberFactory(email=READER), status="sent")


@pytest.fixture
def box(tmp_path):
    return mailbox.Maildir(str(tmp_path / "bounces"), create=True)


def message_id(delivery):
    letter = Letter(FrozenMailFactory.build(issue=delivery.issue))
    return letter.message_id(Reader(delivery.pk, READER, "token"))


def process(box, capsys=None):
    call_command("process_bounces", box._path)
    return capsys.readouterr().out if capsys else ""


def flags(box):
    return [message.get_flags() for message in box]


def status_of(delivery):
    delivery.subscriber.refresh_from_db()
    return delivery.subscriber.status


def test_bounce_for_good_stops_all_mail_to_the_address(delivery, box, capsys):
    box.add(bounce(READER, message_id=message_id(delivery)))

    said = process(box, capsys)

    assert status_of(delivery) == "bounced"
    assert said == "Reports: 1 noted, 0 known already. Other mail left alone: 0.\n"
    [event] = Feedback.objects.all()
    assert (event.kind, event.delivery) == ("hard", delivery)
    assert event.detail == "5.1.1 550 5.1.1 User unknown"
    assert flags(box) == ["S"]


@pytest.mark.parametrize(
    ("went_out", "status"), [("before she moved", "active"), ("after she moved", "bounced")]
)
def test_bounce_of_the_address_that_a_reader_left_stops_no_mail_to_the_new_one(
    delivery, box, went_out, status
):
    moved_at = timezone.now() - timedelta(hours=1)
    AddressChangeFactory(subscriber=delivery.subscriber, done_at=moved_at)
    late = timedelta(minutes=-5 if went_out == "before she moved" else 5)
    Delivery.objects.filter(pk=delivery.pk).update(settled_at=moved_at + late)
    box.add(bounce(READER, message_id=message_id(delivery)))

    process(box)

    assert status_of(delivery) == status
    assert Feedback.objects.get().kind == "hard"


def test_report_told_twice_is_noted_once(delivery, box, tmp_path, capsys):
    again = mailbox.Maildir(str(tmp_path / "again"), create=True)
    for place in (box, again):
        place.add(bounce(READER, status="5.2.2", words="552", message_id=message_id(delivery)))

    process(box)
    said = process(again, capsys)

    assert "0 noted, 1 known already" in said
    assert Feedback.objects.count() == 1


def test_bounce_to_the_address_of_one_mail_needs_no_more_proof(delivery, box, settings):
    settings.BOUNCE_ADDRESS = "bounces@blog.example.com"
    letter = Letter(FrozenMailFactory.build(issue=delivery.issue))
    sender = letter.envelope_sender(Reader(delivery.pk, READER, "token"))
    box.add(bounce("elsewhere@example.net", sent_to=sender))

    process(box)

    assert status_of(delivery) == "bounced"


@pytest.mark.parametrize(
    "forged", ["", "<0123456789abcdef0123456789abcdef@blog.example.com>", "of another"]
)
def test_report_that_proves_nothing_changes_nothing(delivery, box, capsys, forged):
    if forged == "of another":
        forged = message_id(DeliveryFactory(issue=delivery.issue, status="sent"))
    box.add(bounce(READER, message_id=forged))

    said = process(box, capsys)

    assert status_of(delivery) == "active"
    assert "1 about no mail of ours" in said
    assert flags(box) == [""]


@pytest.mark.parametrize(
    "other",
    [OUT_OF_OFFICE, b"", b"\xff\xfe no mail at all", b"Content-Type: multipart/report\n\n--x"],
)
def test_other_mail_is_left_alone(delivery, box, capsys, other):
    box.add(other)

    said = process(box, capsys)

    assert "Other mail left alone: 1." in said
    assert flags(box) == [""]
    assert not Feedback.objects.exists()


def test_mail_that_is_only_late_is_no_bounce(delivery, box):
    box.add(bounce(READER, action="delayed", status="4.4.1", message_id=message_id(delivery)))

    process(box)

    assert status_of(delivery) == "active"
    assert not Feedback.objects.exists()


def test_complaint_stops_all_mail_to_the_address(delivery, box):
    box.add(complaint(READER, message_id=message_id(delivery)))

    process(box)

    assert status_of(delivery) == "complained"


def test_full_mailbox_is_given_three_issues(settings):
    reader = SubscriberFactory()
    statuses = []
    for number in range(3):
        row = DeliveryFactory(subscriber=reader, status="sent")
        feedback.note("soft", reader, delivery=row, key=f"{number}", detail="552 5.2.2 full")
        reader.refresh_from_db()
        statuses.append(reader.status)

    assert statuses == ["active", "active", "bounced"]


def test_mailbox_that_was_emptied_in_between_starts_anew():
    reader = SubscriberFactory()
    for number, is_soft in enumerate([True, True, False, True, True]):
        row = DeliveryFactory(subscriber=reader, status="sent")
        if is_soft:
            feedback.note("soft", reader, delivery=row, key=f"{number}", detail="552 5.2.2 full")

    reader.refresh_from_db()
    assert reader.status == "active"


def test_mbox_is_read_and_never_written(delivery, tmp_path):
    path = tmp_path / "mbox"
    box = mailbox.mbox(str(path))
    box.add(bounce(READER, message_id=message_id(delivery)))
    box.close()
    before = path.read_bytes()

    call_command("process_bounces", str(path))

    assert status_of(delivery) == "bounced"
    assert path.read_bytes() == before


def test_imap_folder_is_read_and_only_reports_are_marked(delivery, capsys):
    report = bounce(READER, message_id=message_id(delivery))

    with serving(Folder("Bounces", {7: OUT_OF_OFFICE, 9: report})) as folder:
        call_command("process_bounces", folder.url)
        call_command("process_bounces", folder.url)

    assert status_of(delivery) == "bounced"
    assert folder.read == [9]
    assert capsys.readouterr().out.splitlines() == [
        "Reports: 1 noted, 0 known already. Other mail left alone: 1.",
        "Reports: 0 noted, 0 known already. Other mail left alone: 1.",
    ]


@pytest.mark.parametrize(("found", "wanted"), [("Bounces", "Other"), ("p%40ss", "wrong")])
def test_imap_folder_that_cannot_be_read_is_named_without_the_password(found, wanted):
    with serving(Folder("Bounces", {})) as folder:
        url = folder.url.replace(found, wanted)
        with pytest.raises(CommandError, match=r"cannot be read|no folder") as refusal:
            call_command("process_bounces", url)

    assert "p@ss" not in str(refusal.value)
    assert "wrong" not in str(refusal.value)


def test_mailbox_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CommandError, match="neither a Maildir nor an mbox"):
        call_command("process_bounces", str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("5.1.1", "550 5.1.1 User unknown", "hard"),
        ("5.2.1", "550 mailbox disabled", "hard"),
        ("5.0.0", "550 no such user", "hard"),
        ("5.2.2", "552 5.2.2 mailbox full", "soft"),
        ("5.7.1", "554 5.7.1 looks like spam", "soft"),
        ("4.4.1", "connection timed out", "soft"),
    ],
)
def test_status_says_whether_it_is_for_good(status, words, kind):
    report = reports.read(bounce(READER, status=status, words=words))

    assert report is not None
    assert (report.kind, report.recipients) == (kind, (READER,))
