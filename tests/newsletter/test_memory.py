"""A backup that is put back: what was sent since is not sent again."""

import logging

import pytest
from django.utils import timezone

from newsletter import installation
from newsletter.models import Delivery, Digest, Issue
from newsletter.sending import issues, memory
from newsletter.sending.due import ELSEWHERE, why_held
from tests.factories import DigestFactory, IssueFactory, RunningIssueFactory
from tests.newsletter.sending import send, started, statuses
from tests.smtp import Sink, running

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def var_dir(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def sink(settings):
    with running(Sink(), settings) as sink:
        settings.MAILERS["default"]["OPTIONS"] |= {"username": "", "password": ""}
        yield sink


def put_back_a_backup(issue):
    """Nothing had been sent when it was made."""
    Delivery.objects.filter(issue=issue).update(status="waiting", settled_at=None, fence=None)


def test_issue_is_not_sent_again_until_a_human_says_so(sink, caplog):
    issue = started(3)
    send()
    put_back_a_backup(issue)

    is_held = memory.hold_if_set_back()
    send()
    issue.refresh_from_db()
    while_held = len(sink.recipients), why_held(issue, installation.identity())
    issues.resume(issue)
    is_held_again = memory.hold_if_set_back()
    send()

    assert (is_held, while_held) == (True, (3, ELSEWHERE))
    assert "older than what was sent from here" in caplog.text
    assert (is_held_again, len(sink.recipients)) == (False, 6)


def test_whatever_would_go_out_by_itself_is_held_too(sink):
    last = started(1)
    send()
    finished = RunningIssueFactory(owner=installation.identity(), frozen_at=timezone.now())
    scheduled, digest = IssueFactory(), DigestFactory()
    issues.schedule(scheduled, timezone.now())
    Delivery.objects.filter(issue=last).delete()  # it is newer than the backup
    Issue.objects.filter(pk=last.pk).delete()

    memory.hold_if_set_back()

    here = installation.identity()
    assert list(Issue.objects.filter(owner=here)) == [finished]
    assert not Digest.objects.filter(owner=here).exists()
    assert Digest.objects.get() == digest


def test_worker_that_is_started_again_goes_on(sink):
    issue = started(3)
    send()
    issues.retry_failed(issue)

    assert not memory.hold_if_set_back()
    assert Issue.objects.get().owner == installation.identity()


@pytest.mark.parametrize("written", [None, "", "nonsense", "{here} 1", "another 1 999"])
def test_nothing_is_held_where_nothing_is_remembered(var_dir, written):
    if written is not None:
        (var_dir / "sent").write_text(written.format(here=installation.identity()))

    assert not memory.hold_if_set_back()


def test_host_that_may_not_write_sends_all_the_same(sink, settings, tmp_path, caplog):
    settings.VAR_DIR = tmp_path / "nowhere"
    issue = started(2)

    with caplog.at_level(logging.WARNING):
        send()

    assert statuses(issue) == {"sent": 2}
    assert "could not be written down" in caplog.text
