"""What becomes of a waiting mail when the mail server answers, refuses, drops or is not there."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.db import OperationalError
from django.utils import timezone

from blog import outbox
from blog.models import AccountMail
from tests.smtp import Sink, running

pytestmark = pytest.mark.django_db

REFUSED_FOR_GOOD = "550 5.1.1 <{}> no such user"


@pytest.fixture
def sink(settings):
    with running(Sink(), settings) as sink:
        yield sink


@pytest.fixture
def clock():
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        yield clock


def write(row: AccountMail) -> EmailMessage:
    return EmailMessage("Hello", "Hello there.", "us@example.com", [address_of(row)])


def address_of(row: AccountMail) -> str:
    return f"reader{row.pk}@example.com"


def waiting(count: int) -> list[AccountMail]:
    return [AccountMail.objects.create(kind="invitation") for _ in range(count)]


def deliver(**options) -> int:
    return outbox.deliver(AccountMail.objects.all(), options.pop("write", write), **options)


def states() -> list[tuple[str, str]]:
    return list(AccountMail.objects.order_by("pk").values_list("status", "reply"))


def minutes_to_wait() -> list[float]:
    return [
        (row.due_at - timezone.now()).total_seconds() / 60
        for row in AccountMail.objects.order_by("pk")
    ]


def test_due_mails_go_out_over_one_connection(sink):
    rows = waiting(3)

    taken_up = deliver()

    assert taken_up == 3
    assert sink.recipients == [address_of(row) for row in rows]
    assert sink.connections == 1
    assert states() == [("sent", "")] * 3
    assert AccountMail.objects.filter(settled_at=None, claimed_until=None).count() == 0


def test_sent_mail_is_not_sent_again(sink):
    waiting(1)
    deliver()

    taken_up = deliver()

    assert (taken_up, len(sink.taken)) == (0, 1)


def test_no_more_than_the_given_number_is_taken_up(sink):
    waiting(3)

    taken_up = deliver(most=2)

    assert taken_up == 2
    assert states() == [("sent", ""), ("sent", ""), ("waiting", "")]


def test_recipient_refused_for_good_fails_alone_and_without_her_address_in_the_reply(sink):
    rows = waiting(3)
    address = address_of(rows[1])
    sink.at_rcpt[address] = [REFUSED_FOR_GOOD.format(address)]

    deliver()

    assert states() == [("sent", ""), ("failed", "550 5.1.1 <…> no such user"), ("sent", "")]
    assert sink.connections == 1


def test_recipient_refused_for_now_is_tried_again_with_growing_gaps(sink, clock):
    [row] = waiting(1)
    sink.at_rcpt[address_of(row)] = ["450 4.2.0 try later"] * 6
    gaps = []

    for _ in range(6):
        deliver()
        [minutes] = minutes_to_wait()
        gaps.append(minutes)
        clock.shift(timedelta(minutes=minutes))

    assert gaps == [1, 5, 15, 60, 240, 240]
    assert states() == [("waiting", "450 4.2.0 try later")]
    deliver()
    assert states() == [("sent", "")]
    assert len(sink.taken) == 1


def test_mail_refused_for_two_days_is_given_up(sink, clock):
    [row] = waiting(1)
    sink.at_rcpt[address_of(row)] = ["450 4.2.0 try later"] * 99

    for _ in range(60):
        deliver()
        clock.shift(timedelta(hours=1))

    assert states() == [("failed", "450 4.2.0 try later")]
    assert AccountMail.objects.get().settled_at - row.created_at <= timedelta(days=2)


def test_message_refused_after_its_text_does_not_touch_the_next_one(sink, clock):
    rows = waiting(3)
    sink.at_end[address_of(rows[0])] = ["554 5.6.0 we do not like it"]
    sink.at_end[address_of(rows[1])] = ["452 4.3.1 out of room"]

    deliver()

    assert states() == [
        ("failed", "554 5.6.0 we do not like it"),
        ("waiting", "452 4.3.1 out of room"),
        ("sent", ""),
    ]


def test_server_that_is_not_there_is_nobodys_failure(sink, settings, clock, caplog):
    settings.MAILERS["default"]["OPTIONS"]["port"] = 1
    waiting(3)

    with caplog.at_level(logging.WARNING, "pennypost.mail"):
        deliver()

    assert [status for status, _ in states()] == ["waiting"] * 3
    assert minutes_to_wait() == [1, 1, 1]
    assert len(caplog.messages) == 1
    assert "The mail server takes no mail: ConnectionRefusedError" in caplog.messages[0]


def test_server_that_is_gone_for_ten_minutes_loses_nobody_and_logs_once_a_minute(
    sink, settings, clock, caplog
):
    settings.MAILERS["default"]["OPTIONS"]["port"] = 1
    waiting(3)
    with caplog.at_level(logging.WARNING, "pennypost.mail"):
        for _ in range(120):
            deliver()
            clock.shift(timedelta(seconds=5))
    logged = len(caplog.messages)

    settings.MAILERS["default"]["OPTIONS"]["port"] = sink.port
    clock.shift(timedelta(minutes=15))
    deliver()

    assert 5 <= logged <= 10
    assert states() == [("sent", "")] * 3
    assert len(sink.taken) == 3


@pytest.mark.parametrize(
    "reply", ["530 5.7.0 sign in first", "421 4.3.2 closing down", "451 4.7.1 slow down, all"]
)
def test_sender_refused_stops_the_batch_and_fails_nobody(sink, clock, reply):
    waiting(2)
    sink.at_mail = [reply]

    deliver()

    assert states() == [("waiting", reply), ("waiting", "")]
    assert minutes_to_wait() == [1, 1]
    assert sink.taken == []


def test_wrong_password_is_nobodys_failure(sink, settings, clock):
    settings.MAILERS["default"]["OPTIONS"] |= {"username": "us", "password": "wrong"}
    waiting(2)

    deliver()

    assert [status for status, _ in states()] == ["waiting", "waiting"]
    assert sink.taken == []


def test_connection_that_breaks_off_is_tried_again(sink, clock):
    [row] = waiting(1)
    sink.at_rcpt[address_of(row)] = ["drop"]

    deliver()
    clock.shift(timedelta(minutes=1))
    deliver()

    assert states() == [("sent", "")]
    assert len(sink.taken) == 1


def test_message_that_breaks_the_connection_each_time_does_not_hold_up_the_others(sink, clock):
    rows = waiting(3)
    sink.at_end[address_of(rows[0])] = ["drop"] * 9

    for _ in range(3):
        deliver()
        clock.shift(timedelta(minutes=1))

    assert [status for status, _ in states()] == ["waiting", "sent", "sent"]


def test_server_that_takes_so_many_mails_a_connection_gets_the_rest_over_new_ones(sink):
    sink.most_per_connection = 2
    waiting(5)

    while deliver():
        pass

    assert states() == [("sent", "")] * 5
    assert len(set(sink.recipients)) == len(sink.taken) == 5


def broken(row: AccountMail) -> EmailMessage:
    if row.pk == AccountMail.objects.order_by("pk").first().pk:
        raise KeyError("mara@example.com")
    return write(row)


def with_two_recipients(row: AccountMail) -> EmailMessage:
    return EmailMessage("Hello", "Hello.", "us@example.com", ["a@example.com", "b@example.com"])


def with_second_header(row: AccountMail) -> EmailMessage:
    return EmailMessage("Hello\r\nBcc: b@example.com", "Hello.", "us@example.com", ["a@x.co"])


def test_message_that_cannot_be_written_fails_alone_and_is_logged_without_addresses(sink, caplog):
    waiting(2)

    deliver(write=broken)

    assert states() == [("failed", "It could not be written (KeyError)."), ("sent", "")]
    assert "KeyError" in caplog.text
    assert "mara@example.com" not in caplog.text


@pytest.mark.parametrize("write", [with_two_recipients, with_second_header])
def test_message_with_a_smuggled_recipient_never_leaves(sink, write):
    waiting(1)

    deliver(write=write)

    assert states() == [("failed", "It could not be written (ValueError).")]
    assert sink.taken == []


def test_database_that_fails_while_a_message_is_written_leaves_the_row_to_its_lease(sink, clock):
    waiting(1)

    def write_without_database(row: AccountMail) -> EmailMessage:
        raise OperationalError("database is locked")

    with pytest.raises(OperationalError):
        deliver(write=write_without_database)

    assert states() == [("waiting", "")]
    clock.shift(timedelta(minutes=5))
    deliver()
    assert states() == [("sent", "")]


def test_mail_that_nobody_is_to_get_is_skipped_with_its_reason(sink):
    waiting(1)

    def skip(row: AccountMail) -> EmailMessage:
        raise outbox.Skip("She left.")

    deliver(write=skip)

    assert states() == [("skipped", "She left.")]
    assert sink.taken == []


def test_mail_that_must_wait_waits_until_then_and_is_skipped_after_two_days(sink, clock):
    waiting(1)

    def later(row: AccountMail) -> EmailMessage:
        raise outbox.Later(timezone.now() + timedelta(minutes=90), "Too many at once.")

    deliver(write=later)
    [minutes] = minutes_to_wait()
    clock.shift(timedelta(days=2))
    deliver(write=later)

    assert minutes == 90
    assert states() == [("skipped", "Too many at once.")]


def test_mail_taken_over_by_another_worker_is_not_settled_by_the_first(sink, clock):
    waiting(1)

    def slow(row: AccountMail) -> EmailMessage:
        clock.shift(timedelta(minutes=5))
        AccountMail.objects.claim(AccountMail.objects.get())
        return write(row)

    deliver(write=slow)

    assert states() == [("waiting", "")]
