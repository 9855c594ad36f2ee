"""Sending an issue: who gets it, what a server's answers do, pausing, cancelling, rates."""

from datetime import timedelta

import pytest
import requests
from anymail.exceptions import AnymailRecipientsRefused, AnymailRequestsAPIError
from django.db import IntegrityError, connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from newsletter import installation, progress
from newsletter.letters import Letter
from newsletter.models import Delivery, FrozenMail, Issue, Subscriber
from newsletter.sending import issues, ledger, rates, verdicts
from newsletter.sending.freezing import freeze_next
from newsletter.sending.ledger import Outcome
from newsletter.sending.sender import Sender
from newsletter.sending.verdicts import Blame
from tests.factories import (
    DeliveryFactory,
    FrozenMailFactory,
    IssueFactory,
    PostFactory,
    RunningIssueFactory,
    SubscriberFactory,
)
from tests.faults.marks import on_sqlite
from tests.newsletter.sending import outcome, send, started, statuses
from tests.plans import plan
from tests.smtp import Sink, running


def answered(code):
    """What anymail raises where a service answers with a status of HTTP."""
    response = requests.Response()
    response.status_code, response.reason = code, "because"
    return AnymailRequestsAPIError(response=response)


pytestmark = pytest.mark.django_db

READER = "reader@example.com"


@pytest.fixture
def sink(settings):
    with running(Sink(), settings) as sink:
        settings.MAILERS["default"]["OPTIONS"] |= {"username": "", "password": ""}
        settings.SEND_CONNECTIONS = 2
        settings.SEND_TIMEOUT = 60
        yield sink


# --- Freezing -------------------------------------------------------------------------------------


def test_issue_goes_to_everybody_once(sink):
    issue = started(5)

    send()

    assert statuses(issue) == {"sent": 5}
    assert sorted(sink.recipients) == sorted(Subscriber.objects.values_list("email", flat=True))
    assert issue.is_finished


def test_issue_that_is_broken_holds_up_no_other(sink):
    SubscriberFactory(email=READER)
    broken = RunningIssueFactory(owner=installation.identity(), frozen_at=timezone.now())
    DeliveryFactory(issue=broken)  # and no mail that was frozen for it
    due = timezone.now() - timedelta(minutes=1)
    cannot_start, scheduled = IssueFactory(), IssueFactory()
    for issue in (cannot_start, scheduled):
        issues.schedule(issue, due)
    FrozenMailFactory(issue=cannot_start)  # from where nobody knows

    sender = Sender(lambda: False)
    for _ in range(3):  # starts, freezes, sends; and each time says what is wrong
        with pytest.raises((FrozenMail.DoesNotExist, IntegrityError)):
            sender.work()

    assert statuses(scheduled) == {"sent": 2}
    assert statuses(broken) == {"waiting": 1}


def test_started_twice_is_started_once(sink):
    issue = started(2)

    with pytest.raises(issues.NotNowError, match="sending"):
        issues.start(issue)
    send()

    assert len(sink.recipients) == 2


def test_who_joins_after_the_start_is_not_in_it(sink):
    issue = started(2)
    late = SubscriberFactory()

    send()
    assert late.email not in sink.recipients
    issues.send_to_new(issue)
    send()

    assert sink.recipients.count(late.email) == 1
    assert statuses(issue) == {"sent": 3}
    issue.refresh_from_db()
    assert issue.frozen_count == 3


def test_who_joins_while_the_readers_are_written_down_is_not_in_it(monkeypatch):
    """The chunk that would reach over the end stops there."""
    monkeypatch.setattr("newsletter.sending.freezing.CHUNK", 2)
    issue = started(3)
    SubscriberFactory.create_batch(3)

    while freeze_next(issue):
        pass

    issue.refresh_from_db()
    assert (issue.frozen_count, issue.deliveries.count()) == (3, 3)


def test_freeze_goes_on_where_it_stopped(monkeypatch):
    monkeypatch.setattr("newsletter.sending.freezing.CHUNK", 2)
    issue = started(5)

    steps = 0
    while freeze_next(Issue.objects.get(pk=issue.pk)):
        steps += 1

    issue.refresh_from_db()
    assert (steps, issue.frozen_count, issue.deliveries.count()) == (3, 5, 5)
    assert issue.frozen_at


