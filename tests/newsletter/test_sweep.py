"""What happens without anybody asking: lost nudges are made up for, old things forgotten."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.test import TransactionTestCase
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from newsletter import feedback
from newsletter.models import (
    AddressChange,
    Consent,
    ConsentEvidence,
    Feedback,
    Notice,
    Subscriber,
)
from newsletter.sweep import forget, sweep
from tests.factories import FeedbackFactory, SubscriberFactory, TermsFactory
from tests.newsletter.flows import sign_up
from tests.processes import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def terms(clock):
    return TermsFactory()


def nudges() -> int:
    return DBTaskResult.objects.filter(task_path="newsletter.tasks.send_notices").count()


def test_notice_whose_nudge_was_lost_is_found_within_seconds(clock):
    sign_up()
    sweep()
    at_once_ = nudges()

    clock.shift(timedelta(seconds=5))
    sweep()

    assert (at_once_, nudges()) == (0, 1)


def test_notice_of_a_worker_that_died_is_found_when_its_lease_ends(clock):
    sign_up()
    Notice.objects.claim(Notice.objects.get())
    clock.shift(timedelta(minutes=4))
    sweep()
    before = nudges()

    clock.shift(timedelta(minutes=2))
    sweep()

    assert (before, nudges()) == (0, 1)


def test_sweep_costs_four_reads_when_there_is_nothing_to_do(clock, django_assert_num_queries):
    sweep()

    with django_assert_num_queries(4):
        sweep()

    assert nudges() == 0


def test_sign_up_that_nobody_confirmed_is_forgotten_with_all_that_hangs_on_it(clock, settings):
    settings.PENDING_DAYS = 30
    sign_up("forgotten@example.com")
    kept = SubscriberFactory(email="kept@example.com")
    clock.shift(timedelta(days=30))
    sweep()
    before = Subscriber.objects.count()

    clock.shift(timedelta(hours=1, seconds=1))
    sweep()

    assert before == 2
    assert list(Subscriber.objects.all()) == [kept]
    for model in (Consent, ConsentEvidence, Notice):
        assert not model.objects.exists()


@pytest.mark.parametrize("kind", ["delivered", "soft"])
def test_sign_up_is_forgotten_with_what_a_mail_service_said_of_its_mail(clock, settings, kind):
    sign_up("forgotten@example.com")
    feedback.note(
        Feedback.Kind(kind), Subscriber.objects.get(), delivery=None, key="confirmation mail"
    )
    of_a_reader = FeedbackFactory()
    clock.shift(timedelta(days=settings.PENDING_DAYS, seconds=1))

    forget()

    assert list(Subscriber.objects.all()) == [of_a_reader.subscriber]
    assert list(Feedback.objects.all()) == [of_a_reader]


def test_sign_up_asked_for_again_is_kept_for_as_long_again(clock, settings):
    sign_up()
    clock.shift(timedelta(days=settings.PENDING_DAYS - 1))
    sign_up()
    clock.shift(timedelta(days=2))
    forget()
    kept = Subscriber.objects.count()

    clock.shift(timedelta(days=settings.PENDING_DAYS))
    forget()

    assert (kept, Subscriber.objects.count()) == (1, 0)


@pytest.mark.parametrize("state", ["active", "unsubscribed", "bounced", "complained"])
def test_nobody_but_the_unconfirmed_is_forgotten(clock, state):
    subscriber = SubscriberFactory()
    Subscriber.objects.filter(pk=subscriber.pk).update(status=state)

    clock.shift(timedelta(days=9999))
    forget()

    assert Subscriber.objects.count() == 1


def test_evidence_is_forgotten_after_its_time_and_the_log_stays(clock, settings):
    settings.EVIDENCE_DAYS = 100
    sign_up()
    Subscriber.objects.update(status="active")
    clock.shift(timedelta(days=100))
    forget()
    before = ConsentEvidence.objects.count()

    clock.shift(timedelta(seconds=1))
    forget()

    assert (before, ConsentEvidence.objects.count()) == (2, 0)
    assert Consent.objects.count() == 2


def test_settled_notices_and_old_wishes_are_forgotten_after_a_month(clock):
    reader = SubscriberFactory()
    AddressChange.objects.create(
        subscriber=reader, old_email=reader.email, new_email="a@x.co", new_key="a@x.co"
    )
    settled = Notice.objects.create(kind="data_link", subscriber=reader)
    waiting = Notice.objects.create(kind="data_link", subscriber=reader)
    settled.settle(Notice.Status.SENT)

    clock.shift(timedelta(days=30, seconds=1))
    forget()

    assert list(Notice.objects.all()) == [waiting]
    assert not AddressChange.objects.exists()


def test_purge_command_says_how_many_it_forgot(clock):
    for number in range(3):
        sign_up(f"a{number}@example.com")
    clock.shift(timedelta(days=31))
    said = [StringIO(), StringIO()]

    for out in said:
        call_command("purge_subscribers", stdout=out)

    assert [out.getvalue() for out in said] == [
        "3 sign-ups forgotten, unconfirmed for 30 days.\n",
        "0 sign-ups forgotten, unconfirmed for 30 days.\n",
    ]
    assert not Subscriber.objects.exists()


class PurgeAndConfirm(TransactionTestCase):
    def test_who_confirms_while_the_purge_runs_is_not_forgotten(self) -> None:
        long_ago = timezone.now() - timedelta(days=99)
        people = [
            SubscriberFactory(status="pending", created_at=long_ago, confirmed_at=None)
            for _ in range(20)
        ]
        asked = [
            Consent.objects.create(
                subscriber=row, event="requested", at=long_ago, terms_version=row.terms.version
            )
            for row in people
        ]
        confirmed: list[Subscriber] = []

        def act(number: int) -> None:
            if number == 0:
                forget()
            elif people[number].confirm(asked[number]):
                confirmed.append(people[number])

        faults = at_once(20, act)

        assert {type(fault) for fault in faults} <= {Subscriber.DoesNotExist}
        assert set(Subscriber.objects.all()) == set(confirmed)
