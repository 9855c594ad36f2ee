"""Choosing at sign-up what to read about."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from newsletter.models import Consent, Notice, Subscriber
from tests.factories import (
    CategoryFactory,
    DraftFactory,
    NewsletterSettingsFactory,
    PostFactory,
    SubscriberFactory,
    TermsFactory,
)
from tests.newsletter.flows import link_in, send_mail, sign_up, without_values

pytestmark = pytest.mark.django_db

PAGE = "/newsletter/"


@pytest.fixture(autouse=True)
def terms():
    return TermsFactory(version="1")


@pytest.fixture
def work():
    return with_post("Work")


@pytest.fixture
def offered(work):
    """The manager switched it on, and there are two categories to choose from."""
    NewsletterSettingsFactory(offers_topics=True)
    return [work, with_post("Craft")]


def with_post(name):
    category = CategoryFactory(name=name)
    PostFactory(categories=[category])
    return category


def slugs_in(page):
    return re.findall(r'<input type="checkbox" name="topics" value="([^"]*)"', page)


def wishes():
    """What the requests ask for."""
    requests = Consent.objects.filter(event="requested").order_by("pk")
    return [(row.receives_everything, row.topics) for row in requests]


# --- The form -------------------------------------------------------------------------------------


def test_page_asks_nothing_until_it_is_switched_on(client, work):
    page = client.get(PAGE).text

    assert 'name="agreed_to_terms"' in page
    assert 'name="receives"' not in page
    assert slugs_in(page) == []


def test_page_offers_everything_or_the_categories_that_readers_can_find(client, offered):
    DraftFactory(categories=[CategoryFactory(name="ZXQCANARY")])

    page = client.get(PAGE).text

    assert sorted(slugs_in(page)) == ["craft", "work"]
    assert "ZXQCANARY" not in page
    [everything] = re.findall(r'<input type="radio" name="receives" value="everything"[^>]*>', page)
    assert "checked" in everything
    assert page.count("checked") == 1


def test_site_without_categories_asks_nothing(client):
    NewsletterSettingsFactory(offers_topics=True)

    assert 'name="receives"' not in client.get(PAGE).text


def test_short_form_under_a_post_asks_nothing(client, offered):
    page = client.get("/").text

    assert 'name="agreed_to_terms"' in page
    assert 'name="receives"' not in page


def test_page_is_the_same_for_everybody_and_costs_as_much_with_three_categories(
    client, offered, django_assert_num_queries
):
    with CaptureQueriesContext(connection) as queries:
        first = client.get(PAGE)
    with_post("Tea")

    with django_assert_num_queries(len(queries)):
        second = client.get(PAGE)
    third = client.get(PAGE, headers={"Accept-Language": "de", "Cookie": "sessionid=x"})

    assert (len(slugs_in(first.text)), len(slugs_in(second.text))) == (2, 3)
    assert second["Cache-Control"] == "public, no-cache"
    assert second.content == third.content


# --- What is stored -------------------------------------------------------------------------------


def test_chosen_topics_are_stored_with_the_request_and_hold_from_the_confirmation_on(
    client, offered, mailoutbox
):
    sign_up(receives="topics", topics=["work"])
    before = Subscriber.objects.get()
    topics_before = list(before.topics.all())
    send_mail()

    question = client.get(link_in(mailoutbox[0], "confirm")).text
    client.post(link_in(mailoutbox[0], "confirm"))

    assert wishes() == [(False, ["work"])]
    assert (before.receives_everything, topics_before) == (True, [])
    assert "You chose what is about" in question
    assert "Work" in question
    assert "Craft" not in question
    after = Subscriber.objects.get()
    assert after.receives_everything is False
    assert [row.slug for row in after.topics.all()] == ["work"]


@pytest.mark.parametrize(
    ("fields", "wish"),
    [
        ({}, (True, [])),
        ({"receives": "everything"}, (True, [])),
        # Ticked before she thought better of it.
        ({"receives": "everything", "topics": ["work"]}, (True, [])),
        ({"topics": ["work"]}, (False, ["work"])),
        ({"receives": "topics", "topics": ["craft", "work", "craft"]}, (False, ["craft", "work"])),
    ],
)
def test_answers_that_a_browser_or_a_script_may_send(offered, fields, wish):
    assert sign_up(**fields).status_code == 303

    assert wishes() == [wish]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"receives": "topics"}, "Please tick at least one of these."),
        ({"receives": "topics", "topics": ["nothing"]}, "We do not write about one of these"),
        ({"topics": ["work", "x' OR 1=1"]}, "We do not write about one of these"),
        ({"topics": ["work", "a\x00b"]}, "We do not write about one of these"),
        ({"topics": ["zxqcanary"]}, "We do not write about one of these"),
    ],
)
def test_answers_that_make_no_sense_come_back_and_nothing_is_stored(offered, fields, says):
    DraftFactory(categories=[CategoryFactory(name="ZXQCANARY")])

    response = sign_up(**fields)

    assert response.status_code == 400
    assert 'id="sign-up-topics-error"' in response.text
    assert says in response.text
    assert 'value="mara@example.com"' in response.text
    assert not Subscriber.objects.exists()
    assert not Notice.objects.exists()


def test_receiving_something_else_is_refused(offered):
    assert sign_up(receives="nothing").status_code == 400
    assert not Subscriber.objects.exists()


def test_topics_are_refused_where_none_are_offered(work):
    assert sign_up(topics=["work"]).status_code == 400
    assert not Subscriber.objects.exists()


def test_choice_stays_while_the_address_is_mended(offered):
    page = sign_up("not an address", receives="topics", topics=["work"]).text

    assert re.search(r'value="topics" checked', page)
    assert re.findall(r'name="topics" value="(\w+)" checked', page) == ["work"]


@pytest.mark.parametrize("status", ["active", "pending", "unsubscribed", "bounced"])
def test_known_address_is_answered_with_the_statements_of_a_new_one(
    offered, status, django_capture_on_commit_callbacks
):
    left = timezone.now() if status == "unsubscribed" else None
    SubscriberFactory(email="known@example.com", status=status, unsubscribed_at=left)
    sign_up("first@example.com")  # makes the two keys of the data

    def observe(email):
        # Whether a nudge waits already is of no address in particular.
        DBTaskResult.objects.all().delete()
        commit = django_capture_on_commit_callbacks(execute=True)
        with CaptureQueriesContext(connection) as queries, commit:
            response = sign_up(email, receives="topics", topics=["work"])
        return response.status_code, [without_values(query["sql"]) for query in queries]

    assert observe("known@example.com") == observe("new@example.com")


def test_topics_of_a_stranger_move_no_reader(offered):
    reader = SubscriberFactory(email="mara@example.com")

    sign_up("mara@example.com", receives="topics", topics=["work"])
    send_mail()

    reader.refresh_from_db()
    assert (reader.receives_everything, list(reader.topics.all())) == (True, [])