def test_issue_with_a_hidden_post_does_not_start():
    issue = IssueFactory()
    issue.places.create(post=PostFactory())
    issue.places.create(post=PostFactory(status="draft"))

    with pytest.raises(issues.NotNowError, match="1 of its posts"):
        issues.start(issue)

    issue.refresh_from_db()
    assert (issue.status, issue.started_at) == ("draft", None)


def test_words_changed_after_the_start_are_not_sent(sink):
    issue = started(1, subject="As it was")
    Issue.objects.filter(pk=issue.pk).update(subject="Changed")

    send()

    [(_, message)] = sink.taken
    assert message["Subject"] == "As it was"


# --- What the server answers ----------------------------------------------------------------------


def test_unknown_user_has_failed_and_gets_no_more_mail(sink):
    reader = SubscriberFactory(email=READER)
    sink.at_rcpt[READER] = ["550 5.1.1 No such user"]
    issue = started(3)

    send()

    reader.refresh_from_db()
    assert outcome(issue, READER) == ("failed", "550 5.1.1 No such user")
    assert reader.status == "bounced"
    assert statuses(issue) == {"sent": 3, "failed": 1}
    assert issue.status == "sending"


@pytest.mark.parametrize("reply", ["552 5.2.2 Mailbox full", "550 5.7.1 Not from you"])
def test_other_refusal_of_a_recipient_does_not_stop_her_mail(sink, reply):
    reader = SubscriberFactory(email=READER)
    sink.at_rcpt[READER] = [reply]
    issue = started(0)

    send()

    reader.refresh_from_db()
    assert outcome(issue, READER) == ("failed", reply)
    assert reader.status == "active"


@pytest.mark.parametrize("where", ["at_rcpt", "at_end"])
def test_temporary_refusal_waits_longer_each_time(sink, where):
    SubscriberFactory(email=READER)
    getattr(sink, where)[READER] = ["451 4.7.1 Come back later"] * 2
    issue = started(2)
    gaps = []

    for _ in range(2):
        send()
        row = issue.deliveries.get(subscriber__email=READER)
        gaps.append(round((row.due_at - timezone.now()) / timedelta(minutes=1)))
        assert (row.status, row.reply) == ("waiting", "451 4.7.1 Come back later")
        issue.deliveries.filter(pk=row.pk).update(due_at=timezone.now())
    send()

    assert gaps == [1, 5]
    assert outcome(issue, READER)[0] == "sent"
    assert sink.recipients.count(READER) == 1


def test_mail_refused_after_the_dot_has_failed_alone(sink):
    SubscriberFactory(email=READER)
    sink.at_end[READER] = ["554 5.6.0 Not this text"]
    issue = started(3)

    send()

    assert outcome(issue, READER) == ("failed", "554 5.6.0 Not this text")
    assert statuses(issue) == {"sent": 3, "failed": 1}


def test_ten_refusals_in_a_row_pause_the_issue(sink):
    issue = started(20)
    for email in Subscriber.objects.values_list("email", flat=True):
        sink.at_end[email] = ["554 5.7.1 Looks like spam"]

    send()

    issue.refresh_from_db()
    assert issue.status == "paused"
    assert "554 5.7.1 Looks like spam" in issue.paused_because
    # Each of the two connections may have had one more mail in hand.
    assert issue.counts()["waiting"] >= 7
    assert not Subscriber.objects.filter(status="bounced").exists()


@pytest.mark.parametrize("reply", ["550 5.7.1 Sender refused", "530 5.7.0 Sign in first"])
def test_refused_sender_pauses_the_issue_and_blames_nobody(sink, reply):
    sink.at_mail = [reply] * 50
    issue = started(3)

    send()

    issue.refresh_from_db()
    assert (issue.status, issue.paused_because) == ("paused", reply)
    assert statuses(issue) == {"waiting": 3}


def test_connection_lost_before_the_dot_is_tried_again(sink):
    SubscriberFactory(email=READER)
    sink.at_rcpt[READER] = ["drop"]
    issue = started(2)

    send()

    assert statuses(issue) == {"sent": 3}
    assert sink.recipients.count(READER) == 1


