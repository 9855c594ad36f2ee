"""Confirm, preferences, unsubscribe: the pages behind the links in a subscriber's mails."""

import re
import secrets
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.logs import AddRequestId, TextFormatter
from newsletter import tokens
from newsletter.models import Consent, ConsentEvidence, Notice, Subscriber
from tests.factories import CategoryFactory, ConsentFactory, SubscriberFactory, TermsFactory
from tests.newsletter.flows import link_in, send_mail, sign_up, without_values
from tests.processes import at_once

pytestmark = pytest.mark.django_db

SCANNERS = ["GoogleImageProxy", "Barracuda Sentinel (EE)", "Mozilla/5.0 (compatible; Proofpoint)"]
ONE_CLICK = b"List-Unsubscribe=One-Click"
ONE_CLICK_IN_PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
)


@pytest.fixture
def terms():
    return TermsFactory(version="2026-05")


@pytest.fixture
def pending(terms):
    """A sign-up that waits for its confirmation."""
    return SubscriberFactory(email="mara@example.com", status="pending", terms=terms)


@pytest.fixture
def active(terms):
    return SubscriberFactory(email="mara@example.com", terms=terms)


def confirm_path(subscriber: Subscriber) -> str:
    asked = ConsentFactory(subscriber=subscriber, event="requested")
    return f"/newsletter/confirm/{tokens.CONFIRM.token_for(asked.pk)}/"


def path_to_confirm_topics(subscriber: Subscriber, *slugs: str) -> str:
    asked = ConsentFactory(
        subscriber=subscriber, event="requested", receives_everything=False, topics=list(slugs)
    )
    return f"/newsletter/confirm/{tokens.CONFIRM.token_for(asked.pk)}/"


def page_of(name: str, subscriber: Subscriber) -> str:
    return f"/newsletter/{name}/{subscriber.token}/"


def events(subscriber: Subscriber) -> list[str]:
    return [consent.event for consent in subscriber.consents.all()]


def buttons_in(page: str) -> list[str]:
    [main] = re.findall(r"<main.*?</main>", page, re.S)
    return re.findall(r"<button[^>]*>([^<]*)</button>", main)


def stored() -> list[object]:
    """All that a click could change."""
    return [
        list(Subscriber.objects.order_by("pk").values()),
        list(Consent.objects.order_by("pk").values()),
        list(Subscriber.topics.through.objects.order_by("pk").values()),
        list(Notice.objects.order_by("pk").values()),
    ]


# --- The whole way (issue: sign up, mail, confirm, preferences, unsubscribe) ----------------------


def test_reader_signs_up_confirms_chooses_and_leaves(client, terms, mailoutbox):
    category = CategoryFactory(name="Work")
    sign_up("Mara@example.com")
    send_mail()

    confirmed = client.post(link_in(mailoutbox[0], "confirm"))
    subscriber = Subscriber.objects.get()
    chosen = client.post(
        page_of("preferences", subscriber), {"receives": "topics", "topics": category.slug}
    )
    left = client.post(page_of("unsubscribe", subscriber))

    assert "You are subscribed" in confirmed.text
    assert "Saved." in chosen.text
    assert "You are unsubscribed" in left.text
    subscriber.refresh_from_db()
    assert subscriber.status == "unsubscribed"
    assert events(subscriber) == [
        "requested",
        "terms_agreed",
        "confirmed",
        "topics_changed",
        "unsubscribed",
    ]


def test_whatever_a_reader_presses_leaves_its_evidence(client, pending):
    visitor = {"REMOTE_ADDR": "203.0.113.9", "HTTP_USER_AGENT": "A browser"}

    client.post(confirm_path(pending), **visitor)
    client.post(page_of("preferences", pending), {"receives": "everything"}, **visitor)
    for _ in range(2):
        client.post(page_of("unsubscribe", pending), **visitor)

    rows = ConsentEvidence.objects.order_by("pk").exclude(consent__event="requested")
    assert list(rows.values_list("consent__event", "ip", "user_agent")) == [
        ("confirmed", "203.0.113.9", "A browser"),
        ("topics_changed", "203.0.113.9", "A browser"),
        ("unsubscribed", "203.0.113.9", "A browser"),
    ]


# --- Opening a link changes nothing (case G01) ----------------------------------------------------


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_links_opened_by_scanners_change_nothing(client, pending, method):
    other = SubscriberFactory()
    paths = [
        confirm_path(pending),
        *(page_of(name, other) for name in ("preferences", "unsubscribe")),
        page_of("preferences", other) + "?my-data",
    ]
    before = stored()

    for path in paths:
        for number in range(10):
            scanner = SCANNERS[number % len(SCANNERS)]
            response = getattr(client, method)(path, headers={"User-Agent": scanner})
            assert response.status_code == (405 if method == "options" else 200)

    assert stored() == before


