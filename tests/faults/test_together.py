"""Several workers on one database, as threads with connections of their own."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from newsletter.models import Delivery, Issue
from newsletter.sending import issues, ledger
from newsletter.sending.freezing import freeze_next
from newsletter.sending.ledger import Outcome
from newsletter.sending.verdicts import Verdict
from tests.factories import IssueFactory
from tests.faults.inside import READERS, everybody_once, send
from tests.faults.marks import on_postgresql
from tests.newsletter.sending import statuses
from tests.processes import at_once

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def test_twenty_clicks_and_eight_workers_send_one_issue(issue, sink):
    """Case K04."""
    Issue.objects.all().update(status="cancelled")
    other = IssueFactory()

    clicks = at_once(20, lambda number: issues.start(Issue.objects.get(pk=other.pk)))
    workers = at_once(8, lambda number: send())

    assert [type(click) for click in clicks] == [issues.NotNowError] * 19
    assert workers == []
    assert everybody_once(sink)
    assert statuses(other) == {"sent": READERS}


def test_three_workers_keep_to_one_rate(issue, sink, settings):
    """Case K20, with a second for a minute; `make faults` has the minute."""
    settings.SEND_RATE = "50/s"

    assert at_once(3, lambda number: send_until_finished(issue)) == []

    times = [event.at for event in sink.events("accepted")]
    assert everybody_once(sink)
    # A tenth of the second's mails may go at once. The rest of the second is for a slow machine.
    assert times[-1] - times[0] > (READERS - 5) / 50 - 0.2


def send_until_finished(issue):
    while not Issue.objects.get(pk=issue.pk).is_finished:
        send()


@on_postgresql
def test_database_knows_how_many_there_are_before_the_first_mail(issue):
    """Else PostgreSQL looks through all subscribers for each mail, until it has counted them."""
    freeze_next(issue)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples FROM pg_class"
            " WHERE relname IN ('newsletter_delivery', 'newsletter_subscriber')"
        )
        counted = cursor.fetchall()
    assert counted == [(READERS,), (READERS,)]


def test_late_answer_does_not_overwrite_what_another_worker_does(issue):
    freeze_next(issue)
    [late] = ledger.claim(issue, 1)
    Delivery.objects.filter(pk=late.delivery).update(leased_until=timezone.now() - timedelta(1))
    ledger.take_from_the_dead()
    Delivery.objects.exclude(pk=late.delivery).update(status="sent")
    [mine] = ledger.claim(issue, 1)

    answer = Outcome(late, Verdict(Delivery.Status.FAILED, "550 5.1.1 Nobody"))
    ledger.commit([answer], [])

    row = Delivery.objects.get(pk=late.delivery)
    assert (row.status, row.fence, row.reply) == ("claimed", mine.fence, "")


@pytest.mark.parametrize("days", [-1, 1])
def test_worker_whose_clock_is_a_day_off_harms_nobody(issue, time_machine, days):
    """Leases are on the database's clock, so it neither takes nor loses what is held."""
    freeze_next(issue)
    held = {claim.delivery for claim in ledger.claim(issue, 10)}

    time_machine.move_to(timezone.now() + timedelta(days=days))
    freed = ledger.take_from_the_dead()
    more = ledger.claim(issue, 10)
    time_machine.move_to(timezone.now() - timedelta(days=days))

    rows = Delivery.objects.filter(status="claimed").values_list("leased_until", flat=True)
    assert freed == 0
    assert held.isdisjoint(claim.delivery for claim in more)
    assert len(rows) == 20
    assert max(rows) - min(rows) < timedelta(minutes=5)