def test_connection_lost_after_the_dot_is_unknown_and_not_sent_again(sink):
    SubscriberFactory(email=READER)
    sink.at_end[READER] = ["take and drop"]
    issue = started(2)

    send()

    assert outcome(issue, READER)[0] == "unknown"
    assert sink.recipients.count(READER) == 1
    assert issue.is_finished


def test_site_that_prefers_doubles_sends_the_unknown_again(sink, settings):
    settings.SEND_UNKNOWN_AGAIN = True
    SubscriberFactory(email=READER)
    sink.at_end[READER] = ["take and drop"]
    issue = started(2)

    send()

    assert statuses(issue) == {"sent": 3}
    assert sink.recipients.count(READER) == 2


def test_mail_server_that_is_away_is_nobodys_fault(settings, caplog):
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 9, "username": "", "password": ""},
        }
    }
    issue = started(3)

    send()
    send()

    issue.refresh_from_db()
    assert (issue.status, statuses(issue)) == ("sending", {"waiting": 3})
    assert issue.deliveries.filter(attempts=0).count() == 3
    assert len([line for line in caplog.messages if "takes no issues" in line]) == 1


def test_mail_that_cannot_be_written_fails_alone(sink, monkeypatch):
    pour = Letter.pour
    broken = SubscriberFactory(email=READER)
    issue = started(3)

    def pour_or_break(self, reader):
        if reader.email == broken.email:
            raise ValueError("no words")
        return pour(self, reader)

    monkeypatch.setattr(Letter, "pour", pour_or_break)
    send()

    assert outcome(issue, READER) == ("failed", "It could not be written (ValueError).")
    assert statuses(issue) == {"sent": 3, "failed": 1}


@pytest.mark.parametrize(
    ("fault", "status", "blame"),
    [
        (AnymailRecipientsRefused(), "failed", Blame.RECIPIENT),
        (answered(422), "failed", Blame.CONTENT),
        (answered(401), "waiting", Blame.SENDER),
        (answered(429), "waiting", Blame.NOBODY),
        (answered(500), "unknown", Blame.NOBODY),
        (ConnectionRefusedError(), "waiting", Blame.NOBODY),
        (TimeoutError(), "unknown", Blame.NOBODY),
    ],
    ids=["refused", "422", "401", "429", "500", "no connection", "no answer"],
)
def test_word_of_a_mail_service_is_understood(fault, status, blame):
    verdict = verdicts.on_fault(fault, attempts=1)

    assert (verdict.status, verdict.blame) == (status, blame)


def test_service_that_refuses_our_key_pauses_the_issue(settings, monkeypatch):
    settings.MAILERS = {"default": {"BACKEND": "tests.newsletter.sending.Refusing", "OPTIONS": {}}}
    issue = started(3)

    send()

    issue.refresh_from_db()
    assert issue.status == "paused"
    assert statuses(issue) == {"waiting": 3}


# --- Who leaves, and who stops it -----------------------------------------------------------------


@pytest.mark.parametrize("leave", ["unsubscribe", "erase"])
def test_who_left_after_the_freeze_is_skipped(sink, leave):
    issue = started(2)
    freeze_next(issue)
    gone = Subscriber.objects.first()
    email = gone.email
    getattr(gone, leave)()

    send()

    assert statuses(issue) == {"sent": 1, "skipped": 1}
    assert email not in sink.recipients
    assert issue.deliveries.get(status="skipped").reply == ledger.NOT_SUBSCRIBED


def test_paused_issue_sends_nothing_until_it_is_resumed(sink):
    issue = started(3)
    freeze_next(issue)
    issues.pause(issue)

    send()
    assert (sink.recipients, statuses(issue)) == ([], {"waiting": 3})
    issues.resume(issue)
    send()

    assert statuses(issue) == {"sent": 3}


def test_cancelled_issue_skips_the_rest(sink):
    issue = started(3)
    freeze_next(issue)
    issues.cancel(issue)

    send()

    assert sink.recipients == []
    assert statuses(issue) == {"skipped": 3}
    assert issue.deliveries.first().reply == issues.CANCELLED


def test_issue_of_another_installation_waits_for_a_human(sink):
    issue = started(2)
    Issue.objects.filter(pk=issue.pk).update(owner="somewhere else")

    send()
    assert sink.recipients == []
    issues.resume(issue)
    send()

    assert len(sink.recipients) == 2