def test_each_page_has_one_button_that_does_what_it_says(client, pending):
    other = SubscriberFactory(email="other@example.com")
    pages = {
        confirm_path(pending): "Confirm my subscription",
        page_of("preferences", other): "Save",
        page_of("preferences", other) + "?my-data": "Mail me the link",
        page_of("unsubscribe", other): "Unsubscribe",
    }

    for path, button in pages.items():
        page = client.get(path).text
        assert buttons_in(page) == [button]
        assert len(re.findall(r'<form[^>]* method="post"', page)) == 1


# --- Confirm --------------------------------------------------------------------------------------


def test_button_confirms_the_terms_and_topics_that_were_asked_for(client, pending):
    work = CategoryFactory(name="Work")
    asked = ConsentFactory(
        subscriber=pending, event="requested", receives_everything=False, topics=[work.slug]
    )
    TermsFactory(version="2026-06")

    page = client.post(f"/newsletter/confirm/{tokens.CONFIRM.token_for(asked.pk)}/")

    assert "You are subscribed" in page.text
    pending.refresh_from_db()
    assert (pending.status, pending.receives_everything) == ("active", False)
    assert list(pending.topics.all()) == [work]
    assert pending.terms.version == "2026-05"
    assert pending.confirmed_at is not None


def test_topic_is_kept_that_was_renamed_before_the_confirmation(client, pending):
    topic = CategoryFactory(name="Arbeit", slug="arbeit-für-alle")
    path = path_to_confirm_topics(pending, topic.slug)
    for slug in ("work", "slow-work"):
        topic.slug = slug
        topic.save()

    client.post(path)

    assert list(pending.topics.all()) == [topic]


def test_topics_are_kept_that_were_merged_before_the_confirmation(client, pending):
    work, labour, rest = (CategoryFactory(slug=slug) for slug in ("work", "labour", "rest"))
    path = path_to_confirm_topics(pending, "work", "labour")
    target = CategoryFactory(slug="craft")
    for source in (work, labour):
        source.merge_into(target)
    target.slug = "crafts"
    target.save()

    client.post(path)

    assert list(pending.topics.all()) == [target]
    assert rest.subscribers.count() == 0


def test_reader_whose_topic_was_deleted_meanwhile_is_asked_to_choose_another(client, pending):
    topic = CategoryFactory(slug="work")
    path = path_to_confirm_topics(pending, "work")
    topic.delete()

    page = client.post(path)

    pending.refresh_from_db()
    assert (pending.status, pending.receives_everything) == ("active", False)
    assert "We do not write about what you chose any more" in page.text
    assert f'href="/newsletter/preferences/{pending.token}/"' in page.text
    assert "The next newsletter" not in page.text


def test_topic_of_today_comes_before_one_that_had_its_slug(client, pending):
    former = CategoryFactory(slug="work")
    former.slug = "labour"
    former.save()
    today = CategoryFactory(slug="work")

    client.post(path_to_confirm_topics(pending, "work"))

    assert list(pending.topics.all()) == [today]


def test_second_press_says_already_confirmed(client, pending):
    path = confirm_path(pending)
    first, second, later = client.post(path), client.post(path), client.get(path)

    assert "You are subscribed" in first.text
    assert "Already confirmed" in second.text
    assert "Already confirmed" in later.text
    assert events(pending) == ["requested", "confirmed"]


class ParallelConfirms(TransactionTestCase):
    def test_twenty_at_once_are_one_confirmation(self) -> None:
        path = confirm_path(SubscriberFactory(status="pending"))
        pages: list[str] = []

        faults = at_once(20, lambda _: pages.append(Client().post(path).text))

        assert faults == []
        assert sum("You are subscribed" in page for page in pages) == 1
        assert sum("Already confirmed" in page for page in pages) == 19
        assert Consent.objects.filter(event="confirmed").count() == 1


def test_link_from_before_she_left_does_not_bring_her_back(client, pending):
    path = confirm_path(pending)
    client.post(path)
    pending.unsubscribe()

    opened, pressed = client.get(path), client.post(path)

    assert (opened.status_code, pressed.status_code) == (410, 410)
    assert "This link has had its time" in pressed.text
    assert Subscriber.objects.get().status == "unsubscribed"


