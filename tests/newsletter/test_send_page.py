"""The page before an issue is sent: what it says, and what its buttons do."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from newsletter.models import Delivery, FrozenMail, Issue, IssuePost, Subscriber
from tests.factories import (
    CategoryFactory,
    DraftFactory,
    IssueFactory,
    NewsletterSettingsFactory,
    PostFactory,
    SiteFactory,
    StaffFactory,
    SubscriberFactory,
)
from tests.newsroom import admin_url, form_of, open_form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def manager(client):
    manager = StaffFactory(role="Newsletter manager")
    client.force_login(manager)
    return manager


def look(client, issue, **query):
    return client.get(admin_url(issue, "send"), query)


def press(client, issue, act, **fields):
    """Open the page and press one of its buttons."""
    page = look(client, issue)
    trial = page.context.get("trial")
    data = {"act": act, "seen": trial.fingerprint if trial else ""} | fields
    return client.post(admin_url(issue, "send"), data, follow=True)


def said(response):
    return [str(message) for message in response.context["messages"]]


def waiting(post, **fields):
    """An issue with a post in it."""
    issue = IssueFactory(**fields)
    IssuePost.objects.create(issue=issue, post=post)
    return issue


# --- What it says ---


def test_readers_are_counted_and_the_rule_is_told_in_words(client):
    food = CategoryFactory(name="Food")
    issue = IssueFactory(audience="topics")
    issue.categories.set([food, CategoryFactory(name="Sea")])
    SubscriberFactory.create_batch(2)
    chosen, other = (SubscriberFactory(receives_everything=False) for _ in range(2))
    chosen.topics.add(food)
    other.topics.add(CategoryFactory())

    page = look(client, issue)

    assert page.context["readers"] == 3
    assert "Readers of everything, and of Food or Sea" in page.content.decode()


def test_findings_stand_beside_the_button(client):
    SubscriberFactory()
    SiteFactory(postal_address="")

    page = look(client, IssueFactory()).content.decode()

    assert "The site has no postal address" in page
    assert "Send now" in page


@pytest.mark.parametrize(
    ("fields", "readers", "sentence"),
    [
        ({}, 10, ""),
        (
            {"counts_clicks": True, "counts_loads": True},
            10,
            "Clicks on its links and loads of its picture are counted, for all readers together.",
        ),
        ({"counts_loads": True}, 10, "Loads of its picture are counted, for all readers together."),
        (
            {"counts_clicks": True},
            9,
            "Nothing is counted of an issue to fewer than 10 readers.",
        ),
    ],
)
def test_page_says_what_will_be_counted(client, fields, readers, sentence):
    NewsletterSettingsFactory(**fields)
    SubscriberFactory.create_batch(readers)

    page = look(client, IssueFactory())

    assert page.context["counting"] == sentence
    assert sentence in page.content.decode()


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("", "Mails are handed over one by one; if that ends badly, one reader is unknown."),
        (
            "postmark",
            "25 mails go in one call to Postmark; if it gets no answer, up to 25 readers are",
        ),
    ],
)
def test_how_many_may_be_in_doubt_is_said_before(client, settings, service, words):
    settings.MAIL_SERVICE, settings.SEND_BATCH = service, 25

    page = look(client, IssueFactory()).content.decode()

    assert words in page
    assert ("SEND_BATCH asks for 25 mails a call, but without" in page) == (service == "")


def test_mail_is_shown_in_html_text_and_as_a_reader_sees_it(client):
    issue = IssueFactory(body="Hello {{ email }}")

    frame = client.get(admin_url(issue, "mail"), {"reader": "mara@example.com"})
    text = look(client, issue, look="text", reader="mara@example.com").content.decode()

    assert "mara@example.com" in frame.content.decode()
    assert "Hello mara@example.com" in text
    assert "frame-ancestors &#x27;self&#x27;" not in text
    assert "script-src" not in frame["Content-Security-Policy"]
    assert frame["X-Frame-Options"] == "SAMEORIGIN"


def test_mail_is_shown_by_day_and_by_night(client):
    issue = IssueFactory()

    day = client.get(admin_url(issue, "mail")).content.decode()
    night = client.get(admin_url(issue, "mail"), {"dark": ""}).content.decode()

    assert "@media not all" in day
    assert "@media all" in night
    assert "prefers-color-scheme" not in day + night


def test_preview_leads_nobody_to_a_readers_own_links(client):
    reader = SubscriberFactory(email="mara@example.com")

    page = client.get(admin_url(IssueFactory(), "mail"), {"reader": "mara@example.com"})

    assert reader.token not in page.content.decode()
    assert "/newsletter/unsubscribe/preview/" in page.content.decode()


# --- Sending now ---


def test_issue_is_sent_and_opens_on_its_progress(client, manager):
    SubscriberFactory()
    issue = IssueFactory(subject="News")

    answer = press(client, issue, "now")

    assert answer.redirect_chain == [(admin_url(issue, "progress"), 302)]
    assert Issue.objects.get().status == "sending"
    assert FrozenMail.objects.get().subject == "News"
    history = client.get(admin_url(issue, "history")).content.decode()
    assert "It is on its way to 1 reader" in history


def test_second_click_sends_nothing_and_says_nothing_wrong(client):
    SubscriberFactory()
    issue = IssueFactory()
    seen = look(client, issue).context["trial"].fingerprint

    answers = [
        client.post(admin_url(issue, "send"), {"act": "now", "seen": seen}) for _ in range(2)
    ]

    assert [answer["Location"] for answer in answers] == [admin_url(issue, "progress")] * 2
    assert FrozenMail.objects.count() == 1


@pytest.mark.parametrize("change", ["body", "post", "audience", "sender"])
def test_what_was_changed_since_it_was_looked_at_is_not_sent(client, change):
    SubscriberFactory()
    post = PostFactory(body="Old.")
    issue = waiting(post)
    seen = look(client, issue).context["trial"].fingerprint
    match change:
        case "body":
            issue.body = "Other words."
            issue.save()
        case "post":
            post.body = "New."
            post.save()
        case "audience":
            Issue.objects.update(audience="topics")
        case "sender":
            SiteFactory(sender_name="Somebody else")

    answer = client.post(admin_url(issue, "send"), {"act": "now", "seen": seen}, follow=True)

    assert "changed since you opened this page" in said(answer)[0]
    assert Issue.objects.get().status == "draft"


def test_issue_for_nobody_is_not_sent(client):
    issue = IssueFactory()

    answer = press(client, issue, "now")

    assert "Nobody would get it" in said(answer)[0]
    assert "Send now" not in look(client, issue).content.decode()
    assert Issue.objects.get().status == "draft"


def test_issue_with_a_hidden_post_is_not_sent(client):
    SubscriberFactory()
    issue = waiting(DraftFactory(title="Secret"))

    answer = press(client, issue, "now")

    assert "is not public" in said(answer)[0]
    assert Issue.objects.get().status == "draft"


# --- Sending later ---


def test_issue_is_scheduled_by_the_clocks_of_the_site(client, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    timezone.get_default_timezone.cache_clear()
    SubscriberFactory()
    issue = IssueFactory()
    summer = timezone.now().year + 1

    answer = press(client, issue, "schedule", day=f"{summer}-07-01", time="09:30")

    issue.refresh_from_db()
    timezone.get_default_timezone.cache_clear()
    assert issue.status == "scheduled"
    assert issue.send_at == datetime(summer, 7, 1, 7, 30, tzinfo=UTC)
    assert "Europe/Berlin" in answer.content.decode()


@pytest.mark.parametrize(
    ("day", "time", "words"),
    [
        ("2027-03-28", "02:30", "there is no 02:30 in Europe/Berlin"),
        ("2027-10-31", "02:30", "it is 02:30 in Europe/Berlin twice"),
        ("2020-01-01", "09:00", "That time has passed"),
        ("", "09:00", "This field is required"),
        ("9999-12-31", "23:59", "year"),
    ],
)
def test_time_that_cannot_be_is_refused(client, day, time, words):
    SubscriberFactory()
    issue = IssueFactory()

    with timezone.override("Europe/Berlin"):
        answer = client.post(
            admin_url(issue, "send"), {"act": "schedule", "day": day, "time": time}
        )

    assert words in answer.content.decode()
    assert Issue.objects.get().status == "draft"


def test_scheduled_issue_goes_back_to_a_draft(client):
    SubscriberFactory()
    issue = IssueFactory(status="scheduled", send_at=timezone.now() + timedelta(days=1))

    page = look(client, issue).content.decode()
    press(client, issue, "draft")

    assert "It goes out on" in page
    issue.refresh_from_db()
    assert (issue.status, issue.send_at) == ("draft", None)


def test_issue_waits_for_its_post_to_go_live(client):
    SubscriberFactory()
    issue = waiting(DraftFactory())

    assert "Send it when its post goes live" in look(client, issue).content.decode()
    press(client, issue, "with_posts")

    issue.refresh_from_db()
    assert (issue.status, issue.with_posts) == ("scheduled", True)


@pytest.mark.parametrize("posts", ["none", "public", "deleted"])
def test_issue_waits_for_nothing_that_will_not_come(client, posts):
    SubscriberFactory()
    issue = IssueFactory() if posts == "none" else waiting(PostFactory())
    IssuePost.objects.update(post=None if posts == "deleted" else PostFactory())

    answer = press(client, issue, "with_posts")

    assert "Nothing was sent." in said(answer)[0]
    assert Issue.objects.get().status == "draft"


def test_held_issue_says_why(client):
    issue = IssueFactory(
        status="scheduled", send_at=timezone.now(), paused_because="Its time passed."
    )

    assert "Its time passed." in look(client, issue).content.decode()


# --- Tests ---


def test_test_goes_out_as_the_mail_itself_with_its_subject_marked(client):
    SubscriberFactory()
    issue = IssueFactory(subject="News", body="Hello {{ email }}")

    answer = press(client, issue, "test", addresses="a@example.com, b@example.com a@Example.com")

    assert [message.to for message in mail.outbox] == [["a@example.com"], ["b@example.com"]]
    assert {message.subject for message in mail.outbox} == {"[Test] News"}
    assert "Hello a@example.com" in mail.outbox[0].body
    names = {message.extra_headers["Message-ID"] for message in mail.outbox}
    assert len(names) == 2
    assert said(answer) == [
        "A test is on its way to a@example.com.",
        "A test is on its way to b@example.com.",
    ]
    assert not Delivery.objects.exists()
    assert not FrozenMail.objects.exists()
    assert Issue.objects.get().status == "draft"


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        ("nobody", "check the address"),
        ("", "required"),
        ("a@example.com\r\nBcc: b@example.com", "check the address"),
        (" ".join(f"{n}@example.com" for n in range(6)), "Up to 5 addresses"),
    ],
)
def test_test_needs_addresses(client, addresses, words):
    issue = IssueFactory()

    answer = press(client, issue, "test", addresses=addresses)

    assert words in answer.content.decode()
    assert mail.outbox == []


def test_second_click_sends_no_second_test(client):
    issue = IssueFactory()

    press(client, issue, "test", addresses="a@example.com")
    answer = press(client, issue, "test", addresses="a@example.com")
    issue.body = "Mended."
    issue.save()
    press(client, issue, "test", addresses="a@example.com")

    assert len(mail.outbox) == 2
    assert "it went there a moment ago" in said(answer)[0]


def test_tests_are_limited(client, monkeypatch):
    monkeypatch.setattr("newsletter.trial.MOST_AN_HOUR", 2)
    issue = IssueFactory()

    answer = press(client, issue, "test", addresses="a@example.com b@example.com c@example.com")

    assert len(mail.outbox) == 2
    assert "within an hour" in said(answer)[2]


def test_test_goes_to_no_address_that_bounced(client):
    SubscriberFactory(email="gone@example.com").suppress(Subscriber.Suppression.BOUNCE)

    answer = press(client, IssueFactory(), "test", addresses="gone@example.com")

    assert mail.outbox == []
    assert "mail to this address is stopped" in said(answer)[0]


# --- Who may ---


def test_page_is_shut_to_who_may_not_send(client, manager):
    group = manager.groups.get()
    group.permissions.remove(group.permissions.get(codename="send_issue"))
    SubscriberFactory()
    issue = IssueFactory()

    answers = [look(client, issue), client.post(admin_url(issue, "send"), {"act": "now"})]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert Issue.objects.get().status == "draft"
    assert "send …" not in client.get(admin_url(issue)).content.decode()


def test_form_leads_to_the_page(client):
    issue = IssueFactory()
    data = open_form(client, issue) | {"subject": "Better", "_send": "1"}
    data.pop("_save")

    answer = client.post(admin_url(issue), data)

    assert answer["Location"] == admin_url(issue, "send")
    assert Issue.objects.get().subject == "Better"


def test_new_issue_leads_to_the_page(client):
    form = form_of(client.get(reverse("admin:newsletter_issue_add")), "issue_form")
    form |= {"subject": "News", "_send": "1", "places-TOTAL_FORMS": "0"}
    form.pop("_save")

    answer = client.post(reverse("admin:newsletter_issue_add"), form)

    assert answer["Location"] == admin_url(Issue.objects.get(), "send")