# --- Schedules ------------------------------------------------------------------------------------


def test_scheduled_issue_goes_out_at_its_time(sink, time_machine):
    SubscriberFactory()
    issue = IssueFactory()
    issues.schedule(issue, timezone.now() + timedelta(hours=1))

    send()
    assert sink.recipients == []
    Issue.objects.filter(pk=issue.pk).update(send_at=timezone.now() - timedelta(minutes=1))
    send()

    assert len(sink.recipients) == 1


def test_issue_that_missed_its_time_by_hours_waits_for_a_human(sink):
    SubscriberFactory()
    issue = IssueFactory()
    issues.schedule(issue, timezone.now() - timedelta(hours=7))

    send()

    issue.refresh_from_db()
    assert (sink.recipients, issue.status) == ([], "scheduled")
    assert "Its time passed" in issue.paused_because


def test_issue_goes_out_when_its_post_goes_live(sink):
    SubscriberFactory()
    post = PostFactory(published_at=timezone.now() + timedelta(hours=1))
    issue = IssueFactory()
    issue.places.create(post=post)
    issues.schedule(issue, None)

    send()
    assert sink.recipients == []
    post.published_at = timezone.now()
    post.save()
    send()

    assert len(sink.recipients) == 1


def test_issue_of_a_post_that_was_taken_back_is_held(sink):
    SubscriberFactory()
    issue = IssueFactory()
    issue.places.create(post=PostFactory(status="draft"))
    issues.schedule(issue, timezone.now())

    send()

    issue.refresh_from_db()
    assert (sink.recipients, issue.status) == ([], "scheduled")
    assert "a post of it is not public" in issue.paused_because


# --- Leases and rates -----------------------------------------------------------------------------


def test_what_a_dead_worker_only_claimed_waits_again():
    past = timezone.now() - timedelta(minutes=1)
    row = DeliveryFactory(status="claimed", fence=7, leased_until=past)

    ledger.take_from_the_dead()

    row.refresh_from_db()
    assert (row.status, row.fence) == ("waiting", None)


def test_what_a_dead_worker_was_sending_is_unknown():
    past = timezone.now() - timedelta(minutes=1)
    row = DeliveryFactory(status="sending", fence=7, leased_until=past)

    ledger.take_from_the_dead()

    row.refresh_from_db()
    assert (row.status, row.reply) == ("unknown", ledger.ABANDONED)


def test_what_a_living_worker_holds_stays_its_own():
    soon = timezone.now() + timedelta(seconds=20)
    rows = [DeliveryFactory(status=s, fence=7, leased_until=soon) for s in ("claimed", "sending")]

    ledger.take_from_the_dead()

    assert [Delivery.objects.get(pk=row.pk).status for row in rows] == ["claimed", "sending"]


def test_two_workers_never_claim_one_row():
    issue = RunningIssueFactory()
    DeliveryFactory.create_batch(5, issue=issue)

    first, second = ledger.claim(issue, 3), ledger.claim(issue, 3)

    assert len(first) == 3
    assert len(second) == 2
    assert not {claim.delivery for claim in first} & {claim.delivery for claim in second}


def test_worker_claims_no_more_than_it_asked_for():
    issue = RunningIssueFactory()
    DeliveryFactory.create_batch(40, issue=issue)

    assert len(ledger.claim(issue, 10)) == 10

    assert statuses(issue) == {"claimed": 10, "waiting": 30}


@on_sqlite
def test_commit_looks_through_no_table():
    """A mail costs the same whether there are a hundred readers or a million."""
    issue = RunningIssueFactory()
    DeliveryFactory.create_batch(2, issue=issue)
    over, ready = ledger.claim(issue, 2)
    answer = Outcome(over, verdicts.Verdict(Delivery.Status.SENT, "250 Taken"))

    with CaptureQueriesContext(connection) as queries:
        ledger.commit([answer], [ready])

    plans = [plan(query["sql"]) for query in queries if " UPDATE " in f" {query['sql']}"]
    steps = [step for steps in plans for step in steps]
    assert len(plans) == 2
    by_key = "SEARCH {} USING INTEGER PRIMARY KEY (rowid=?)".format
    assert {by_key("newsletter_delivery"), by_key("row")} <= set(steps)
    assert [step for step in steps if "SCAN newsletter" in step or "SCAN row" in step] == []


