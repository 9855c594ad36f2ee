"""Issues in the newsroom: the list, and writing one."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from newsletter.models import Issue, IssuePost
from tests.factories import (
    AuthorFactory,
    CategoryFactory,
    CountedDayFactory,
    CountedLinkFactory,
    DeliveryFactory,
    DraftFactory,
    FeedbackFactory,
    IssueFactory,
    PostFactory,
    RunningIssueFactory,
    StaffFactory,
)
from tests.newsroom import admin_url, form_of, open_form, save, table

pytestmark = pytest.mark.django_db
ISSUES = reverse("admin:newsletter_issue_changelist")
WRITE = reverse("admin:newsletter_issue_add")
POSTS = reverse("admin:newsletter_issue_posts")
NUMBERS = reverse("admin:newsletter_issue_list_csv")


def subjects(response):
    return [issue.subject for issue in response.context["cl"].result_list]


def sent_to(number, **fields):
    issue = RunningIssueFactory(frozen_count=number, **fields)
    for _ in range(number):
        DeliveryFactory(issue=issue, status="sent")
    return issue


def placed(*posts):
    """What a browser sends of the posts in an issue."""
    form = {"places-TOTAL_FORMS": len(posts), "places-INITIAL_FORMS": "0"}
    for number, (post, position) in enumerate(posts):
        form |= {f"places-{number}-post": post.pk, f"places-{number}-position": position}
    return form


# --- The list ---


def test_list_says_what_state_an_issue_is_in_and_whom_it_is_for(client, manager):
    food, sea = CategoryFactory(name="Food"), CategoryFactory(name="Sea")
    IssueFactory(subject="Written")
    topics = IssueFactory(subject="Chosen", audience="topics")
    topics.categories.set([food, sea])
    IssueFactory(subject="Planned", status="scheduled", send_at=timezone.now())
    sent_to(2, subject="Gone")
    half = sent_to(1, subject="Half")
    DeliveryFactory(issue=half)
    Issue.objects.filter(pk=half.pk).update(frozen_count=2)

    rows = {
        issue.subject: (issue.progress.label, issue.progress.sent, issue.progress.total)
        for issue in client.get(ISSUES).context["cl"].result_list
    }

    assert rows == {
        "Written": ("Draft", 0, 0),
        "Chosen": ("Draft", 0, 0),
        "Planned": ("Scheduled", 0, 0),
        "Gone": ("Sent", 2, 2),
        "Half": ("Sending", 1, 2),
    }
    page = client.get(ISSUES).content.decode()
    assert "Food, Sea" in page
    assert "Everybody" in page
    assert "1 of 2" in page


def test_numbers_of_all_issues_are_a_table(client, manager):
    IssueFactory(subject="A draft")
    old = sent_to(3, subject="=Old", started_at="2026-05-01 12:00Z")
    first, second, _ = old.deliveries.all()
    for number, (delivery, kind) in enumerate([(first, "hard"), (second, "delivered")]):
        who = {"delivery": delivery, "subscriber": delivery.subscriber}
        FeedbackFactory(**who, kind=kind, key=str(number), at="2026-05-02 12:00Z")
    for number, times in ((0, 7), (1, 2), (2, 3)):
        address = "https://example.org/" if number else ""
        link = CountedLinkFactory(issue=old, number=number, address=address)
        CountedDayFactory(link=link, times=times)
    sent_to(1, subject="New", status="cancelled", started_at="2026-06-01 12:00Z")

    columns, *lines = table(client.get(NUMBERS))

    assert NUMBERS in client.get(ISSUES).content.decode()
    new, old = (dict(zip(columns, line, strict=True)) for line in lines)
    assert old == {
        "subject": "'=Old",
        "started at": "2026-05-01T12:00:00+00:00",
        "status": "Sent",
        "readers": "3",
        "sent": "3",
        "failed": "0",
        "skipped": "0",
        "unknown": "0",
        "waiting": "0",
        "delivered": "1",
        "bounced for good": "1",
        "bounced for now": "0",
        "complained": "0",
        "unsubscribed within a week": "0",
        "loads of the picture": "7",
        "clicks": "5",
    }
    assert (new["subject"], new["status"]) == ("New", "Cancelled")
    assert (new["loads of the picture"], new["clicks"]) == ("", "")


def test_table_of_issues_is_shut_to_writers(client):
    client.force_login(StaffFactory(role="Editor"))

    assert client.get(NUMBERS).status_code == 403


def test_held_issue_stands_out_in_the_list(client, manager):
    IssueFactory(status="scheduled", send_at=timezone.now(), paused_because="Its time passed.")

    assert '<span class="label label-failed">Held</span>' in client.get(ISSUES).content.decode()


def test_list_is_narrowed_by_state_and_searched_by_subject(client, manager):
    IssueFactory(subject="Written")
    sent_to(1, subject="Gone")
    RunningIssueFactory(subject="Counting", frozen_at=None)

    assert subjects(client.get(ISSUES, {"state": "finished"})) == ["Gone"]
    assert subjects(client.get(ISSUES, {"state": "unfinished"})) == ["Counting"]
    assert subjects(client.get(ISSUES, {"state": "drafts"})) == ["Written"]
    assert subjects(client.get(ISSUES, {"q": "gon"})) == ["Gone"]
    assert client.get(ISSUES, {"owner__startswith": "a"}).status_code == 400


@pytest.mark.parametrize("number", [1, 3])
def test_list_needs_as_many_queries_for_one_issue_as_for_three(
    client, manager, django_assert_num_queries, number
):
    for _ in range(number):
        issue = sent_to(1, audience="topics")
        issue.categories.add(CategoryFactory())
    client.get(ISSUES)

    with django_assert_num_queries(9):
        client.get(ISSUES)


# --- Writing ---


def test_issue_is_written_with_posts_in_their_order(client, manager):
    first, second, third = PostFactory(), PostFactory(), PostFactory()
    form = form_of(client.get(WRITE), "issue_form")

    form |= {"subject": "News", "body": "Some *words*."}
    client.post(WRITE, form | placed((first, 2), (second, 1), (third, "")))

    issue = Issue.objects.get()
    assert [place.post for place in issue.places.all()] == [second, first, third]
    assert [place.position for place in issue.places.all()] == [1, 2, 3]
    assert (issue.status, issue.created_by, issue.html) == (
        "draft",
        manager,
        "<p>Some <em>words</em>.</p>\n",
    )


def test_issue_for_topics_names_one(client, manager):
    issue, food = IssueFactory(), CategoryFactory()

    refused = save(client, issue, audience="topics")
    assert "categories" in refused.context["adminform"].form.errors
    save(client, issue, audience="topics", categories=[food.pk])

    issue.refresh_from_db()
    assert [*issue.categories.all()] == [food]
    assert issue.audience == "topics"


def test_post_is_in_an_issue_once(client, manager):
    post = PostFactory()
    form = form_of(client.get(WRITE), "issue_form") | {"subject": "News"}

    answer = client.post(WRITE, form | placed((post, 1), (post, 2)))

    assert "only once" in answer.content.decode() or "duplicate" in answer.content.decode()
    assert not Issue.objects.exists()


@pytest.mark.parametrize("trick", ["\r\n", "\n", "\u2028", "\x00"])
def test_subject_is_one_line(client, manager, trick):
    answer = save(client, IssueFactory(), subject=f"News{trick}Bcc: x@example.com")

    assert "subject" in answer.context["adminform"].form.errors


def test_second_writer_sees_what_the_first_one_stored(client, manager):
    issue = IssueFactory(body="Old.")
    form = open_form(client, issue)

    client.post(admin_url(issue), form | {"body": "Hers."})
    answer = client.post(admin_url(issue), form | {"body": "Mine."})

    assert "saved this issue at" in answer.content.decode()
    assert "Hers." in answer.content.decode()
    assert Issue.objects.get().body == "Hers."


def test_deleted_post_leaves_a_place_that_can_be_taken_out(client, manager):
    issue, post = IssueFactory(), PostFactory()
    place = IssuePost.objects.create(issue=issue, post=post)
    post.delete()
    form = open_form(client, issue)

    kept = client.post(admin_url(issue), form)
    client.post(admin_url(issue), form | {"places-0-DELETE": "on"})

    assert kept.status_code == 200
    assert form["places-0-id"] == str(place.pk)
    assert not issue.places.exists()


# --- Who may do what ---


@pytest.mark.parametrize("role", ["Contributor", "Author", "Editor"])
def test_issues_are_shut_to_writers(client, role):
    client.force_login(StaffFactory(role=role))
    issue = IssueFactory(subject="ZXQCANARY")

    for door in (ISSUES, WRITE, admin_url(issue), admin_url(issue, "delete")):
        for answer in (client.get(door), client.post(door, {"subject": "x", "post": "yes"})):
            assert answer.status_code == 403
            assert "ZXQCANARY" not in answer.content.decode()
    assert [row.subject for row in Issue.objects.all()] == ["ZXQCANARY"]


def test_posts_are_suggested_as_far_as_they_may_be_seen(client, manager):
    PostFactory(title="Public bread")
    PostFactory(title="Bread to come", published_at=timezone.now() + timezone.timedelta(days=1))
    DraftFactory(title="Secret bread")
    DraftFactory(title="My bread", author=manager)

    found = client.get(POSTS, {"term": "bread"}).json()["results"]

    assert sorted(row["text"] for row in found) == ["My bread", "Public bread"]


def test_editor_who_sends_issues_is_suggested_drafts(client, manager):
    manager.groups.add(Group.objects.get(name="Editor"))
    DraftFactory(title="Secret bread", author=AuthorFactory())

    assert [row["text"] for row in client.get(POSTS).json()["results"]] == ["Secret bread"]


def test_nothing_is_suggested_to_writers(client):
    client.force_login(StaffFactory(role="Editor"))
    PostFactory()

    assert client.get(POSTS).json()["results"] == []


def test_hidden_post_is_not_put_into_an_issue_by_a_forged_form(client, manager):
    hidden = DraftFactory(title="ZXQCANARY")
    form = form_of(client.get(WRITE), "issue_form") | {"subject": "News"}

    answer = client.post(WRITE, form | placed((hidden, 1)))

    assert "ZXQCANARY" not in answer.content.decode()
    assert not Issue.objects.exists()


def test_started_issue_is_neither_changed_nor_deleted(client, manager):
    issue = sent_to(1, subject="Gone")
    data = {"subject": "Other", "post": "yes"} | placed()

    changed = client.post(admin_url(issue), data)
    deleted = client.post(admin_url(issue, "delete"), data)

    assert (changed.status_code, deleted.status_code) == (403, 403)
    assert Issue.objects.get().subject == "Gone"


def test_who_may_only_look_sees_a_draft_and_changes_nothing(client, manager):
    group = manager.groups.get()
    for codename in ("add_issue", "change_issue", "delete_issue", "send_issue"):
        group.permissions.remove(group.permissions.get(codename=codename))
    issue = IssueFactory(subject="News", body="As written.")
    IssuePost.objects.create(issue=issue, post=PostFactory(title="Bread"))

    page = client.get(admin_url(issue)).content.decode()
    changed = client.post(admin_url(issue), {"subject": "Other"} | placed())

    assert "As written." in page
    assert "Bread" in page
    assert 'name="_s' not in page
    assert 'name="places-0-post"' not in page
    assert changed.status_code == 403
    assert Issue.objects.get().subject == "News"


def test_issue_that_starts_while_its_form_is_open_is_not_changed(client, manager):
    issue = IssueFactory(subject="Gone")
    form = open_form(client, issue) | {"subject": "Other"}
    Issue.objects.update(status="sending", started_at=timezone.now())

    answer = client.post(admin_url(issue), form)

    assert answer.status_code == 403
    assert Issue.objects.get().subject == "Gone"


def test_draft_is_deleted_with_its_places(client, manager):
    issue, post = IssueFactory(), PostFactory()
    IssuePost.objects.create(issue=issue, post=post)

    client.post(admin_url(issue, "delete"), {"post": "yes"})

    assert not Issue.objects.exists()
    assert [*type(post).objects.all()] == [post]


def test_scheduled_issue_is_not_deleted(client, manager):
    issue = IssueFactory(status="scheduled", send_at=timezone.now())

    assert client.post(admin_url(issue, "delete"), {"post": "yes"}).status_code == 403
