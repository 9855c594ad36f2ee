"""Issues that the newsletter makes by itself."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from newsletter import digests
from newsletter.models import Digest, DigestRun, Issue
from newsletter.sweep import sweep
from tests.factories import (
    CategoryFactory,
    DigestFactory,
    DraftFactory,
    IssueFactory,
    PostFactory,
    SubscriberFactory,
)
from tests.newsroom import admin_url, form_of, save
from tests.processes import at_once

pytestmark = pytest.mark.django_db

# A Monday.
MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def clock():
    with time_machine.travel(MONDAY - 3 * DAY, tick=False) as clock:
        yield clock


@pytest.fixture
def weekly(clock):
    PostFactory(title="Old", published_at=timezone.now() - DAY)
    return DigestFactory(name="The week")


def go_to(clock, moment):
    """Let the time come, and the worker sweep."""
    clock.move_to(moment)
    sweep()


def titles(issue):
    return [place.post.title for place in issue.places.order_by("position")]


# --- What it sends, and when ----------------------------------------------------------------------


def test_digest_sends_what_is_new_at_its_time_newest_first(clock, weekly):
    PostFactory(title="First")
    clock.shift(HOUR)
    PostFactory(title="Second")
    DraftFactory(title="Draft")
    PostFactory(title="Tomorrow", published_at=MONDAY + DAY)
    go_to(clock, MONDAY - timedelta(seconds=1))
    early = Issue.objects.count()

    go_to(clock, MONDAY)

    issue = Issue.objects.get()
    assert early == 0
    assert (issue.subject, issue.status) == ("The week, 30 November", "sending")
    assert titles(issue) == ["Second", "First"]


def test_nothing_new_makes_nothing(clock, weekly):
    go_to(clock, MONDAY)
    go_to(clock, MONDAY + WEEK)

    assert not Issue.objects.exists()
    weekly.refresh_from_db()
    assert weekly.next_at == MONDAY + 2 * WEEK


def test_each_post_comes_once_and_the_next_digest_holds_the_next_ones(clock, weekly):
    PostFactory(title="First")
    for number in range(12):
        go_to(clock, MONDAY + number * HOUR)
    clock.move_to(MONDAY + DAY)
    PostFactory(title="Second")

    go_to(clock, MONDAY + WEEK)

    assert [titles(issue) for issue in Issue.objects.order_by("pk")] == [["First"], ["Second"]]


def test_post_that_appears_while_the_digest_runs_is_in_the_next_one(clock, weekly):
    PostFactory(title="First")
    go_to(clock, MONDAY + timedelta(seconds=3))
    # Written down a moment before the run, and seen by it no more.
    PostFactory(title="Second", published_at=MONDAY)

    go_to(clock, MONDAY + WEEK)

    assert [titles(issue) for issue in Issue.objects.order_by("pk")] == [["First"], ["Second"]]


def test_post_of_the_last_minutes_before_a_run_comes_once(clock, weekly):
    PostFactory(title="First", published_at=MONDAY - timedelta(minutes=1))
    go_to(clock, MONDAY)
    PostFactory(title="Second", published_at=MONDAY + DAY)

    go_to(clock, MONDAY + WEEK)

    assert [titles(issue) for issue in Issue.objects.order_by("pk")] == [["First"], ["Second"]]


def test_post_taken_back_before_the_time_is_not_in_it(clock, weekly):
    kept, taken = PostFactory(title="Kept"), PostFactory(title="Taken")
    taken.status = "draft"
    taken.save()

    go_to(clock, MONDAY)

    assert titles(Issue.objects.get()) == [kept.title]


def test_digest_of_categories_holds_their_posts_and_goes_to_their_readers(clock, weekly):
    work, tea = CategoryFactory(name="Work"), CategoryFactory(name="Tea")
    weekly.has_everything = False
    weekly.save()
    weekly.categories.set([work])
    PostFactory(title="Both", categories=[work, tea])
    PostFactory(title="Other", categories=[tea])
    everything = SubscriberFactory()
    of_work, of_tea = (SubscriberFactory(receives_everything=False) for _ in range(2))
    of_work.topics.add(work)
    of_tea.topics.add(tea)

    go_to(clock, MONDAY)

    issue = Issue.objects.get()
    assert titles(issue) == ["Both"]
    assert set(issue.audience_now()) == {everything, of_work}


def test_digest_of_everything_goes_to_readers_of_everything(clock, weekly):
    PostFactory(categories=[CategoryFactory()])
    everything, _ = SubscriberFactory(), SubscriberFactory(receives_everything=False)

    go_to(clock, MONDAY)

    assert list(Issue.objects.get().audience_now()) == [everything]


def test_digest_whose_categories_are_gone_sends_nothing(clock, weekly):
    weekly.has_everything = False
    weekly.save()
    PostFactory()

    go_to(clock, MONDAY)

    assert not Issue.objects.exists()


def test_digest_says_its_introduction_and_shows_posts_as_it_was_told(clock, weekly):
    Digest.objects.update(intro="Good *morning*.", shows="full")
    PostFactory(title="First", body="Words.")

    go_to(clock, MONDAY)

    issue = Issue.objects.get()
    assert (issue.intro, issue.shows) == ("Good *morning*.", "full")
    assert "Good <em>morning</em>." in issue.frozen_mail.html
    assert "Words." in issue.frozen_mail.html


def test_digest_that_is_switched_off_sends_nothing(clock, weekly):
    weekly.is_active = False
    weekly.save()
    PostFactory()

    go_to(clock, MONDAY)

    assert not Issue.objects.exists()


# --- What goes wrong ------------------------------------------------------------------------------


def test_digest_that_is_far_too_late_is_left_as_a_draft_that_says_so(clock, weekly, settings):
    settings.SEND_LATE_HOURS = 6
    PostFactory(title="First")

    go_to(clock, MONDAY + 6 * HOUR + timedelta(minutes=1))

    issue = Issue.objects.get()
    assert (issue.status, titles(issue)) == ("draft", ["First"])
    assert "Its time passed" in issue.paused_because
    go_to(clock, MONDAY + WEEK)
    assert Issue.objects.count() == 1


def test_digest_that_is_a_little_late_goes_out(clock, weekly):
    PostFactory()

    go_to(clock, MONDAY + 5 * HOUR)

    assert Issue.objects.get().status == "sending"


def test_several_times_that_were_missed_are_one_issue(clock, weekly):
    PostFactory(title="First")
    clock.move_to(MONDAY + DAY)
    PostFactory(title="Second")

    go_to(clock, MONDAY + 2 * WEEK)

    assert titles(Issue.objects.get()) == ["Second", "First"]
    assert Issue.objects.get().status == "sending"


def test_digest_in_a_restored_database_is_held(clock, weekly):
    Digest.objects.update(owner="another installation")
    PostFactory()

    go_to(clock, MONDAY)

    assert not Issue.objects.exists()


def test_digest_that_cannot_be_made_leaves_the_others_alone(clock, weekly, monkeypatch, caplog):
    DigestFactory(name="Other")
    PostFactory()
    made = digests._issue

    def broken(digest, *args):
        if digest == weekly:
            raise RuntimeError("the disk is full")
        return made(digest, *args)

    monkeypatch.setattr(digests, "_issue", broken)
    go_to(clock, MONDAY)
    go_to(clock, MONDAY + timedelta(seconds=5))  # the sweep looks again and again

    assert caplog.text.count("could not be made") == 1
    assert [issue.subject for issue in Issue.objects.all()] == ["Other, 30 November"]
    monkeypatch.undo()
    go_to(clock, MONDAY + HOUR)
    assert Issue.objects.filter(subject="The week, 30 November").count() == 1


def test_database_itself_refuses_a_second_issue_for_one_time(clock, weekly):
    DigestRun.objects.create(digest=weekly, due_at=MONDAY, issue=IssueFactory())

    with pytest.raises(IntegrityError):
        DigestRun.objects.create(digest=weekly, due_at=MONDAY, issue=IssueFactory())


def test_clock_that_was_put_back_makes_no_second_issue(clock, weekly):
    PostFactory(title="First")
    go_to(clock, MONDAY)
    clock.move_to(MONDAY - DAY)
    weekly.refresh_from_db()
    weekly.next_at = None
    weekly.save()
    PostFactory(title="Second", published_at=MONDAY + DAY)

    go_to(clock, MONDAY)
    go_to(clock, MONDAY + WEEK)

    assert [titles(issue) for issue in Issue.objects.order_by("pk")] == [["First"], ["Second"]]


class ParallelRuns(TransactionTestCase):
    def test_workers_at_the_same_moment_make_one_issue(self) -> None:
        PostFactory()
        Digest.objects.filter(pk=DigestFactory().pk).update(
            next_at=timezone.now(), last_run_at=timezone.now() - WEEK, every="daily"
        )

        faults = at_once(6, lambda _: digests.run_due())

        assert faults == []
        assert (Issue.objects.count(), DigestRun.objects.count()) == (1, 1)


# --- The room -------------------------------------------------------------------------------------


def outlook(client, digest):
    return client.get(admin_url(digest)).text


def test_form_says_when_it_comes_and_what_it_would_hold(client, clock, weekly, manager):
    before = outlook(client, weekly)
    for _ in range(3):
        PostFactory()

    after = outlook(client, weekly)

    assert "Monday 30 November, 09:00. There is no new post for it yet." in before
    assert "Monday 30 November, 09:00. It would hold 3 posts now." in after


def test_digest_is_made_in_its_room(client, clock, manager):
    page = client.get(reverse("admin:newsletter_digest_add"))
    data = form_of(page, "digest_form") | {"name": "Daily", "every": "daily", "is_active": "on"}

    response = client.post(reverse("admin:newsletter_digest_add"), data)

    assert response.status_code == 302
    digest = Digest.objects.get()
    assert digest.next_at == MONDAY - 2 * DAY
    PostFactory()
    go_to(clock, digest.next_at)
    assert Issue.objects.get().status == "sending"


def test_another_schedule_holds_from_the_moment_it_is_saved(client, clock, weekly, manager):
    save(client, weekly, weekday="6", at="18:30")

    weekly.refresh_from_db()
    assert weekly.next_at == datetime(2026, 11, 29, 18, 30, tzinfo=UTC)


def test_saving_lets_a_digest_go_on_in_a_restored_database(client, clock, weekly, manager):
    Digest.objects.update(owner="another installation")
    held = outlook(client, weekly)

    save(client, weekly)
    PostFactory()
    go_to(clock, MONDAY)

    assert "This database was restored or copied" in held
    assert Issue.objects.count() == 1


def test_first_page_of_the_newsroom_says_what_waits_for_a_human(client, clock, weekly, manager):
    PostFactory()
    go_to(clock, MONDAY + DAY)  # too late
    DigestFactory(name="Copied", owner="another installation")

    page = client.get(reverse("admin:index"))

    texts = [concern.text for concern in page.context["concerns"]]
    assert any(text.startswith("“The week, 30 November” is held. Its time") for text in texts)
    assert "“Copied” is held, because this database was restored or copied." in texts
    assert not any(text.startswith("“The week” is held") for text in texts)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"has_everything": None}, "Choose at least one category"),
        ({"day": "32"}, "less than or equal to 31"),
        ({"name": "a\r\nBcc: x@example.com"}, "on one line"),
        ({"intro": ">" * 3000}, "deep"),
        ({"at": "25:00"}, "valid time"),
    ],
)
def test_digest_that_makes_no_sense_is_refused(client, clock, weekly, manager, fields, says):
    data = form_of(client.get(admin_url(weekly)), "digest_form") | fields

    response = client.post(
        admin_url(weekly), {name: value for name, value in data.items() if value is not None}
    )

    assert response.status_code == 200
    assert says in response.text


def test_digest_and_what_it_made_can_be_deleted(client, clock, weekly, manager):
    PostFactory()
    go_to(clock, MONDAY + DAY)  # too late, so a draft
    issue = Issue.objects.get()

    draft = client.post(admin_url(issue, "delete"), {"post": "yes"})
    digest = client.post(admin_url(weekly, "delete"), {"post": "yes"})

    assert (draft.status_code, digest.status_code) == (302, 302)
    assert not Issue.objects.exists()
    assert not Digest.objects.exists()


def test_whoever_may_not_send_issues_may_not_have_them_sent(client, clock, weekly, manager):
    group = manager.groups.get()
    group.permissions.remove(group.permissions.get(codename="send_issue"))

    assert client.get(reverse("admin:newsletter_digest_add")).status_code == 403
    assert client.post(admin_url(weekly), {"name": "Mine"}).status_code == 403


def test_list_costs_as_much_for_three_as_for_one(client, clock, manager, django_assert_num_queries):
    page = reverse("admin:newsletter_digest_changelist")
    DigestFactory()
    client.get(page)
    with CaptureQueriesContext(connection) as queries:
        client.get(page)
    DigestFactory.create_batch(2)

    with django_assert_num_queries(len(queries)):
        response = client.get(page)

    assert len(response.context["cl"].result_list) == 3
