"""From a post to an issue: by a button on its page, and by a command."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.urls import reverse

from newsletter.models import Issue, IssuePost
from tests.factories import (
    CategoryFactory,
    DraftFactory,
    IssueFactory,
    PostFactory,
    StaffFactory,
    SubscriberFactory,
)
from tests.newsroom import admin_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(client):
    """Somebody who edits posts and sends issues."""
    chief = StaffFactory(role="Editor")
    chief.groups.add(Group.objects.get(name="Newsletter manager"))
    client.force_login(chief)
    return chief


def press(client, post):
    return client.post(reverse("admin:newsletter_issue_of_post", args=[post.pk]))


# --- The button ---


def test_issue_is_made_of_a_post_and_shown_before_it_is_sent(client, chief):
    food = CategoryFactory()
    post = PostFactory(title="Bread", summary="How it\nrises.", categories=[food])

    assert "Send as issue …" in client.get(admin_url(post)).content.decode()
    answer = press(client, post)

    issue = Issue.objects.get()
    assert answer["Location"] == admin_url(issue, "send")
    assert (issue.subject, issue.preheader, issue.audience, issue.status, issue.created_by) == (
        "Bread",
        "How it rises.",
        "topics",
        "draft",
        chief,
    )
    assert [*issue.categories.all()] == [food]
    assert [place.post for place in issue.places.all()] == [post]


def test_issue_of_a_post_without_categories_is_for_everybody(client, chief):
    press(client, PostFactory())

    assert Issue.objects.get().audience == "everyone"


def test_long_title_makes_a_subject_that_fits(client, chief):
    press(client, PostFactory(title="Word " * 39 + "end", summary="long " * 119))

    issue = Issue.objects.get()
    assert len(issue.subject) <= 150
    assert issue.subject.endswith("…")
    assert len(issue.preheader) <= 200


def test_title_that_no_header_may_hold_makes_a_subject(client, chief):
    press(client, PostFactory(title="What is =?utf-8?q?this?= for"))

    assert Issue.objects.get().subject == "What is = ?utf-8?q?this?= for"


def test_second_click_makes_no_second_issue(client, chief):
    post = PostFactory()

    first, second = press(client, post), press(client, post)

    assert first["Location"] == second["Location"]
    assert Issue.objects.count() == 1


def test_draft_with_other_posts_in_it_is_left_alone(client, chief):
    post, digest = PostFactory(), IssueFactory(created_by=chief)
    for each in (post, PostFactory()):
        IssuePost.objects.create(issue=digest, post=each)

    press(client, post)

    assert Issue.objects.count() == 2


def test_post_says_where_it_went_out(client, chief):
    post, issue = PostFactory(), IssueFactory(subject="The weekly letter")
    IssuePost.objects.create(issue=issue, post=post)

    page = client.get(admin_url(post)).content.decode()

    assert "In the newsletter" in page
    assert "The weekly letter" in page
    assert "In the newsletter" not in client.get(admin_url(PostFactory())).content.decode()


@pytest.mark.parametrize("role", ["Author", "Editor"])
def test_writer_finds_no_button(client, role):
    me = StaffFactory(role=role)
    client.force_login(me)
    post, issue = PostFactory(author=me), IssueFactory(subject="ZXQCANARY")
    IssuePost.objects.create(issue=issue, post=post)

    page = client.get(admin_url(post)).content.decode()

    assert "Send as issue" not in page
    assert "ZXQCANARY" not in page
    assert press(client, post).status_code == 403
    assert Issue.objects.count() == 1


def test_manager_makes_no_issue_of_a_draft_that_she_may_not_see(client):
    client.force_login(StaffFactory(role="Newsletter manager"))

    assert press(client, DraftFactory()).status_code == 404
    assert not Issue.objects.exists()


# --- The command ---


def test_issue_is_sent_by_its_number(capsys):
    SubscriberFactory.create_batch(2)
    issue = IssueFactory(subject="News")

    call_command("send_issue", issue.pk)

    assert Issue.objects.get().status == "sending"
    assert capsys.readouterr().out == (
        f"Issue {issue.pk}, “News”, goes to 2 readers. The worker sends it.\n"
    )


def test_post_is_sent_once(capsys):
    SubscriberFactory()
    PostFactory(slug="bread")

    call_command("send_issue", post="bread")
    with pytest.raises(CommandError, match="It went out before"):
        call_command("send_issue", post="bread")

    assert [issue.status for issue in Issue.objects.all()] == ["sending"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (["99"], "no issue 99"),
        (["x"], "no issue x"),
        (["--post", "nothing"], "no post “nothing”"),
        (["--post", "hidden"], "is not public"),
    ],
)
def test_what_cannot_be_sent_is_refused(call, words):
    SubscriberFactory()
    DraftFactory(slug="hidden")

    with pytest.raises(CommandError, match=words):
        call_command("send_issue", *call)

    assert not Issue.objects.exclude(started_at=None).exists()


def test_issue_for_nobody_is_refused():
    issue = IssueFactory()

    with pytest.raises(CommandError, match="Nobody would get it"):
        call_command("send_issue", issue.pk)


def test_issue_that_is_on_its_way_is_refused():
    SubscriberFactory()
    issue = IssueFactory()
    call_command("send_issue", issue.pk)

    with pytest.raises(CommandError, match="Nothing was sent"):
        call_command("send_issue", issue.pk)