def test_reader_who_left_needs_a_new_opt_in(client, active, mailoutbox):
    active.unsubscribe()

    sign_up("mara@example.com")
    still = Subscriber.objects.get().status
    send_mail()
    page = client.post(link_in(mailoutbox[0], "confirm"))

    assert still == "unsubscribed"
    assert "You are subscribed" in page.text
    assert Subscriber.objects.get().status == "active"


@pytest.mark.parametrize("reason", Subscriber.Suppression.values[1:])
def test_link_from_before_a_bounce_or_complaint_confirms_nothing(client, pending, reason):
    path = confirm_path(pending)
    pending.suppress(Subscriber.Suppression(reason))

    response = client.post(path)

    assert response.status_code == 410
    assert Subscriber.objects.get().status in {"bounced", "complained"}


def test_link_to_an_address_that_complained_before_an_erasure_confirms_nothing(client, pending):
    path = confirm_path(pending)
    Subscriber.objects.create(
        status="erased", suppressed_for="complaint", address_hash=pending.address_hash
    )

    client.post(path)

    pending.refresh_from_db()
    assert pending.status == "pending"


def test_confirm_link_that_is_too_old_offers_a_new_one_whoever_it_was_for(client, pending):
    path = confirm_path(pending)
    nobody = f"/newsletter/confirm/{tokens.CONFIRM.token_for(999_999)}/"
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        response, of_nobody = client.get(path), client.get(nobody)
        pressed = client.post(path)

    assert (response.status_code, pressed.status_code) == (410, 410)
    assert 'action="/newsletter/subscribe/' in response.text
    assert "mara" not in response.text
    assert response.content == of_nobody.content == pressed.content
    assert Subscriber.objects.get().status == "pending"


def test_confirm_link_works_until_its_last_minute(client, pending):
    path = confirm_path(pending)

    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        response = client.post(path)

    assert "You are subscribed" in response.text


def test_link_of_a_purged_sign_up_is_merely_too_old(client, pending):
    path = confirm_path(pending)
    Subscriber.objects.filter(pk=pending.pk)._raw_delete_rows()

    response = client.post(path)

    assert response.status_code == 410


def test_confirm_link_survives_a_change_of_the_secret_key(client, pending, settings):
    path = confirm_path(pending)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = secrets.token_hex(32)

    assert "You are subscribed" in client.post(path).text


# --- Forged tokens (case G03) ---------------------------------------------------------------------


def forgeries(path: str) -> list[str]:
    """`path` with each character of its token changed, cut short, or made longer."""
    start, token = path[: path.index("/", 12) + 1], path.rstrip("/").rpartition("/")[2]
    changed = [
        token[:at] + ("A" if character != "A" else "B") + token[at + 1 :]
        for at, character in enumerate(token)
    ]
    cut = [token[:-1], token[: len(token) // 2], token[1:]]
    return [f"{start}{forged}/" for forged in [*changed, *cut, token + "A", token * 9]]


def test_forged_tokens_all_get_the_same_page_for_the_same_work(client, pending):
    reader = SubscriberFactory(email="reader@example.com")
    asked = ConsentFactory(subscriber=pending, event="requested")
    confirm, data = tokens.CONFIRM.token_for(asked.pk), tokens.DATA.token_for(reader.data_key)
    signed = [
        *forgeries(f"/newsletter/confirm/{confirm}/"),
        f"/newsletter/confirm/{reader.token}/",
        f"/newsletter/confirm/{data}/",
        f"/newsletter/data/{tokens.CONFIRM.token_for(reader.data_key)}/",
        f"/newsletter/data/{reader.token}/",
        f"/newsletter/address/{confirm}/",
    ]
    random = [
        *forgeries(page_of("unsubscribe", reader)),
        f"/newsletter/unsubscribe/{'A' * 24}/",
        f"/newsletter/preferences/{'A' * 24}/",
    ]
    before = stored()

    pages = {ask(client, path)[0] for path in [*signed, *random, *NO_TOKENS]}
    works = [{ask(client, path)[1] for path in paths} for paths in (signed, random)]

    assert pages == {client.get("/nowhere/").content}
    assert [len(work) for work in works] == [1, 1]
    assert stored() == before


NO_TOKENS = [
    "/newsletter/unsubscribe/a%00b/",
    "/newsletter/confirm/a%00b/",
    "/newsletter/unsubscribe/%ED%A0%80/",
    "/newsletter/unsubscribe/1:2:3/",
    "/newsletter/preferences/" + "A" * 5000 + "/",
]


def ask(client: Client, path: str) -> tuple[bytes, tuple[str, ...]]:
    """The page that a POST to `path` gets, and the statements it took."""
    with CaptureQueriesContext(connection) as queries:
        response = client.post(path)
    assert response.status_code == 404, path
    return response.content, tuple(without_values(query["sql"]) for query in queries)


def test_token_of_another_site_is_forged(client, pending, settings):
    here = settings.SECRET_KEY
    settings.SECRET_KEY = secrets.token_hex(32)
    path = confirm_path(pending)
    settings.SECRET_KEY = here

    assert client.post(path).status_code == 404
    assert Subscriber.objects.get().status == "pending"


# --- Unsubscribe ----------------------------------------------------------------------------------


@pytest.mark.parametrize("slash", ["/", ""])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (ONE_CLICK, "application/x-www-form-urlencoded"),
        (ONE_CLICK_IN_PARTS, "multipart/form-data; boundary=x"),
        (b"", ""),
    ],
)
def test_one_click_of_a_mail_program_unsubscribes_at_once(active, slash, body, content_type):
    path = page_of("unsubscribe", active).rstrip("/") + slash
    bare = Client(enforce_csrf_checks=True)

    answers = [bare.generic("POST", path, body, content_type=content_type) for _ in range(2)]

    for answer in answers:
        assert answer.status_code == 200
        assert not answer.cookies
        assert "You are unsubscribed" in answer.text
    active.refresh_from_db()
    assert active.status == "unsubscribed"
    assert events(active) == ["unsubscribed"]


