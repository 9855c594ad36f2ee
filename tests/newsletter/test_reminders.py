"""The one reminder to whoever signed up and did not confirm."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError
from django.test import TransactionTestCase
from django.utils import timezone

from newsletter.models import Notice, Subscriber
from newsletter.signups import remind
from newsletter.sweep import sweep
from newsletter.tasks import send_notices
from tests.factories import NewsletterSettingsFactory, SubscriberFactory, TermsFactory
from tests.newsletter.flows import link_in, send_mail, sign_up
from tests.processes import at_once

pytestmark = pytest.mark.django_db

QUESTION = "Please confirm your subscription to Pennypost"
REMINDER = "A reminder: please confirm your subscription to Pennypost"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        TermsFactory()
        yield clock


@pytest.fixture
def asked(mailoutbox):
    """Somebody signed up and was sent the mail; reminders are switched on."""
    NewsletterSettingsFactory(reminds=True, welcomes=False)
    sign_up()
    send_mail()


def pass_days(clock, days, *, sweeps_a_day=2):
    for _ in range(int(days * sweeps_a_day)):
        clock.shift(DAY / sweeps_a_day)
        sweep()
        send_mail()


def subjects(mailoutbox):
    return [mail.subject for mail in mailoutbox]


def test_reminder_comes_after_three_days_and_never_again(mailoutbox, clock, asked, settings):
    settings.PENDING_DAYS = 90
    pass_days(clock, 2.75, sweeps_a_day=4)
    before = subjects(mailoutbox)

    pass_days(clock, 60, sweeps_a_day=1)

    assert before == [QUESTION]
    assert subjects(mailoutbox) == [QUESTION, REMINDER]
    for part in (mailoutbox[1].body, mailoutbox[1].alternatives[0].content):
        assert "This is the only reminder" in part


def test_link_in_the_reminder_is_a_fresh_one(client, mailoutbox, clock, asked):
    pass_days(clock, 4)
    clock.shift(6 * DAY)

    old = client.post(link_in(mailoutbox[0], "confirm"))
    new = client.post(link_in(mailoutbox[1], "confirm"))

    assert (old.status_code, new.status_code) == (410, 200)
    assert Subscriber.objects.get().status == "active"


def test_whoever_ignores_the_reminder_is_forgotten_in_time(clock, asked, settings):
    settings.PENDING_DAYS = 10
    pass_days(clock, 10.5)

    assert not Subscriber.objects.exists()


def test_nobody_is_reminded_until_it_is_switched_on(mailoutbox, clock):
    sign_up()
    send_mail()

    pass_days(clock, 5)

    assert subjects(mailoutbox) == [QUESTION]


def test_whoever_signed_up_long_before_it_was_switched_on_is_left_alone(mailoutbox, clock):
    sign_up()
    send_mail()
    pass_days(clock, 12)
    NewsletterSettingsFactory(reminds=True)

    pass_days(clock, 5)

    assert subjects(mailoutbox) == [QUESTION]


@pytest.mark.parametrize(
    "answer",
    [
        lambda reader: Subscriber.objects.update(status="active"),
        lambda reader: reader.unsubscribe(),
        lambda reader: reader.suppress(Subscriber.Suppression.COMPLAINT),
        lambda reader: reader.suppress(Subscriber.Suppression.BOUNCE),
        lambda reader: reader.erase(),
    ],
    ids=["confirmed", "left", "complained", "bounced", "erased"],
)
@pytest.mark.parametrize("already_waits", [False, True])
def test_whoever_answered_or_wants_no_mail_is_not_reminded(
    mailoutbox, clock, asked, answer, already_waits
):
    clock.shift(3 * DAY)
    if already_waits:
        assert remind() == 1
    answer(Subscriber.objects.get())

    pass_days(clock, 2)

    assert subjects(mailoutbox) == [QUESTION]


def test_address_that_complained_and_was_erased_is_not_reminded(mailoutbox, clock, asked):
    former = SubscriberFactory(email="other@example.com")
    former.suppress(Subscriber.Suppression.COMPLAINT)
    same = Subscriber.objects.get(email="mara@example.com").address_hash
    Subscriber.objects.filter(pk=former.pk).update(address_hash=same)

    pass_days(clock, 5)

    assert subjects(mailoutbox) == [QUESTION]


def test_whose_first_mail_never_arrived_is_not_reminded(mailoutbox, clock, asked):
    Notice.objects.update(status="failed")

    pass_days(clock, 5)

    assert subjects(mailoutbox) == [QUESTION]


def test_several_sign_ups_are_reminded_of_once_and_of_the_last(client, mailoutbox, clock, asked):
    clock.shift(timedelta(hours=2))
    sign_up()
    send_mail()

    pass_days(clock, 20)

    assert subjects(mailoutbox) == [QUESTION, QUESTION, REMINDER]
    last = Subscriber.objects.get().consents.filter(event="requested").last()
    assert Notice.objects.get(kind="reminder").consent == last


def test_reminder_is_one_of_five_confirmations_a_day(mailoutbox, clock, asked):
    clock.shift(3 * DAY - timedelta(hours=12))
    for _ in range(5):
        clock.shift(timedelta(hours=2))
        sign_up()
        send_mail()
    before = len(mailoutbox)

    clock.shift(timedelta(hours=2))
    sweep()
    send_mail()

    assert before == 6
    assert REMINDER not in subjects(mailoutbox)
    assert Notice.objects.get(kind="reminder").status == "skipped"


def test_network_that_used_up_its_share_waits_for_its_reminders(mailoutbox, clock, settings):
    NewsletterSettingsFactory(reminds=True)
    for number in range(4):
        sign_up(f"a{number}@example.com")
    send_mail()
    settings.CONFIRMATIONS_PER_NETWORK_HOUR = 3
    clock.shift(3 * DAY)
    remind()

    send_mail()

    assert subjects(mailoutbox).count(REMINDER) == 3


def test_database_itself_refuses_a_second_reminder(asked):
    reader = Subscriber.objects.get()
    Notice.objects.create(kind="reminder", subscriber=reader)

    with pytest.raises(IntegrityError, match=r"newsletter_notice|notice_one_reminder"):
        Notice.objects.create(kind="reminder", subscriber=reader)


class ParallelSweeps(TransactionTestCase):
    def test_workers_that_sweep_at_the_same_moment_remind_once(self) -> None:
        TermsFactory()
        NewsletterSettingsFactory(reminds=True)
        for number in range(3):
            sign_up(f"a{number}@example.com")
        while send_notices.call():
            pass
        Notice.objects.update(settled_at=timezone.now() - 4 * DAY)

        faults = at_once(4, lambda _: remind())
        faults += at_once(4, lambda _: send_notices.call())

        assert faults == []
        reminders = Notice.objects.filter(kind="reminder")
        assert [notice.status for notice in reminders] == ["sent"] * 3
