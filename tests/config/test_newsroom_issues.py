"""What the first page of the newsroom says about issues."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from blog.models import Heartbeat
from newsletter import installation
from newsletter.sending.sender import AWAY
from tests.factories import DeliveryFactory, IssueFactory, RunningIssueFactory, StaffFactory

pytestmark = pytest.mark.django_db
INDEX = reverse("admin:index")


@pytest.fixture
def manager(client):
    manager = StaffFactory(role="Newsletter manager")
    client.force_login(manager)
    return manager


def under_way(**fields):
    return RunningIssueFactory(owner=installation.identity(), **fields)


def concerns(client):
    return [concern.text for concern in client.get(INDEX).context["concerns"]]


def test_issues_on_their_way_are_shown_with_their_progress(client, manager):
    IssueFactory(subject="A draft")
    issue = under_way(subject="Half", frozen_count=2)
    for status in ("sent", "waiting"):
        DeliveryFactory(issue=issue, status=status)
    gone = under_way(subject="Gone", frozen_count=1)
    DeliveryFactory(issue=gone, status="sent")
    IssueFactory(subject="Planned", status="scheduled", send_at=timezone.now() + timedelta(days=1))

    page = client.get(INDEX)

    shown = [(str(issue), numbers.label) for issue, numbers, _ in page.context["issues"]]
    assert shown == [("Half", "Sending"), ("Planned", "Scheduled")]
    assert "1 of 2 sent" in page.content.decode()


def test_missing_worker_is_told_to_the_newsletter_manager(client, manager):
    missing = concerns(client)
    Heartbeat.objects.beat("worker")

    assert [text for text in missing if "worker has not been seen" in text]
    assert not [text for text in concerns(client) if "worker" in text]


def test_held_issues_say_why_and_lead_to_where_one_decides(client, manager):
    late = IssueFactory(
        subject="Late", status="scheduled", send_at=timezone.now(), paused_because="Too late."
    )
    refused = under_way(subject="Refused", status="paused", paused_because="535 sign in first")
    RunningIssueFactory(subject="Cloned", owner="another", frozen_at=None)
    under_way(subject="Paused by hand", status="paused")

    page = client.get(INDEX)

    found = page.context["concerns"]
    texts = " ".join(concern.text for concern in found)
    assert "“Late” is held. Too late." in texts
    assert "“Refused” is held. 535 sign in first" in texts
    assert "“Cloned” is held. It was scheduled or started in another installation" in texts
    assert "Paused by hand" not in texts
    assert {concern.url for concern in found if "is held" in concern.text} >= {
        reverse("admin:newsletter_issue_send", args=[late.pk]),
        reverse("admin:newsletter_issue_progress", args=[refused.pk]),
    }


def test_mail_server_that_is_away_is_a_concern(client, manager):
    assert not any("mail server" in text for text in concerns(client))

    Heartbeat.objects.beat(AWAY)

    assert any("The mail server does not answer" in text for text in concerns(client))


def test_unknown_mails_are_a_concern(client, manager):
    issue = under_way(subject="News", frozen_count=1)
    delivery = DeliveryFactory(issue=issue, status="sent")
    assert not any("may not have arrived" in text for text in concerns(client))

    type(delivery).objects.update(status="unknown")

    assert "Of “News” some mails may or may not have arrived." in concerns(client)


def test_writers_hear_nothing_of_issues(client):
    client.force_login(StaffFactory(role="Editor"))
    under_way(subject="ZXQCANARY", status="paused", paused_because="ZXQCANARY2")

    page = client.get(INDEX)

    assert "ZXQCANARY" not in page.content.decode()
    assert "issues" not in page.context


def test_page_needs_as_many_queries_for_one_issue_as_for_three(
    client, manager, django_assert_num_queries
):
    def add():
        DeliveryFactory(issue=under_way(frozen_count=1))

    add()
    client.get(INDEX)
    with CaptureQueriesContext(connection) as one:
        client.get(INDEX)
    add()
    add()

    with django_assert_num_queries(len(one)):
        client.get(INDEX)