def test_one_click_is_not_sent_on_to_https(active, settings):
    settings.SECURE_SSL_REDIRECT = True

    answer = Client().post(page_of("unsubscribe", active), ONE_CLICK, content_type="text/x-other")
    as_form = Client().post(page_of("unsubscribe", active), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 415
    assert as_form.status_code == 200
    assert Subscriber.objects.get().status == "unsubscribed"


def test_unsubscribe_link_works_after_years_and_a_new_key(client, active, settings):
    path = page_of("unsubscribe", active)
    settings.SECRET_KEY = secrets.token_hex(32)

    with time_machine.travel(timezone.now() + timedelta(days=2000)):
        response = client.post(path)

    assert "You are unsubscribed" in response.text
    assert Subscriber.objects.get().status == "unsubscribed"


def test_pages_that_may_be_forwarded_show_the_address_only_masked(client, active):
    for name in ("unsubscribe", "preferences"):
        page = client.get(page_of(name, active)).text
        assert "m•••@e•••.com" in page
        assert "mara@example.com" not in page


def test_another_subscriber_in_body_or_query_has_no_effect(client, active):
    other = SubscriberFactory(email="other@example.com")
    wishes = {
        "id": other.pk,
        "pk": other.pk,
        "subscriber": other.pk,
        "token": other.token,
        "email": other.email,
        "receives": "everything",
    }
    query = f"?id={other.pk}&token={other.token}&email={other.email}"

    for name in ("preferences", "unsubscribe"):
        page = client.post(page_of(name, active) + query, wishes).text
        assert "other" not in page

    other.refresh_from_db()
    assert (other.status, events(other)) == ("active", [])
    assert events(active) == ["topics_changed", "unsubscribed"]


@pytest.mark.parametrize("name", ["unsubscribe", "preferences"])
def test_link_of_an_erased_subscriber_says_that_she_is_unsubscribed(client, active, name):
    path = page_of(name, active)
    active.erase()
    before = stored()

    answers = [client.get(path), client.post(path), client.post(path + "?my-data")]

    for answer in answers:
        assert answer.status_code == 200
        assert "You are unsubscribed" in answer.text
    assert stored() == before


@pytest.mark.parametrize("reason", Subscriber.Suppression.values[1:])
def test_link_of_a_suppressed_subscriber_says_that_she_is_unsubscribed(client, active, reason):
    active.suppress(Subscriber.Suppression(reason))
    before = stored()

    response = client.post(page_of("unsubscribe", active))

    assert "You are unsubscribed" in response.text
    assert "my-data" not in response.text
    assert stored() == before


# --- Preferences ----------------------------------------------------------------------------------


def test_preferences_show_what_is_chosen_with_what_each_category_is_about(client, active):
    work = CategoryFactory(name="Work", description="About working.")
    CategoryFactory(name="Rest", description="About resting.")
    active.choose(everything=False, topics=[work])

    page = client.get(page_of("preferences", active)).text

    ticked = re.findall(r'value="(\w+)" checked', page)
    assert ticked == ["topics", "work"]
    assert "About working." in page
    assert "About resting." in page


def test_preferences_are_saved_and_logged(client, active):
    work, rest = CategoryFactory(name="Work"), CategoryFactory(name="Rest")
    path = page_of("preferences", active)

    some = client.post(path, {"receives": "topics", "topics": ["work", "rest"]})
    active.refresh_from_db()
    chosen = (active.receives_everything, set(active.topics.all()))
    everything = client.post(path, {"receives": "everything"})

    assert "Saved." in some.text
    assert chosen == (False, {work, rest})
    assert "Saved." in everything.text
    active.refresh_from_db()
    assert (active.receives_everything, list(active.topics.all())) == (True, [])
    logged = [(row.receives_everything, row.topics) for row in active.consents.all()]
    assert logged == [(False, ["rest", "work"]), (True, [])]


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"receives": "topics"},
        {"receives": "topics", "topics": ["no-such"]},
        {"receives": "topics", "topics": ["work\x00"]},
        {"receives": "nothing"},
        {"receives": ["everything", "topics"], "topics": ["work"]},
    ],
)
def test_preferences_that_cannot_be_are_refused_beside_the_form(client, active, wish):
    CategoryFactory(name="Work")
    before = stored()

    response = client.post(page_of("preferences", active), wish)

    assert response.status_code == 400
    assert 'class="error"' in response.text
    assert stored() == before