def test_rate_is_that_of_the_mails_sent_just_now():
    issue = RunningIssueFactory(started_at=timezone.now() - timedelta(days=3))
    DeliveryFactory(issue=issue, due_at=timezone.now() - timedelta(days=2))
    [claim] = ledger.claim(issue, 1)

    ledger.commit([Outcome(claim, verdicts.Verdict(Delivery.Status.SENT, "250 Taken"))], [])

    assert progress.rate(issue) > 0


def test_worker_that_was_taken_for_dead_marks_nothing():
    issue = RunningIssueFactory()
    DeliveryFactory(issue=issue)
    [old] = ledger.claim(issue, 1)
    issue.deliveries.update(leased_until=timezone.now() - timedelta(minutes=1))
    ledger.take_from_the_dead()
    [new] = ledger.claim(issue, 1)

    may_leave, _ = ledger.commit([], [old])

    assert may_leave == set()
    assert ledger.commit([], [new])[0] == {new.delivery}


@pytest.mark.parametrize("meanwhile", [0, 60])
def test_worker_that_never_heard_of_its_commit_asks_again(meanwhile):
    """The database goes between a commit and its answer, and nobody is left in doubt."""
    issue = RunningIssueFactory()
    DeliveryFactory.create_batch(2, issue=issue)
    over, ready = ledger.claim(issue, 2)
    ledger.commit([], [over])
    answer = Outcome(over, verdicts.Verdict(Delivery.Status.SENT, "250 Taken"))

    ledger.commit([answer], [ready])
    issue.deliveries.update(leased_until=F("leased_until") - timedelta(seconds=meanwhile))
    ledger.take_from_the_dead()
    again = ledger.commit([answer], [ready])

    assert again == ({ready.delivery}, set())
    assert statuses(issue) == {"sent": 1, "sending": 1}


def test_reader_who_leaves_before_the_worker_asks_again_gets_nothing():
    issue = RunningIssueFactory()
    row = DeliveryFactory(issue=issue)
    [claim] = ledger.claim(issue, 1)
    ledger.commit([], [claim])
    row.subscriber.unsubscribe()

    answer = ledger.commit([], [claim])

    assert answer == (set(), {claim.delivery})
    assert statuses(issue) == {"skipped": 1}


def test_rate_lets_a_tenth_go_at_once_and_then_one_by_one(settings):
    settings.SEND_RATE = "50/m"

    assert rates.take(50) == 5
    assert rates.take(1) == 0
    assert 0 < rates.seconds_until_free() <= 1.3


def test_rate_over_any_minute_is_kept(settings, monkeypatch):
    settings.SEND_RATE = "50/m"
    start = timezone.now()
    sent = []
    for second in range(180):
        at = start + timedelta(seconds=second)
        monkeypatch.setattr("newsletter.clock.now", lambda at=at: at)
        sent += [second] * rates.take(100)

    busiest = max(sum(second <= s < second + 60 for s in sent) for second in range(120))
    assert 50 <= busiest <= 55
    assert len(sent) >= 150


# --- By hand --------------------------------------------------------------------------------------


def test_unknown_mail_is_marked_as_sent():
    row = DeliveryFactory(status="unknown")

    assert issues.resolve_as_sent(row)
    assert not issues.resolve_as_sent(row)

    row.refresh_from_db()
    assert row.status == "sent"


def test_unknown_mail_is_sent_once_more(sink):
    issue = started(1)
    send()
    issue.deliveries.update(status="unknown")

    assert issues.resolve_by_sending(issue.deliveries.get())
    send()

    first, second = (message["Message-ID"] for _, message in sink.taken)
    assert first == second
    assert statuses(issue) == {"sent": 1}


def test_failed_are_tried_again_and_the_unknown_are_not(sink):
    issue = started(3)
    send()
    keys = issue.deliveries.values_list("pk", flat=True)
    issue.deliveries.filter(pk=keys[0]).update(status="failed")
    issue.deliveries.filter(pk=keys[1]).update(status="unknown")

    assert issues.retry_failed(issue) == 1
    send()

    assert statuses(issue) == {"sent": 2, "unknown": 1}
    assert len(sink.recipients) == 4
