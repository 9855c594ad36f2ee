"""The newsroom as a whole: its first page, its safety, and what is inert in it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from blog.models import AccountMail, Author, Heartbeat, Site
from newsletter import stats
from newsletter.charts import growth_bars
from newsletter.models import ConsentEvidence, NewsletterSettings, Notice, Terms
from newsletter.stats import Day, Growth
from tests.factories import (
    AdministratorFactory,
    CategoryFactory,
    ConsentFactory,
    DraftFactory,
    PostFactory,
    SiteFactory,
    StaffFactory,
    SubscriberFactory,
    TermsFactory,
)
from tests.newsroom import admin_url, open_form, save

pytestmark = pytest.mark.django_db
INDEX = reverse("admin:index")


@pytest.fixture
def root(client):
    root = AdministratorFactory()
    client.force_login(root)
    return root


def concerns(client):
    return [concern.text for concern in client.get(INDEX).context["concerns"]]


def healthy():
    TermsFactory()
    SiteFactory(postal_address="1 Example Street")
    Heartbeat.objects.beat("worker")


# --- What waits and what is new ---


def test_first_page_shows_what_waits_and_what_is_new(client, root):
    DraftFactory(title="Unfinished")
    PostFactory(title="Tomorrow", published_at=timezone.now() + timedelta(days=1))
    PostFactory(title="Out")
    SubscriberFactory(email="mara@example.com")

    context = client.get(INDEX).context

    assert [post.title for post in context["drafts"]] == ["Unfinished"]
    assert [post.title for post in context["scheduled"]] == ["Tomorrow"]
    assert [post.title for post in context["published"]] == ["Out"]
    assert [row.email for row in context["newest"]] == ["mara@example.com"]
    assert context["readers"] == "1"


def test_writer_sees_her_own_posts_and_no_reader(client):
    me = StaffFactory(role="Author")
    client.force_login(me)
    DraftFactory(title="Mine", author=me)
    DraftFactory(title="ZXQCANARY")
    SubscriberFactory(email="zxqcanary@example.com")

    page = client.get(INDEX).content.decode()

    assert "Mine" in page
    assert "zxqcanary" not in page.lower()
    assert "Readers" not in page
    assert "Needs a hand" not in page


def test_newsletter_manager_sees_readers_and_no_draft(client):
    client.force_login(StaffFactory(role="Newsletter manager"))
    DraftFactory(title="ZXQCANARY")
    SubscriberFactory(email="mara@example.com")

    page = client.get(INDEX).content.decode()

    assert "mara@example.com" in page
    assert "ZXQCANARY" not in page


@pytest.mark.parametrize("number", [1, 3])
def test_first_page_needs_as_many_queries_for_one_row_as_for_three(
    client, root, django_assert_num_queries, number
):
    healthy()
    for _ in range(number):
        DraftFactory()
        PostFactory()
        ConsentFactory(event="confirmed")
    client.get(INDEX)

    with django_assert_num_queries(23):
        client.get(INDEX)


# --- What needs a hand ---


def test_healthy_site_needs_no_hand(client, root):
    healthy()

    assert concerns(client) == []


def test_missing_terms_explain_the_missing_form(client, root):
    healthy()
    Terms.objects.all()._raw_delete("default")

    [text] = concerns(client)

    assert text.startswith("Nobody can sign up yet")


@pytest.mark.parametrize(("debug", "warns"), [(False, True), (True, False)])
def test_live_site_whose_mail_goes_nowhere_says_so(client, root, settings, tmp_path, debug, warns):
    healthy()
    settings.DEBUG = debug
    settings.MAILERS = {
        "default": {"BACKEND": "config.mailbox.MailboxBackend", "OPTIONS": {"folder": tmp_path}}
    }

    assert any("No mail leaves this site" in text for text in concerns(client)) == warns


@pytest.mark.parametrize(
    ("field", "value", "beginning"),
    [
        ("signups_open", False, "Sign-ups are switched off"),
        ("postal_address", "", "Your newsletter has no postal address"),
    ],
)
def test_settings_that_need_a_hand(client, root, field, value, beginning):
    healthy()
    Site.objects.update(**{field: value})

    [text] = concerns(client)

    assert text.startswith(beginning)


def test_worker_not_seen_for_five_minutes_needs_a_hand(client, root):
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        client.force_login(root)
        healthy()
        clock.shift(timedelta(minutes=5))
        assert concerns(client) == []
        clock.shift(timedelta(seconds=1))

        [text] = concerns(client)

    assert "worker has not been seen for five minutes" in text


@pytest.mark.parametrize("kind", ["readers", "authors"])
def test_mail_that_failed_or_is_late_needs_a_hand(client, root, kind):
    healthy()
    now = timezone.now()
    mails = [
        {"status": "failed", "settled_at": now - timedelta(hours=23)},
        {"status": "failed", "settled_at": now - timedelta(hours=25)},
        {"status": "waiting", "due_at": now - timedelta(minutes=16)},
        {"status": "waiting", "due_at": now - timedelta(minutes=14)},
        {"status": "sent", "settled_at": now},
    ]
    for mail in mails:
        if kind == "readers":
            Notice.objects.create(kind="sign_up", subscriber=SubscriberFactory(), **mail)
        else:
            AccountMail.objects.create(kind="invitation", **mail)

    assert concerns(client) == [
        f"One mail to {kind} failed within a day.",
        f"One mail to {kind} should have left a quarter of an hour ago.",
    ]


# --- Growth ---


def test_growth_counts_who_came_and_went_day_by_day():
    with time_machine.travel("2026-05-03 12:00Z", tick=False):
        subscriber = SubscriberFactory()
        for event, at in (
            ("confirmed", datetime(2026, 5, 1, 0, 0, tzinfo=UTC)),
            ("confirmed", datetime(2026, 5, 1, 23, 59, tzinfo=UTC)),
            ("unsubscribed", datetime(2026, 5, 3, 11, 0, tzinfo=UTC)),
            ("requested", datetime(2026, 5, 3, 11, 0, tzinfo=UTC)),
            ("confirmed", datetime(2026, 4, 30, 23, 59, tzinfo=UTC)),
        ):
            ConsentFactory(subscriber=subscriber, event=event, at=at)

        growth = stats.growth(days=3)

    assert [(day.date.day, day.came, day.went) for day in growth.days] == [
        (1, 2, 0),
        (2, 0, 0),
        (3, 0, 1),
    ]
    assert (growth.came, growth.went, growth.best.date.day) == (2, 1, 1)


def test_readers_are_those_who_would_get_an_issue():
    SubscriberFactory()
    SubscriberFactory(status="pending")
    SubscriberFactory().suppress("bounce")

    assert stats.readers() == 1


def test_bars_stand_on_one_line_and_fit_the_picture():
    today = timezone.now().date()
    growth = Growth([Day(today, came=30, went=0), Day(today, came=0, went=10), Day(today, 1, 1)])

    picture = growth_bars(growth)

    assert (picture.width, picture.height, picture.baseline) == (24, 120, 90)
    assert [(bar.kind, bar.x, bar.y, bar.height) for bar in picture.bars] == [
        ("came", 0, 0, 90),
        ("went", 8, 90, 30),
        ("came", 16, 87, 3),
        ("went", 16, 90, 3),
    ]


def test_picture_of_growth_says_in_words_what_it_shows(client, root):
    ConsentFactory(event="confirmed")

    page = client.get(INDEX).content.decode()

    assert 'role="img"' in page
    assert "In the last 90 days 1 confirmed and 0 unsubscribed." in page


# --- Safety ---

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def hostile(root):
    """Every text that somebody can type, typed by somebody hostile."""
    Author.objects.filter(pk=root.pk).update(display_name=HOSTILE, bio=HOSTILE)
    category = CategoryFactory(name=f"{HOSTILE}{HOSTILE}"[:80], description=HOSTILE)
    post = PostFactory(title=HOSTILE, summary=HOSTILE, body=HOSTILE, author=root)
    post.categories.add(category)
    draft = DraftFactory(title=HOSTILE, author=root)
    terms = TermsFactory(text=HOSTILE)
    subscriber = SubscriberFactory(email="x@example.com", terms=terms)
    consent = ConsentFactory(subscriber=subscriber, wording=HOSTILE, topics=[HOSTILE])
    ConsentEvidence.objects.create(consent=consent, user_agent=HOSTILE, source=HOSTILE)
    notice = Notice.objects.create(kind="sign_up", subscriber=subscriber, reply=HOSTILE)
    SiteFactory(name=HOSTILE[:80], tagline=HOSTILE)
    return [post, draft, category, root, terms, subscriber, notice]


def test_hostile_words_are_inert_on_every_page(client, hostile):
    pages = [INDEX, reverse("admin:blog_category_merge") + f"?from={hostile[2].pk}"]
    for row in hostile:
        model = f"{row._meta.app_label}_{row._meta.model_name}"
        pages += [reverse(f"admin:{model}_changelist")]
        pages += [admin_url(row, page) for page in ("change", "history", "delete")]
    pages += [admin_url(hostile[5], act) for act in ("erase", "lift", "unsubscribe")]
    save(client, hostile[0], summary="Changed")

    answers = {page: client.get(page, follow=True) for page in pages}

    seen = ""
    for page, answer in answers.items():
        assert answer.status_code in {200, 403}, page
        seen += answer.content.decode()
    assert HOSTILE not in seen
    assert escape(HOSTILE) in seen


def test_hostile_title_is_inert_in_messages(client, root):
    post = DraftFactory(title=HOSTILE)

    saved = client.post(
        admin_url(post), open_form(client, post) | {"summary": "Changed"}, follow=True
    )
    deleted = client.post(admin_url(post, "delete"), {"post": "yes"}, follow=True)

    for answer in (saved, deleted):
        page = answer.content.decode()
        assert HOSTILE not in page
        assert escape(HOSTILE) in page


def test_pages_carry_a_strict_policy_and_nothing_inline(client, root):
    post = PostFactory(categories=[CategoryFactory()])
    subscriber = ConsentFactory(event="confirmed").subscriber
    pages = [INDEX, reverse("admin:blog_post_changelist"), admin_url(post), admin_url(subscriber)]
    pages += [reverse("admin:blog_post_add"), admin_url(post, "delete")]

    for page in [*pages, reverse("admin:password_change"), reverse("admin:blog_redirect_add")]:
        answer = client.get(page)
        policy, html = answer["Content-Security-Policy"], answer.content.decode()

        assert "unsafe" not in policy
        assert "object-src 'none'" in policy
        assert not re.search(r"<[^>]+\s(style|on\w+)=", html), page
        for tag in re.findall(r"<(?:script|style|link rel=\"stylesheet\")[^>]*>", html):
            assert "nonce=" in tag, tag


def test_pages_are_kept_by_nobody(client, root):
    post = DraftFactory()

    for page in (INDEX, admin_url(post), reverse("admin:password_change"), "/admin/nothing/"):
        policy = client.get(page)["Cache-Control"]

        assert "no-store" in policy, page
        assert "private" in policy, page


# --- The site's own settings, and the newsletter's ---


def test_newsletter_settings_are_a_form_of_the_newsletter_manager(client):
    client.force_login(StaffFactory(role="Newsletter manager"))
    before = NewsletterSettings.current().offers_topics

    page = client.get(reverse("admin:newsletter_newslettersettings_changelist"), follow=True)
    save(client, NewsletterSettings.current(), offers_topics="on")

    assert "Categories can be chosen at sign-up" in page.text
    assert (before, NewsletterSettings.objects.get().offers_topics) == (False, True)


def test_site_has_one_form_and_no_list(client, root):
    response = client.get(reverse("admin:blog_site_changelist"), follow=True)

    assert response.redirect_chain == [(reverse("admin:blog_site_change", args=[1]), 302)]
    assert "Pennypost" in response.content.decode()
    assert not Site.objects.exists()


def test_site_is_saved_from_its_form(client, root):
    save(client, Site.current(), name="The Penny Paper", tagline="Letters")

    assert Site.objects.get().name == "The Penny Paper"


@pytest.mark.parametrize("field", ["name", "sender_name"])
@pytest.mark.parametrize("trick", ["\r\n", "\n", "\u2028", "\x0b", "\x00", "\x7f"])
def test_second_mail_header_is_refused(client, root, field, trick):
    response = save(client, Site.current(), **{field: f"Paper{trick}Bcc: x@example.com"})

    assert field in response.context["adminform"].form.errors
    assert not Site.objects.exists()


def test_administrator_finds_every_room(client, root):
    [blog, newsletter, *_] = client.get(INDEX).context["app_list"]

    assert [model["name"] for model in blog["models"]] == [
        "Posts",
        "Pages",
        "Categories",
        "Series",
        "Authors",
        "Redirects",
        "Site",
        "Mail to authors",
    ]
    assert [model["name"] for model in newsletter["models"]] == [
        "Issues",
        "Digests",
        "Subscribers",
        "Terms & conditions",
        "Settings",
        "Mail to readers",
    ]
