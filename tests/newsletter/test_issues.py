"""Issues: their audience, and when they count as sent."""

import pytest
from django.db import IntegrityError

from blog.markdown import VERSION, TooComplex
from newsletter.models import Issue
from newsletter.sweep import sweep
from tests.factories import (
    CategoryFactory,
    DeliveryFactory,
    IssueFactory,
    RunningIssueFactory,
    SubscriberFactory,
)

pytestmark = pytest.mark.django_db


def reader_of(*categories):
    subscriber = SubscriberFactory(receives_everything=False)
    subscriber.topics.set(categories)
    return subscriber


def test_issue_for_everyone_means_whoever_may_be_mailed():
    reader, of_a_topic = SubscriberFactory(), reader_of(CategoryFactory())
    SubscriberFactory(status="unsubscribed")
    SubscriberFactory(status="pending")
    SubscriberFactory(suppressed_for="bounce")

    assert {*IssueFactory().audience_now()} == {reader, of_a_topic}


def test_issue_for_topics_means_their_readers_and_those_of_everything_once():
    food, sea, art = CategoryFactory(), CategoryFactory(), CategoryFactory()
    everything, both, one = SubscriberFactory(), reader_of(food, sea), reader_of(sea, art)
    reader_of(art)
    issue = IssueFactory(audience="topics")
    issue.categories.set([food, sea])

    assert sorted(row.pk for row in issue.audience_now()) == [everything.pk, both.pk, one.pk]


def test_issue_for_no_topic_means_the_readers_of_everything():
    everything = SubscriberFactory()
    reader_of(CategoryFactory())

    assert [*IssueFactory(audience="topics").audience_now()] == [everything]


@pytest.mark.parametrize("status", ["waiting", "claimed", "sending"])
def test_issue_with_an_open_delivery_is_not_finished(status):
    issue = RunningIssueFactory()
    DeliveryFactory(issue=issue, status="sent")
    DeliveryFactory(issue=issue, status=status, fence=1, leased_until=issue.started_at)

    assert not issue.is_finished
    assert [*Issue.objects.unfinished()] == [issue]


def test_issue_is_finished_when_every_delivery_is_settled():
    issue = RunningIssueFactory()
    for status in ("sent", "failed", "skipped", "unknown"):
        DeliveryFactory(issue=issue, status=status)

    assert issue.is_finished
    assert not Issue.objects.unfinished().exists()
    assert issue.counts() == {
        "waiting": 0, "claimed": 0, "sending": 0,
        "sent": 1, "failed": 1, "skipped": 1, "unknown": 1,
    }  # fmt: skip


def test_issue_that_is_not_frozen_whole_is_not_finished():
    issue = RunningIssueFactory(frozen_at=None)

    assert not issue.is_finished


def test_reader_has_one_delivery_of_an_issue():
    delivery = DeliveryFactory()

    with pytest.raises(IntegrityError):
        DeliveryFactory(issue=delivery.issue, subscriber=delivery.subscriber)


def test_issue_is_laid_out_when_it_is_saved():
    issue = IssueFactory(intro="*Hello*", body="**Bold** <script>alert(1)</script>")

    assert issue.intro_html == "<p><em>Hello</em></p>\n"
    assert "<strong>Bold</strong>" in issue.html
    assert "script" not in issue.html


def test_draft_is_laid_out_again_by_a_new_renderer_and_a_sent_issue_stays():
    draft, sent = IssueFactory(body="*New*"), RunningIssueFactory(body="*New*")
    Issue.objects.update(html="<p>Old</p>", markdown_version=0)

    sweep()

    draft.refresh_from_db()
    sent.refresh_from_db()
    assert (draft.html.strip(), draft.markdown_version) == ("<p><em>New</em></p>", VERSION)
    assert sent.html == "<p>Old</p>"
    assert not Issue.objects.to_render_again().exists()


def test_draft_that_was_saved_meanwhile_keeps_its_new_words():
    as_read = IssueFactory(body="Old words")
    Issue.objects.update(body="New words", html="<p>New words</p>", markdown_version=0)

    as_read.render_again()

    assert Issue.objects.get().html == "<p>New words</p>"


def test_draft_that_became_too_complex_keeps_its_look_and_is_not_tried_for_ever(
    caplog, monkeypatch
):
    draft = IssueFactory()
    Issue.objects.update(html="<p>Old</p>", markdown_version=0)

    def refuse(*arguments, **options):
        raise TooComplex

    monkeypatch.setattr("newsletter.models.issue.markdown.render", refuse)
    draft.render_again()

    assert Issue.objects.get().html == "<p>Old</p>"
    assert not Issue.objects.to_render_again().exists()
    assert "too complex" in caplog.text
