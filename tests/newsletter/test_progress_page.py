"""The page of a started issue: how far it is, what can be done, and what did not arrive."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from blog.models import Heartbeat
from newsletter import installation
from newsletter.models import Delivery, Issue
from newsletter.sending.freezing import freeze_next
from newsletter.sending.sender import AWAY, TAKING
from tests.factories import (
    CountedDayFactory,
    CountedLinkFactory,
    DeliveryFactory,
    FeedbackFactory,
    FrozenMailFactory,
    IssueFactory,
    RunningIssueFactory,
    StaffFactory,
    SubscriberFactory,
)
from tests.newsletter.sending import send, started, statuses
from tests.newsroom import admin_url, table

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy():
    """A worker was seen a moment ago."""
    Heartbeat.objects.beat("worker")


@pytest.fixture(autouse=True)
def manager(client):
    manager = StaffFactory(role="Newsletter manager")
    client.force_login(manager)
    return manager


def under_way(**deliveries):
    """An issue with so many deliveries of each status."""
    fields = {name: deliveries.pop(name) for name in ("status", "frozen_at") if name in deliveries}
    issue = RunningIssueFactory(
        frozen_count=sum(deliveries.values()), owner=installation.identity(), **fields
    )
    FrozenMailFactory(issue=issue)
    held = {"fence": 1, "leased_until": timezone.now()}
    for status, number in deliveries.items():
        more = held if status in {"claimed", "sending"} else {}
        DeliveryFactory.create_batch(number, issue=issue, status=status, **more)
    return issue


def numbers(client, issue):
    return client.get(reverse("admin:newsletter_issue_numbers", args=[issue.pk])).json()


def page(client, issue, **query):
    return client.get(admin_url(issue, "progress"), query).content.decode()


def press(client, issue, act):
    answer = client.post(admin_url(issue, act), follow=True)
    return [str(message) for message in answer.context["messages"]]


def resolve(client, delivery, act):
    door = reverse("admin:newsletter_delivery_resolve", args=[delivery.pk])
    return client.post(door, {"act": act}, follow=True)


def status_of(issue):
    issue.refresh_from_db()
    return issue.status


# --- How far it is ---


def test_how_many_may_be_in_doubt_is_said_while_it_is_sent(client, busy, settings):
    settings.MAIL_SERVICE, settings.SEND_BATCH = "resend", 25

    live, over = page(client, under_way(waiting=1)), page(client, under_way(sent=1))

    assert "25 mails go in one call to Resend; if it gets no answer, up to 25 readers are" in live
    assert "mails go in one call" not in over


def test_who_is_to_be_asked_about_an_unknown_mail_is_said(client, settings):
    issue = under_way(unknown=1)

    by_server = page(client, issue, show="unknown")
    settings.MAIL_SERVICE = "resend"
    by_service = page(client, issue, show="unknown")

    assert "Message-ID in the server’s log" in by_server
    assert "Resend did not say what became of it" in by_service


def test_started_issue_opens_on_its_progress_and_a_draft_on_its_form(client):
    issue, draft = under_way(sent=1), IssueFactory()

    assert client.get(admin_url(issue))["Location"] == admin_url(issue, "progress")
    assert client.get(admin_url(draft)).status_code == 200
    assert client.get(admin_url(draft, "progress"))["Location"] == admin_url(draft)


def test_numbers_add_up_to_the_frozen_count(client):
    issue = under_way(sent=4, failed=1, unknown=2, skipped=1, waiting=1, claimed=1, sending=1)

    shown = numbers(client, issue)

    assert shown["counts"] == {
        "sent": "4",
        "waiting": "3",
        "failed": "1",
        "unknown": "2",
        "skipped": "1",
        "total": "11",
    }
    assert (shown["state"], shown["percent"], shown["is_live"]) == ("sending", 72, True)
    assert [kind for kind, _, _ in shown["bar"]] == ["sent", "failed", "skipped", "unknown"]
    assert sum(width for _, _, width in shown["bar"]) == pytest.approx(1000 * 8 / 11, abs=3)


def test_page_says_in_words_what_its_bar_shows(client, busy):
    html = page(client, under_way(sent=3, waiting=1))

    assert "75 of 100 settled: 3 of 4 sent" in html
    assert "Refresh" in html


def test_issue_with_nothing_left_is_sent(client):
    shown = numbers(client, under_way(sent=2, failed=1))

    assert (shown["state"], shown["label"], shown["is_live"]) == ("sent", "Sent", False)


def test_issue_whose_readers_are_being_counted_is_not_sent(client):
    issue = under_way(frozen_at=None)

    assert numbers(client, issue)["state"] == "sending"
    assert "The readers are being counted." in page(client, issue)


def test_rate_and_time_left_come_of_the_last_minute(client, busy):
    issue = under_way(sent=12, waiting=60)
    ago = timezone.now() - timedelta(minutes=10)
    Issue.objects.update(started_at=ago)

    now = numbers(client, issue)
    Delivery.objects.filter(status="sent").update(due_at=ago)
    later = numbers(client, issue)

    assert (now["pace"], now["left"]) == ("About 12 mails a minute", "5 minutes")
    assert (later["pace"], later["left"]) == ("About 72 mails an hour", "50 minutes")


def test_page_says_that_the_mail_server_is_away(client, busy):
    issue = under_way(waiting=1)
    Heartbeat.objects.beat(AWAY)

    away = numbers(client, issue)["held"]
    Heartbeat.objects.beat(TAKING)
    back = numbers(client, issue)["held"]

    assert "The mail server does not answer" in away
    assert back == ""


def test_page_says_that_no_worker_runs(client):
    issue = under_way(waiting=1)

    assert "No background worker" in numbers(client, issue)["held"]
    Heartbeat.objects.beat("worker")
    assert numbers(client, issue)["held"] == ""


def test_page_says_why_an_issue_paused_by_itself(client):
    issue = under_way(waiting=1, status="paused")
    by_hand = page(client, issue)
    Issue.objects.update(paused_because="535 sign in first")

    assert "Somebody paused it." in by_hand
    assert "535 sign in first" in page(client, issue)


def test_page_counts_what_came_back_and_who_left(client):
    issue, other = under_way(sent=4), under_way(sent=1)
    first, second, third, fourth = issue.deliveries.order_by("pk")
    for number, (delivery, kind) in enumerate(
        [(first, "hard"), (second, "soft"), (second, "soft"), (third, "complaint")]
    ):
        FeedbackFactory(
            delivery=delivery, subscriber=delivery.subscriber, kind=kind, key=str(number)
        )
    stranger = other.deliveries.get()
    FeedbackFactory(delivery=stranger, subscriber=stranger.subscriber, kind="hard", key="x")
    for subscriber in (fourth.subscriber, SubscriberFactory()):
        subscriber.unsubscribe()

    echoes = client.get(admin_url(issue, "progress")).context["echoes"]

    assert echoes == [
        ("Bounced for good", "1"),
        ("Bounced for now", "1"),
        ("Complained", "1"),
        ("Unsubscribed within a week", "1"),
    ]


def test_page_says_what_a_mail_service_delivered_where_one_tells(client):
    issue = under_way(sent=2)
    for delivery in issue.deliveries.all():
        FeedbackFactory(delivery=delivery, subscriber=delivery.subscriber, kind="delivered")

    echoes = client.get(admin_url(issue, "progress")).context["echoes"]

    assert echoes[0] == ("Delivered", "2")


def counted_links(issue, *times):
    """Links that were followed so often, and before them the picture, loaded as often as said."""
    for number, each in enumerate(times):
        address = f"https://example.org/{number}" if number else ""
        link = CountedLinkFactory(issue=issue, number=number, address=address)
        if each:
            CountedDayFactory(link=link, times=each, day="2026-05-01")


def test_page_shows_what_was_counted_with_the_most_followed_first(client):
    issue = under_way(sent=1)
    counted_links(issue, 1204, 0, 3, 1)

    answer = client.get(admin_url(issue, "progress"))

    assert answer.context["counts"] == [("Loads of the picture", "1,204"), ("Clicks", "4")]
    assert answer.context["most_followed"] == [
        ("https://example.org/2", "3 clicks"),
        ("https://example.org/3", "1 click"),
        ("https://example.org/1", "0 clicks"),
    ]
    assert "estimates" in answer.content.decode()


def test_issue_sent_without_counting_says_nothing_of_it(client):
    issue = under_way(sent=1)

    html = page(client, issue)

    assert "What was counted" not in html
    assert "counted.csv" not in html


def test_counts_are_a_table_by_day(client):
    issue = under_way(sent=1)
    counted_links(issue, 2, 3)
    counted_links(under_way(sent=1), 9)
    link = issue.counted_links.get(number=1)
    CountedDayFactory(link=link, times=4, day="2026-05-02")

    lines = table(client.get(reverse("admin:newsletter_issue_counted", args=[issue.pk])))

    assert lines == [
        ["date", "what", "address", "times"],
        ["2026-05-01", "Picture", "", "2"],
        ["2026-05-01", "Link 1", "https://example.org/1", "3"],
        ["2026-05-02", "Link 1", "https://example.org/1", "4"],
    ]


# --- What can be done ---


def test_issue_is_paused_and_resumed_at_once(client):
    issue = under_way(waiting=1)

    assert press(client, issue, "pause") == ["It is paused."]
    assert status_of(issue) == "paused"
    assert press(client, issue, "resume") == ["It goes on."]
    assert status_of(issue) == "sending"


def test_issue_is_cancelled_behind_a_question(client):
    issue = under_way(sent=1, waiting=2)

    asked = client.get(admin_url(issue, "cancel")).content.decode()
    assert "for good" in asked
    assert status_of(issue) == "sending"
    press(client, issue, "cancel")
    send()

    assert status_of(issue) == "cancelled"
    assert statuses(issue) == {"sent": 1, "skipped": 2}
    assert "Resume" not in page(client, issue)


def test_failed_are_tried_again(client):
    issue = under_way(sent=1, failed=2, unknown=1)

    press(client, issue, "retry")

    assert statuses(issue) == {"sent": 1, "waiting": 2, "unknown": 1}


def test_issue_goes_to_those_who_joined_since(client):
    issue = started(1)
    send()
    SubscriberFactory.create_batch(2)

    asked = client.get(admin_url(issue, "new")).content.decode()
    press(client, issue, "new")
    send()

    assert "<strong>2</strong> readers" in asked
    assert statuses(issue) == {"sent": 3}


def test_issue_of_another_installation_goes_on_only_behind_a_question(client):
    issue = under_way(waiting=1)
    Issue.objects.update(owner="another")

    html = page(client, issue)
    assert "this database was restored or copied" in html
    assert "Pause</button>" not in html
    press(client, issue, "take_over")

    issue.refresh_from_db()
    assert issue.owner == installation.identity()


@pytest.mark.parametrize("act", ["pause", "resume", "cancel", "retry", "new", "take_over"])
def test_act_that_does_not_fit_does_nothing(client, act):
    issue, draft = under_way(skipped=1, status="cancelled"), IssueFactory()

    for each, before in ((issue, "cancelled"), (draft, "draft")):
        assert client.get(admin_url(each, act)).status_code == 302
        assert press(client, each, act) == ["There was nothing to do."]
        assert status_of(each) == before


def test_acts_need_the_permission_to_send(client, manager):
    group = manager.groups.get()
    group.permissions.remove(group.permissions.get(codename="send_issue"))
    issue = under_way(waiting=1, failed=1, unknown=1)
    doubtful = issue.deliveries.get(status="unknown")

    for act in ("pause", "cancel", "retry"):
        assert client.post(admin_url(issue, act)).status_code == 403
    assert resolve(client, doubtful, "again").status_code == 403
    assert statuses(issue) == {"waiting": 1, "failed": 1, "unknown": 1}
    html = page(client, issue)
    assert "Pause</button>" not in html
    assert "Send again" not in html


def test_progress_is_shut_to_writers(client):
    client.force_login(StaffFactory(role="Editor"))
    issue = under_way(failed=1)

    for door in ("progress", "numbers", "table", "counted", "mail", "cancel"):
        assert client.get(admin_url(issue, door)).status_code == 403


# --- What did not arrive ---


def test_failed_are_listed_with_the_servers_last_words(client):
    issue = under_way(sent=1)
    Issue.objects.update(frozen_count=2)
    DeliveryFactory(
        issue=issue,
        subscriber=SubscriberFactory(email="gone@example.com"),
        status="failed",
        reply="550 5.1.1 No such user",
    )

    html = page(client, issue)

    assert "gone@example.com" in html
    assert "550 5.1.1 No such user" in html


def test_troubles_are_paged_by_key(client, monkeypatch):
    monkeypatch.setattr("newsletter.admin.deliveries.PAGE", 2)
    issue = under_way(skipped=5)

    seen, after = [], ""
    for _ in range(3):
        answer = client.get(admin_url(issue, "progress"), {"show": "skipped", "after": after})
        troubles = answer.context["troubles"]
        seen += [row.delivery.pk for row in troubles.rows]
        after = troubles.after

    assert after == ""
    assert sorted(seen) == sorted(issue.deliveries.values_list("pk", flat=True))
    assert len(seen) == 5


def test_troubles_of_one_moment_are_paged_whole(client, monkeypatch):
    monkeypatch.setattr("newsletter.admin.deliveries.PAGE", 2)
    issue = started(5)
    freeze_next(issue)
    press(client, issue, "cancel")
    send()

    pages, after = [], ""
    for _ in range(3):
        answer = client.get(admin_url(issue, "progress"), {"show": "skipped", "after": after})
        pages.append([row.delivery.pk for row in answer.context["troubles"].rows])
        after = answer.context["troubles"].after

    one, two, three, four, five = issue.deliveries.order_by("pk").values_list("pk", flat=True)
    assert pages == [[one, two], [three, four], [five]]
    assert after == ""


@pytest.mark.parametrize("after", ["x", "2026-01-01~1", "~", "2026-01-01T00:00:00+00:00~x"])
def test_page_of_nothing_starts_at_the_beginning(client, after):
    issue = under_way(failed=1)

    answer = client.get(admin_url(issue, "progress"), {"show": "failed", "after": after})

    assert len(answer.context["troubles"].rows) == 1


def test_unknown_is_listed_by_its_message_id_and_resolved(client):
    issue = under_way(unknown=2)
    first, second = issue.deliveries.order_by("pk")

    html = page(client, issue)
    resolve(client, first, "sent")
    resolve(client, second, "again")
    resolve(client, first, "again")

    assert "It was sent" in html
    assert html.count("@blog.example.com</code>") == 2
    assert statuses(issue) == {"sent": 1, "waiting": 1}
    history = client.get(admin_url(issue, "history")).content.decode()
    assert f"Delivery {first.pk}: It is marked as sent." in history


def test_addresses_are_kept_from_who_may_not_see_readers(client, manager):
    group = manager.groups.get()
    group.permissions.remove(group.permissions.get(codename="view_subscriber"))
    issue = under_way()
    reader = SubscriberFactory(email="mara@example.com")
    DeliveryFactory(issue=issue, status="unknown", subscriber=reader)
    Issue.objects.update(frozen_count=1)

    html = page(client, issue)
    file = client.post(reverse("admin:newsletter_issue_table", args=[issue.pk]))

    assert "mara@" not in html
    assert f"Reader {reader.pk}" in html
    assert file.status_code == 403


def test_table_is_handed_out_by_a_post_only_and_logged(client):
    issue = under_way(sent=1)
    door = reverse("admin:newsletter_issue_table", args=[issue.pk])

    opened = client.get(door)
    button = page(client, issue).count(f'action="{door}"')
    client.post(door)

    assert (opened.status_code, button) == (405, 1)
    history = client.get(admin_url(issue, "history")).content.decode()
    assert history.count("Exported what became of its mails.") == 1


def test_table_holds_every_delivery_and_no_formula(client, monkeypatch):
    monkeypatch.setattr("newsletter.admin.deliveries.CHUNK", 2)
    issue = under_way(sent=2, waiting=2)
    reader = SubscriberFactory(email="=cmd@example.com")
    DeliveryFactory(issue=issue, status="failed", subscriber=reader, reply="-550 no")

    answer = client.post(reverse("admin:newsletter_issue_table", args=[issue.pk]))

    lines = table(answer)
    assert lines[0] == ["address", "status", "attempts", "settled at", "reply"]
    assert len(lines) == 6
    assert lines[5] == ["'=cmd@example.com", "failed", "0", "", "'-550 no"]


def test_table_of_addresses_needs_the_right_to_export_them(client, manager):
    group = manager.groups.get()
    issue = under_way(sent=1)
    door = reverse("admin:newsletter_issue_table", args=[issue.pk])
    offered = page(client, issue)
    group.permissions.remove(group.permissions.get(codename="export_subscriber"))

    assert door in offered
    assert door not in page(client, issue)
    assert client.post(door).status_code == 403


def test_page_needs_as_many_queries_for_one_trouble_as_for_three(client, django_assert_num_queries):
    issues = [under_way(sent=1, unknown=number) for number in (1, 3)]
    page(client, issues[0])
    with CaptureQueriesContext(connection) as one:
        page(client, issues[0])

    with django_assert_num_queries(len(one)):
        page(client, issues[1])