def test_preferences_of_somebody_who_left_offer_to_sign_up_again(client, active):
    active.unsubscribe()
    before = stored()

    answers = [
        client.get(page_of("preferences", active)),
        client.post(page_of("preferences", active), {"receives": "everything"}),
    ]

    for answer in answers:
        assert "You are unsubscribed" in answer.text
        assert 'href="/newsletter/"' in answer.text
    assert stored() == before


def test_button_mails_one_link_to_the_address_on_record(client, active, mailoutbox):
    path = page_of("preferences", active) + "?my-data"

    pages = [client.post(path, {"email": "thief@example.com"}) for _ in range(3)]
    send_mail()

    assert "Check your inbox" in pages[0].text
    assert [mail.to for mail in mailoutbox] == [["mara@example.com"]]
    assert "/newsletter/data/" not in pages[0].text
    assert link_in(mailoutbox[0], "data")


# --- What all of these pages have in common (cases G09, A10, H07) ---------------------------------


def test_pages_behind_links_are_nobodys_to_keep_find_or_follow(client, pending):
    other = SubscriberFactory()
    paths = [
        confirm_path(pending),
        page_of("preferences", other),
        page_of("unsubscribe", other),
        f"/newsletter/data/{tokens.DATA.token_for(other.data_key)}/",
    ]

    for path in paths:
        for response in (client.get(path), client.post(path)):
            assert response["Cache-Control"] == "private, no-store"
            assert response["X-Robots-Tag"] == "noindex"
            assert response["Referrer-Policy"] == "same-origin"
            assert not response.cookies
            assert '<meta name="robots" content="noindex">' in response.text
            hosts = re.findall(r'(?:src|href|action)="(?:https?:)?//([^/"]+)', response.text)
            assert set(hosts) <= {"blog.example.com"}
            assert 'action="/newsletter/subscribe/' not in response.text


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "application/json", 415),
        (b"--y\r\nbroken", "multipart/form-data; boundary=x", 400),
        ("&".join(f"a{n}=1" for n in range(5000)), "application/x-www-form-urlencoded", 400),
        (b"a" * 30_000_000, "application/x-www-form-urlencoded", 413),
        (b"a=1", "application/x-www-form-urlencoded; charset=rot13", 415),
    ],
)
def test_broken_body_is_refused_and_changes_nothing(client, pending, body, content_type, status):
    other = SubscriberFactory()
    data = f"/newsletter/data/{tokens.DATA.token_for(other.data_key)}/"
    paths = [confirm_path(pending), page_of("preferences", other), page_of("unsubscribe", other)]
    before = stored()

    for path in [*paths, data]:
        assert client.generic("POST", path, body, content_type=content_type).status_code == status

    assert stored() == before


def test_log_masks_the_token(client, active, caplog):
    client.get(f"/newsletter/confirm/{active.token}/")

    [record] = [record for record in caplog.records if "Not Found" in record.getMessage()]
    AddRequestId().filter(record)
    line = TextFormatter().format(record)
    assert active.token not in line
    assert line.endswith("/newsletter/confirm/…")
