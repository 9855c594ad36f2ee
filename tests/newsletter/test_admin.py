"""The newsletter's rooms: who reads, what they agreed to, and what may be done to them."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from newsletter.models import Consent, ConsentEvidence, Notice, Subscriber, Terms
from tests.factories import (
    AdministratorFactory,
    CategoryFactory,
    ConsentFactory,
    StaffFactory,
    SubscriberFactory,
    TermsFactory,
)
from tests.newsroom import admin_url, form_of, save

pytestmark = pytest.mark.django_db
SUBSCRIBERS = reverse("admin:newsletter_subscriber_changelist")
TERMS = reverse("admin:newsletter_terms_changelist")
NOTICES = reverse("admin:newsletter_notice_changelist")


def addresses(response):
    return [subscriber.email for subscriber in response.context["cl"].result_list]


# --- The list ---


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("mara@example.com", ["mara@example.com"]),
        ("  MARA@Example.com ", ["mara@example.com"]),
        ("mara@", ["mara@example.com"]),
        ("example.com", ["ole@example.com", "mara@example.com"]),
        ("nobody@example.com", []),
        ("%", []),
        ("@", ["ole@example.com", "mara@example.com"]),
    ],
)
def test_subscriber_is_found_by_a_part_of_the_address(client, manager, term, found):
    SubscriberFactory(email="mara@example.com")
    SubscriberFactory(email="ole@example.com")

    assert addresses(client.get(SUBSCRIBERS, {"q": term})) == found


def test_erased_subscriber_is_found_by_the_whole_address(client, manager):
    gone = SubscriberFactory(email="mara@example.com")
    gone.erase()

    whole = client.get(SUBSCRIBERS, {"q": "mara@example.com"})
    part = client.get(SUBSCRIBERS, {"q": "mara"})

    assert list(whole.context["cl"].result_list) == [gone]
    assert list(part.context["cl"].result_list) == []
    assert f"Erased subscriber {gone.pk}" in whole.content.decode()


def test_list_is_narrowed_by_status_topic_and_terms(client, manager):
    old, new = TermsFactory(), TermsFactory()
    craft = CategoryFactory()
    SubscriberFactory(email="a@example.com", terms=old)
    SubscriberFactory(email="b@example.com", terms=new, status="pending")
    chosen = SubscriberFactory(email="c@example.com", terms=new, receives_everything=False)
    chosen.topics.add(craft)

    assert addresses(client.get(SUBSCRIBERS, {"status": "pending"})) == ["b@example.com"]
    assert addresses(client.get(SUBSCRIBERS, {"terms": old.pk})) == ["a@example.com"]
    assert addresses(client.get(SUBSCRIBERS, {"topic": craft.pk})) == ["c@example.com"]
    everything = client.get(SUBSCRIBERS, {"topic": "everything", "status": "active"})
    assert addresses(everything) == ["a@example.com"]


@pytest.mark.parametrize(
    "lookup", ["token__startswith", "address_hash", "key__contains", "consents__evidence__ip"]
)
def test_list_is_narrowed_by_nothing_that_it_does_not_offer(client, manager, lookup):
    SubscriberFactory()

    response = client.get(SUBSCRIBERS, {lookup: "m"})

    assert response.status_code == 400


def test_list_counts_only_so_far(client, manager, monkeypatch):
    monkeypatch.setattr("blog.admin.base.MOST_COUNTED", 2)
    for _ in range(4):
        SubscriberFactory()

    page = client.get(SUBSCRIBERS).content.decode()

    assert "more than 2 subscribers" in page


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(("room", "queries"), [(SUBSCRIBERS, 10), (NOTICES, 7), (TERMS, 7)])
def test_lists_need_as_many_queries_for_one_row_as_for_three(
    client, manager, django_assert_num_queries, number, room, queries
):
    for _ in range(number):
        subscriber = SubscriberFactory(receives_everything=False)
        subscriber.topics.add(CategoryFactory())
        Notice.objects.create(kind="sign_up", subscriber=subscriber)
    client.get(room)

    with django_assert_num_queries(queries):
        client.get(room)


# --- One subscriber ---


def test_consent_is_shown_event_by_event_with_its_evidence(client, manager):
    consent = ConsentFactory(wording="I have read and agree to the terms & conditions")
    ConsentEvidence.objects.create(
        consent=consent, ip="203.0.113.7", user_agent="Firefox", source="/posts/bread/"
    )

    page = client.get(admin_url(consent.subscriber)).content.decode()

    for proof in (
        consent.terms_version,
        consent.terms_hash,
        "I have read and agree to the terms &amp; conditions",
        "203.0.113.7",
        "Firefox",
        "/posts/bread/",
    ):
        assert proof in page


@pytest.mark.parametrize("worker", ["manager", "administrator"])
def test_nobody_writes_subscribers_by_hand(client, worker):
    client.force_login(
        AdministratorFactory()
        if worker == "administrator"
        else StaffFactory(role="Newsletter manager")
    )
    subscriber = ConsentFactory(subscriber__email="mara@example.com").subscriber
    forged = {
        "email": "attacker@example.com",
        "status": "active",
        "agreed_to_terms": "on",
        "suppressed_for": "",
        "consents-TOTAL_FORMS": "1",
        "consents-0-event": "confirmed",
    }

    answers = [
        client.post(admin_url(subscriber), forged),
        client.post(reverse("admin:newsletter_subscriber_add"), forged),
        client.post(admin_url(subscriber, "delete"), {"post": "yes"}),
    ]
    client.post(
        SUBSCRIBERS,
        {"action": "delete_selected", "_selected_action": [subscriber.pk], "post": "yes"},
    )

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert [row.email for row in Subscriber.objects.all()] == ["mara@example.com"]
    assert [row.event for row in Consent.objects.all()] == ["requested"]


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [("unsubscribe", "active", "unsubscribed"), ("erase", "active", "erased")],
)
def test_act_happens_behind_a_question(client, manager, act, before, after):
    subscriber = SubscriberFactory(email="mara@example.com", status=before)
    page = admin_url(subscriber, act)

    asked = client.get(page)
    assert "mara@example.com" in asked.content.decode()
    assert Subscriber.objects.get().status == before
    client.post(page)

    assert Subscriber.objects.get().status == after
    assert Consent.objects.last().event == after


def test_bounce_is_lifted_with_a_reason(client, manager):
    subscriber = SubscriberFactory()
    subscriber.suppress(Subscriber.Suppression.BOUNCE)
    page = admin_url(subscriber, "lift")

    refused = client.post(page, {"reason": "  "})
    assert "reason" in refused.context["form"].errors
    assert Subscriber.objects.get().suppressed_for == "bounce"
    client.post(page, {"reason": "Their mailbox works again."})

    assert Subscriber.objects.get().suppressed_for == ""
    assert (
        "Their mailbox works again."
        in client.get(admin_url(subscriber, "history")).content.decode()
    )


@pytest.mark.parametrize("reason", ["\u200b", "\u2060 \ufeff", "...", "\u202e-"])
def test_reason_that_cannot_be_read_is_none(client, manager, reason):
    subscriber = SubscriberFactory()
    subscriber.suppress(Subscriber.Suppression.COMPLAINT)

    refused = client.post(admin_url(subscriber, "lift"), {"reason": reason})

    assert refused.context["form"].errors == {"reason": ["Please say why, in words."]}
    assert Subscriber.objects.get().suppressed_for == "complaint"


def test_reason_outlives_the_account_of_whoever_gave_it(client, manager):
    subscriber = SubscriberFactory()
    subscriber.suppress(Subscriber.Suppression.COMPLAINT)
    client.post(admin_url(subscriber, "lift"), {"reason": "They pressed the wrong button."})

    manager.delete()

    assert not LogEntry.objects.exists()
    lifted = Consent.objects.get(event="lifted")
    assert lifted.wording == "They pressed the wrong button."
    client.force_login(AdministratorFactory())
    assert "They pressed the wrong button." in client.get(admin_url(subscriber)).content.decode()


def test_acts_that_make_no_sense_do_nothing(client, manager):
    subscriber = SubscriberFactory(status="unsubscribed")

    page = client.get(admin_url(subscriber)).content.decode()
    client.post(admin_url(subscriber, "unsubscribe"))
    client.post(admin_url(subscriber, "lift"), {"reason": "None."})

    assert "Unsubscribe …" not in page
    assert "Erase …" in page
    assert list(Consent.objects.all()) == []


@pytest.mark.parametrize("act", ["erase", "lift", "unsubscribe"])
def test_act_needs_its_own_permission(client, act):
    manager = StaffFactory(role="Newsletter manager")
    needed = {
        "erase": "erase_subscriber",
        "lift": "lift_suppression",
        "unsubscribe": "change_subscriber",
    }[act]
    group = manager.groups.get()
    group.permissions.remove(group.permissions.get(codename=needed))
    client.force_login(manager)
    subscriber = SubscriberFactory()
    subscriber.suppress(Subscriber.Suppression.COMPLAINT)

    answer = client.post(admin_url(subscriber, act), {"reason": "x"})

    assert answer.status_code == 403
    assert Subscriber.objects.get().status == "complained"


def test_log_of_the_newsroom_keeps_no_address(client, manager):
    subscriber = SubscriberFactory(email="mara@example.com")

    for act in ("unsubscribe", "erase"):
        client.post(admin_url(subscriber, act))

    written = [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]
    assert len(written) == 2
    assert all("mara" not in line for line in written)
    assert "mara" not in client.get(reverse("admin:index")).content.decode()


# --- Terms ---


def test_new_terms_start_as_the_current_ones(client, manager):
    TermsFactory(text="We send you letters.")

    form = form_of(client.get(reverse("admin:newsletter_terms_add")), "terms_form")

    assert form["text"] == "We send you letters."
    assert form["version"] == f"{timezone.localdate():%Y-%m-%d}"


def test_new_terms_are_a_draft_and_say_so(client, manager):
    data = {"version": "2027-01", "text": "We send you more letters."}

    page = client.post("/admin/newsletter/terms/add/", data, follow=True)

    assert "It is a draft: readers go on agreeing to the current terms" in page.text
    assert not Terms.objects.get(version="2027-01").is_published


def test_terms_are_published_behind_a_question(client, manager):
    TermsFactory(version="1")
    draft = TermsFactory(version="2", published_at=None)
    page = admin_url(draft, "publish")

    asked = client.get(page).content.decode()
    assert "every new subscriber agrees to it" in asked
    assert "version 1 keep that agreement" in asked
    assert Terms.objects.current().version == "1"
    client.post(page)
    client.post(page)

    assert Terms.objects.current().version == "2"
    assert LogEntry.objects.count() == 1


def test_draft_of_terms_is_changed_and_deleted(client, manager):
    draft = TermsFactory(published_at=None)

    save(client, draft, text="Better words.")
    assert Terms.objects.get().text == "Better words."
    client.post(admin_url(draft, "delete"), {"post": "yes"})

    assert not Terms.objects.exists()


@pytest.mark.parametrize("page", ["change", "delete"])
def test_published_terms_stay_as_they_are(client, page):
    client.force_login(AdministratorFactory())
    terms = TermsFactory(version="1", text="We send you letters.")

    shown = client.get(admin_url(terms))
    answer = client.post(
        admin_url(terms, page), {"version": "1", "text": "Other words.", "post": "yes"}
    )

    assert "We send you letters." in shown.content.decode()
    assert 'name="text"' not in shown.content.decode()
    assert answer.status_code == 403
    assert Terms.objects.get().text == "We send you letters."


def test_published_terms_are_not_deleted_from_the_list(client):
    client.force_login(AdministratorFactory())
    terms = TermsFactory()

    answer = client.post(
        TERMS, {"action": "delete_selected", "_selected_action": [terms.pk], "post": "yes"}
    )

    assert answer.status_code == 403
    assert Terms.objects.exists()


@pytest.mark.parametrize("version", ["", ".", "..", "a/b", "a b", "-"])
def test_version_must_do_for_an_address(client, manager, version):
    response = client.post(
        reverse("admin:newsletter_terms_add"), {"version": version, "text": "Words."}
    )

    assert "version" in response.context["adminform"].form.errors
    assert not Terms.objects.exists()


def test_list_of_terms_says_which_are_current(client, manager):
    TermsFactory(version="1")
    TermsFactory(version="2")
    TermsFactory(version="3", published_at=None)

    rows = client.get(TERMS).context["cl"].result_list

    assert [(row.version, row.is_published, row.is_current) for row in rows] == [
        ("3", False, False),
        ("2", True, True),
        ("1", True, False),
    ]


# --- Mail ---


def test_failed_mail_is_found_with_its_reason(client, manager):
    subscriber = SubscriberFactory()
    Notice.objects.create(
        kind="sign_up", subscriber=subscriber, status="failed", reply="550 No such user"
    )
    Notice.objects.create(kind="sign_up", subscriber=subscriber, status="sent")

    response = client.get(NOTICES, {"status": "failed"})

    assert "550 No such user" in response.content.decode()
    assert response.context["cl"].result_count == 1
