"""A backup that is put back: what was sent since is not sent again."""

import logging
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from newsletter import installation
from newsletter.models import Delivery, Digest, Issue, Odometer
from newsletter.sending import issues, ledger, memory
from newsletter.sending.due import ELSEWHERE, why_held
from newsletter.sending.freezing import freeze_next
from tests.factories import DigestFactory, IssueFactory, RunningIssueFactory
from tests.newsletter.sending import send, started, statuses
from tests.smtp import Sink, running

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def var_dir(settings, tmp_path):
    """That of one host; more of them are folders below."""
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def sink(settings):
    with running(Sink(), settings) as sink:
        settings.MAILERS["default"]["OPTIONS"] |= {"username": "", "password": ""}
        yield sink


def put_back_a_backup(issue, odometer=1):
    """Nothing had been sent when it was made."""
    Delivery.objects.filter(issue=issue).update(status="waiting", settled_at=None, fence=None)
    Odometer.objects.update(far=odometer)


def test_issue_is_not_sent_again_until_a_human_says_so(sink, caplog):
    issue = started(3)
    send()

    put_back_a_backup(issue)
    send()
    issue.refresh_from_db()
    while_held = len(sink.recipients), why_held(issue, installation.identity())
    issues.resume(issue)
    send()

    assert while_held == (3, ELSEWHERE)
    assert caplog.text.count("older than what was sent from here") == 1
    assert len(sink.recipients) == 6


def test_nothing_is_claimed_of_a_database_that_is_set_back_while_an_issue_is_sent(sink):
    issue = started(3)
    send()
    reading = Odometer.objects.read()

    put_back_a_backup(issue)
    claims = ledger.claim(issue, 10)

    assert claims == []
    assert statuses(issue) == {"waiting": 3}
    assert Issue.objects.get().owner == ""
    assert Odometer.objects.read() == reading


def test_what_was_claimed_is_remembered_before_it_is_sent(var_dir):
    issue = started(3)
    freeze_next(issue)

    ledger.claim(issue, 1)

    number, far = (var_dir / "sent").read_text().split()
    assert Odometer.objects.values_list("number", "far").get() == (number, int(far))


def test_host_that_only_looks_on_notices_as_well(sink, settings, var_dir):
    issue = started(3)
    send()
    settings.VAR_DIR = var_dir / "idle"
    settings.VAR_DIR.mkdir()
    send()

    put_back_a_backup(issue)
    send()

    assert len(sink.recipients) == 3
    assert Issue.objects.get().owner == ""


def test_one_human_is_enough_for_all_hosts(sink, settings, var_dir):
    issue = started(3)
    hosts = [var_dir / "one", var_dir / "two"]
    for settings.VAR_DIR in hosts:
        settings.VAR_DIR.mkdir()
        send()

    put_back_a_backup(issue)
    send()
    issues.resume(issue)
    settings.VAR_DIR = hosts[0]
    send()

    assert len(sink.recipients) == 6


def test_backup_from_before_the_first_mail_is_noticed(sink):
    issue = started(3)
    send()

    put_back_a_backup(issue)
    Odometer.objects.all().delete()
    send()

    assert len(sink.recipients) == 3
    assert Issue.objects.get().owner == ""


def test_cancelled_issue_is_not_brought_back_to_life(sink):
    issue = started(3)
    memory.hold_if_set_back()
    before = Odometer.objects.read().far
    issues.cancel(issue)
    memory.hold_if_set_back()

    Issue.objects.update(status="sending")
    Odometer.objects.update(far=before)
    send()

    assert sink.recipients == []
    assert Issue.objects.get().owner == ""


def test_whatever_would_go_out_by_itself_is_held_too(sink):
    last = started(1)
    send()
    finished = RunningIssueFactory(owner=installation.identity(), frozen_at=timezone.now())
    scheduled, digest = IssueFactory(), DigestFactory()
    issues.schedule(scheduled, timezone.now())
    memory.hold_if_set_back()

    put_back_a_backup(last)
    memory.hold_if_set_back()

    here = installation.identity()
    assert list(Issue.objects.filter(owner=here)) == [finished]
    assert not Digest.objects.filter(owner=here).exists()
    assert Digest.objects.get() == digest


def test_operator_who_put_a_backup_back_holds_everything(sink):
    issue, said = started(3), StringIO()

    call_command("hold_issues", stdout=said)
    send()

    issue.refresh_from_db()
    assert said.getvalue() == (
        "1 issues and digests wait until somebody lets them go on in the newsroom.\n"
    )
    assert why_held(issue, installation.identity()) == ELSEWHERE
    assert sink.recipients == []


def test_worker_that_is_started_again_goes_on(sink):
    issue = started(3)
    send()
    issues.retry_failed(issue)

    assert not memory.hold_if_set_back()
    assert Issue.objects.get().owner == installation.identity()


@pytest.mark.parametrize("written", [None, "", "nonsense", "another 999", "{number} many"])
def test_nothing_is_held_where_nothing_is_remembered(var_dir, sink, written):
    issue = started(2)
    number = Odometer.objects.get().number
    Odometer.objects.update(far=7)
    if written is not None:
        (var_dir / "sent").write_text(written.format(number=number))

    send()

    assert statuses(issue) == {"sent": 2}


def test_host_that_may_not_write_sends_all_the_same(sink, settings, tmp_path, caplog):
    settings.VAR_DIR = tmp_path / "nowhere"
    issue = started(2)

    with caplog.at_level(logging.WARNING):
        send()

    assert statuses(issue) == {"sent": 2}
    assert caplog.text.count("could not be written down") == 1
