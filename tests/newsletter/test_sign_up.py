"""Asking for the newsletter: what is stored, what is refused, and what the answer gives away."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from blog.models import Site
from newsletter.models import Consent, ConsentEvidence, Notice, Subscriber, Terms
from newsletter.signups import BOX, HEADING
from tests.factories import SiteFactory, SubscriberFactory, TermsFactory
from tests.newsletter.flows import FROM_OUR_PAGE, sign_up, without_values
from tests.processes import at_once

pytestmark = pytest.mark.django_db

PATH = "/newsletter/subscribe/"


@pytest.fixture
def terms():
    return TermsFactory(version="2026-05")


def nothing_stored() -> bool:
    models = (Subscriber, Consent, ConsentEvidence, Notice)
    return not any(model.objects.exists() for model in models)


def test_form_stands_on_the_page_with_its_box_not_ticked(client, terms):
    page = client.get("/newsletter/").text

    [box] = re.findall(r'<input[^>]*name="agreed_to_terms"[^>]*>', page)
    assert "required" in box
    assert "checked" not in box
    assert 'name="terms_version" value="2026-05"' in page
    assert 'action="/newsletter/subscribe/' in page


def test_words_on_the_page_are_the_words_that_are_stored(client, terms):
    page = client.get("/newsletter/").text

    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page)).replace("&amp;", "&")
    assert HEADING in words
    assert BOX in words


def test_sign_up_leads_to_a_page_that_says_what_happens_next(client, terms):
    response = sign_up()

    assert (response.status_code, response["Location"]) == (303, "/newsletter/check-your-inbox/")
    assert "A message is on its way" in client.get(response["Location"]).text


def test_sign_up_stores_what_was_agreed_to_when_and_from_where(terms):
    before = timezone.now()

    sign_up(
        "Mara@Example.com",
        ip="203.0.113.9",
        headers={"User-Agent": "A browser", "Referer": "https://blog.example.com/posts/x/?q=1"},
    )

    subscriber = Subscriber.objects.get()
    assert (subscriber.email, subscriber.status) == ("Mara@example.com", "pending")
    assert (subscriber.agreed_to_terms, subscriber.terms) == (True, terms)
    log = [(row.event, row.wording, row.terms_version) for row in subscriber.consents.all()]
    assert log == [("requested", HEADING, "2026-05"), ("terms_agreed", BOX, "2026-05")]
    for consent in subscriber.consents.all():
        assert consent.terms_hash == terms.text_hash
        assert before <= consent.at <= timezone.now()
        evidence = consent.evidence
        assert (evidence.ip, evidence.user_agent) == ("203.0.113.9", "A browser")
        assert evidence.source == "/posts/x/"
    notice = Notice.objects.get()
    assert (notice.kind, notice.status, notice.consent.event) == ("sign_up", "waiting", "requested")
    assert notice.network
    assert "203.0.113" not in notice.network


def test_sign_up_asks_the_worker_to_send_only_after_its_commit(
    terms, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks() as callbacks:
        sign_up()

    assert [callback.__qualname__ for callback in callbacks] == ["nudge"]


def test_one_nudge_waits_for_the_worker_however_many_sign_up(
    terms, django_capture_on_commit_callbacks
):
    for address in ("one@example.com", "two@example.com"):
        with django_capture_on_commit_callbacks(execute=True):
            sign_up(address)
    waiting = DBTaskResult.objects.count()

    DBTaskResult.objects.update(status="RUNNING", started_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        sign_up("three@example.com")

    assert (waiting, DBTaskResult.objects.ready().count()) == (1, 1)


def test_sign_up_stands_even_when_the_task_queue_does_not_take_the_nudge(
    terms, monkeypatch, django_capture_on_commit_callbacks
):
    def broken(self: object) -> None:
        raise RuntimeError("queue is away")

    monkeypatch.setattr("django.tasks.base.Task.enqueue", broken)

    with django_capture_on_commit_callbacks(execute=True):
        response = sign_up()

    assert response.status_code == 303
    assert Notice.objects.due().count() == 1


@pytest.mark.parametrize("consent", [None, "", "off", "false", "False", "0", "no", "None", "yes"])
def test_box_not_ticked_or_forged_comes_back_with_the_error_beside_it(terms, consent):
    response = sign_up(agreed_to_terms=consent)

    assert response.status_code == 400
    assert "Please tick the box" in response.text
    assert 'aria-describedby="sign-up-terms-error"' in response.text
    assert 'value="mara@example.com"' in response.text
    assert "checked" not in response.text
    assert nothing_stored()


@pytest.mark.parametrize("forged", ["consent", "terms", "agreed_to_terms[]", "AGREED_TO_TERMS"])
def test_consent_under_another_name_is_none(terms, forged):
    response = sign_up(agreed_to_terms=None, **{forged: "true"})

    assert response.status_code == 400
    assert nothing_stored()


@pytest.mark.parametrize("ticked", ["on", "true", "1"])
def test_box_ticked_as_browsers_send_it_is_taken(terms, ticked):
    response = sign_up(agreed_to_terms=ticked)

    assert response.status_code == 303
    assert Subscriber.objects.count() == 1


@pytest.mark.parametrize(
    "email", [None, "", "nobody", "a@localhost", "a@x.co\x00", "a@x.co,b@x.co"]
)
def test_address_that_cannot_be_comes_back_with_the_error_beneath_it(terms, email):
    response = sign_up(email)

    assert response.status_code == 400
    assert 'id="sign-up-email-error"' in response.text
    assert nothing_stored()


@pytest.mark.parametrize("version", [None, "", "2026-04", "draft"])
def test_terms_that_are_not_the_current_ones_come_back_with_those(terms, version):
    TermsFactory(version="2026-04", published_at=timezone.now() - timedelta(days=400))
    TermsFactory(version="draft", published_at=None)

    response = sign_up(terms_version=version)

    assert response.status_code == 400
    assert "terms &amp; conditions have changed" in response.text
    assert 'name="terms_version" value="2026-05"' in response.text
    assert nothing_stored()


def test_terms_published_while_the_form_was_open_are_asked_for_again(terms):
    TermsFactory(version="2026-06")

    response = sign_up(terms_version="2026-05")

    assert response.status_code == 400
    assert 'name="terms_version" value="2026-06"' in response.text
    assert nothing_stored()


def test_sign_ups_that_are_switched_off_are_refused_by_form_and_post(client, terms):
    SiteFactory(signups_open=False)

    page, response = client.get("/newsletter/"), sign_up()

    assert response.status_code == 403
    for text in (page.text, response.text):
        assert "Sign-ups are closed at the moment" in text
        assert 'name="email"' not in text
    assert nothing_stored()


def test_sign_up_without_any_terms_is_refused(client):
    TermsFactory(published_at=None)

    page, response = client.get("/newsletter/"), sign_up(terms_version="v1")

    assert response.status_code == 403
    for text in (page.text, response.text):
        assert "Sign-ups are closed at the moment" in text
    assert nothing_stored()


def test_filled_honeypot_is_answered_like_a_success_and_nothing_is_stored(terms):
    human = sign_up("human@example.com")
    Subscriber.objects.update(status="active")

    robot = sign_up("robot@example.com", website="https://spam.example")

    assert (robot.status_code, robot["Location"]) == (human.status_code, human["Location"])
    assert list(Subscriber.objects.values_list("email", flat=True)) == ["human@example.com"]


def test_spellings_of_one_address_are_one_subscriber(terms):
    for spelling in ("User@Example.com", "user@example.com", " USER@example.COM\u00a0"):
        assert sign_up(spelling).status_code == 303

    assert Subscriber.objects.get().email == "User@example.com"
    assert Notice.objects.count() == 3


# --- The same answer and the same work for everyone (case F02) ---------------------------------


def prepare(state: str) -> None:
    if state == "new":
        return
    subscriber = SubscriberFactory(email="mara@example.com")
    match state:
        case "pending" | "active":
            Subscriber.objects.filter(pk=subscriber.pk).update(status=state)
        case "unsubscribed":
            subscriber.unsubscribe()
        case "bounced":
            subscriber.suppress(Subscriber.Suppression.BOUNCE)
        case "complained":
            subscriber.suppress(Subscriber.Suppression.COMPLAINT)
        case "erased":
            subscriber.erase()
        case "complained and erased":
            subscriber.suppress(Subscriber.Suppression.COMPLAINT)
            subscriber.erase()


STATES = [
    "new",
    "pending",
    "active",
    "unsubscribed",
    "bounced",
    "complained",
    "erased",
    "complained and erased",
]


def observe(state: str, commit: Any) -> tuple[int, dict[str, str], str, list[str]]:
    """Everything that somebody who signs up an address of this state could see or time."""
    prepare(state)
    # Whether a nudge waits already is of no address in particular.
    DBTaskResult.objects.all().delete()
    with CaptureQueriesContext(connection) as queries, commit(execute=True):
        response = sign_up()
    headers = {name: value for name, value in response.items() if name != "X-Request-Id"}
    return (
        response.status_code,
        headers,
        response.text,
        [without_values(query["sql"]) for query in queries],
    )


@pytest.mark.parametrize("state", STATES[1:])
def test_answer_and_statements_are_those_of_a_new_address(
    terms, state, django_capture_on_commit_callbacks
):
    sign_up("first@example.com")  # makes the two keys of the data
    new = observe("new", django_capture_on_commit_callbacks)
    Subscriber.objects.filter(key="mara@example.com").update(
        email="other@example.com", key="other@example.com"
    )

    known = observe(state, django_capture_on_commit_callbacks)

    assert known == new
    assert new[0] == 303
    written = {"newsletter_subscriber", "newsletter_consent", "newsletter_notice", "dbtaskresult"}
    assert all(any(table in statement for statement in new[3]) for table in written)


@pytest.mark.parametrize("state", ["active", "unsubscribed", "bounced", "complained"])
def test_sign_up_of_a_known_address_changes_nothing_on_its_row(terms, state):
    prepare(state)
    TermsFactory(version="2026-06")
    before = Subscriber.objects.values().get()

    response = sign_up()

    assert response.status_code == 303
    assert Subscriber.objects.values().get() == before
    assert Consent.objects.filter(event="requested").count() == 1


def test_flood_of_sign_ups_for_one_address_leaves_no_more_rows(
    terms, django_capture_on_commit_callbacks
):
    for number in range(20):
        sign_up(ip=f"203.0.{number}.9")

    with django_capture_on_commit_callbacks() as nudges:
        over = sign_up(ip="198.51.100.4")
    other = sign_up("ole@example.com", ip="198.51.100.4")

    assert (over.status_code, over["Location"]) == (other.status_code, other["Location"])
    assert nudges == []
    assert Notice.objects.filter(subscriber__key="mara@example.com").count() == 20
    assert Notice.objects.filter(subscriber__key="ole@example.com").count() == 1
    assert Consent.objects.count() == ConsentEvidence.objects.count() == 42


def test_flood_of_sign_ups_from_one_network_leaves_no_more_rows(settings):
    settings.CONFIRMATIONS_PER_NETWORK_HOUR = 1
    with time_machine.travel("2026-05-01 12:00Z", tick=False) as clock:
        TermsFactory()
        answers = {
            sign_up(f"a{number}@example.com", ip=f"203.0.113.{number}").status_code
            for number in range(13)
        }
        flooded = Subscriber.objects.count()
        sign_up("neighbour@example.com", ip="203.0.114.1")
        clock.shift(timedelta(hours=1))
        sign_up("later@example.com", ip="203.0.113.1")

    assert answers == {303}
    assert flooded == 10
    assert Subscriber.objects.filter(key__startswith="neighbour").exists()
    assert Subscriber.objects.filter(key__startswith="later").exists()


class ParallelSignUps(TransactionTestCase):
    def test_twenty_at_once_for_one_address_are_one_subscriber(self) -> None:
        TermsFactory()
        answers: list[int] = []
        spellings = ["Mara@Example.com", "mara@example.com", " mara@example.com\u00a0"]

        faults = at_once(
            20, lambda number: answers.append(sign_up(spellings[number % 3]).status_code)
        )

        assert faults == []
        assert answers == [303] * 20
        assert Subscriber.objects.get().key == "mara@example.com"
        assert Consent.objects.count() == 40
        assert Notice.objects.count() == 20


# --- Where the form comes from (cases F06, F09) -------------------------------------------------


def post_from(**headers: str) -> int:
    if not Terms.objects.exists():
        TermsFactory(version="2026-05")
    fields = {"email": "a@example.com", "agreed_to_terms": "on", "terms_version": "2026-05"}
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client(enforce_csrf_checks=True).post(PATH, fields, headers=headers).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "same-origin", "Origin": "https://blog.example.com"},
        {"Origin": "https://blog.example.com"},
        {"Origin": "https://BLOG.example.com:443"},
    ],
)
def test_form_from_our_own_page_is_taken_without_cookie_or_token(headers):
    assert post_from(**headers) == 303
    assert Subscriber.objects.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": "cross-site", "Origin": "https://blog.example.com"},
        {"Origin": "null"},
        {"Origin": "http://blog.example.com"},
        {"Origin": "https://blog.example.com.evil.example"},
        {"Origin": "https://blog.example.com:8443"},
        {"Origin": "https://localhost"},
        {"Origin": "https://[::1"},
        {"Origin": "https://blog.example.com:99999"},
        {"Referer": "https://blog.example.com/newsletter/"},
        {"X_Forwarded_Host": "blog.example.com"},
    ],
)
def test_form_from_anywhere_else_is_refused(headers):
    assert post_from(**headers) == 403
    assert nothing_stored()


@pytest.mark.parametrize(
    "origin", ["http://localhost:8001", "http://127.0.0.1:9000", "http://[::1]:8000"]
)
def test_form_from_this_machine_is_taken_in_development_only(settings, origin):
    assert post_from(Origin=origin) == 403

    settings.DEBUG = True

    assert post_from(Origin=origin) == 303


def test_form_from_elsewhere_is_refused_in_development_too(settings):
    settings.DEBUG = True

    assert post_from(Origin="http://localhost.evil.example:8000") == 403
    assert post_from(Origin="ftp://localhost") == 403


def test_refusal_says_what_to_do(client, terms):
    response = client.post(PATH, {"email": "a@example.com"})

    assert response.status_code == 403
    assert "Please use the form on our page" in response.text


# --- Bad requests (case A10), and what the page says to caches (H05, H07) ------------------------


def broken_post(body: bytes | str, content_type: str, **extra: str) -> int:
    headers = FROM_OUR_PAGE | extra
    return (
        Client().generic("POST", PATH, body, content_type=content_type, headers=headers).status_code
    )


FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "", 400),
        (b'{"email": "a@example.com"}', "application/json", 415),
        (b"email=a@example.com", "text/plain", 415),
        (b"email=a@example.com", "", 415),
        (b"--y\r\nbroken", MULTIPART, 400),
        (b"--x\r\nContent-Disposition: form-data; name=", MULTIPART, 400),
        (b"email=a", "multipart/form-data", 400),
        (b"email=a@example.com", FORM + "; charset=rot13", 415),
        (b"email=a@example.com", FORM + "; charset=utf-16", 415),
        ("&".join(f"a{n}=1" for n in range(5000)), FORM, 400),
        (b"email=" + b"a" * 30_000_000, FORM, 413),
        (b"email=a%00@example.com&agreed_to_terms=on&terms_version=2026-05", FORM, 400),
        (b"email=a@example.com&agreed_to_terms=on&terms_version=%00", FORM, 400),
        (b"email=%ED%A0%80@example.com&agreed_to_terms=on&terms_version=2026-05", FORM, 400),
        (b"email=a@x.co&email=b@x.co&agreed_to_terms=on&terms_version=2026-05", FORM, 400),
        (b"email=a@x.co&agreed_to_terms=on&agreed_to_terms=0&terms_version=2026-05", FORM, 400),
    ],
)
def test_broken_form_is_refused_without_a_crash(terms, body, content_type, status):
    assert broken_post(body, content_type) == status
    assert nothing_stored()


def test_page_opened_at_the_forms_address_leads_to_the_form(client):
    response = client.get(PATH)

    assert (response.status_code, response["Location"]) == (302, "/newsletter/")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_other_methods_are_not_known(client, terms, method):
    response = getattr(client, method)(PATH, headers=FROM_OUR_PAGE)

    assert response.status_code == 405
    assert nothing_stored()


def test_method_in_a_header_is_ignored(client, terms):
    headers = FROM_OUR_PAGE | {"X-HTTP-Method-Override": "POST", "X-Original-URL": "/admin/"}
    query = "?email=a@example.com&agreed_to_terms=on&terms_version=2026-05"

    response = client.get(PATH + query, headers=headers)

    assert response.status_code == 302
    assert nothing_stored()


def test_answers_to_a_sign_up_are_nobodys_to_keep_and_set_no_cookie(client, terms):
    answers = [
        sign_up(),
        sign_up(agreed_to_terms=None),
        client.post(PATH),
        client.get("/newsletter/check-your-inbox/"),
    ]

    assert [answer.status_code for answer in answers] == [303, 400, 403, 200]
    for answer in answers:
        assert answer["Cache-Control"] == "private, no-store"
        assert not answer.cookies


def test_newsletter_page_is_the_same_for_everybody_and_may_be_kept(client, terms):
    first = client.get("/newsletter/")
    second = client.get(
        "/newsletter/", headers={"X-Forwarded-Host": "evil.example", "Accept-Language": "de"}
    )

    assert first["Cache-Control"] == "public, no-cache"
    assert first.content == second.content
    assert not first.cookies
    assert "csrf" not in first.text


def test_site_without_a_row_of_its_own_takes_sign_ups(terms):
    assert not Site.objects.exists()

    assert sign_up().status_code == 303
