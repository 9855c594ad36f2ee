"""Readers in numbers, topic by topic, and the printed proof of one consent."""

from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter.churn import topics
from newsletter.models import ConsentEvidence
from tests.factories import CategoryFactory, ConsentFactory, StaffFactory, SubscriberFactory
from tests.newsroom import table

pytestmark = pytest.mark.django_db

NUMBERS = "/admin/newsletter/subscriber/numbers/"


@pytest.fixture
def manager(client):
    client.force_login(StaffFactory(role="Newsletter manager"))
    return client


def event(subscriber, kind, *slugs, days_ago=1):
    ConsentFactory(
        subscriber=subscriber,
        event=kind,
        receives_everything=not slugs,
        topics=list(slugs),
        at=timezone.now() - timedelta(days=days_ago),
    )


def moves(days=30):
    """Who came and who left, by topic."""
    return {topic.name: (topic.growth.came, topic.growth.went) for topic in topics(days)}


def test_readers_of_a_topic_come_and_go_with_it():
    CategoryFactory(name="Food", slug="food")
    CategoryFactory(name="Sea", slug="sea")
    one, other = SubscriberFactory(), SubscriberFactory()
    event(one, "confirmed", "food", "sea", days_ago=5)
    event(one, "unsubscribed", "food", "sea", days_ago=2)
    event(other, "confirmed", days_ago=3)

    assert moves() == {"Everything": (1, 0), "Food": (1, 1), "Sea": (1, 1)}


def test_who_chooses_anew_leaves_one_topic_for_another():
    CategoryFactory(name="Food", slug="food")
    CategoryFactory(name="Sea", slug="sea")
    CategoryFactory(name="Art", slug="art")
    reader = SubscriberFactory()
    event(reader, "confirmed", "food", "sea", days_ago=60)
    event(reader, "topics_changed", "sea", "art", days_ago=5)

    assert moves() == {"Everything": (0, 0), "Food": (0, 1), "Art": (1, 0)}


@pytest.mark.parametrize("kind", ["bounced", "complained"])
def test_bounce_and_complaint_count_as_leaving(kind):
    event(SubscriberFactory(), kind)

    assert moves() == {"Everything": (0, 1)}


def test_what_happened_before_is_not_counted():
    event(SubscriberFactory(), "confirmed", days_ago=40)

    assert moves(days=30) == {"Everything": (0, 0)}
    assert moves(days=90) == {"Everything": (1, 0)}


def test_topics_cost_as_many_queries_for_many_readers(django_assert_num_queries):
    category = CategoryFactory(slug="food")
    for _ in range(5):
        reader = SubscriberFactory(receives_everything=False)
        reader.topics.add(category)
        event(reader, "confirmed", "food")

    with django_assert_num_queries(5):
        [_, food] = topics(30)

    assert (food.readers, food.growth.came) == (5, 5)


def test_page_shows_a_picture_with_words_for_each_topic(manager):
    CategoryFactory(name="<b>Food", slug="food")
    reader = SubscriberFactory(receives_everything=False)
    event(reader, "confirmed", "food")

    page = manager.get(NUMBERS, {"days": "30"})

    assert page.status_code == 200
    assert "&lt;b&gt;Food" in page.text
    assert "In the last 30 days 1 confirmed and 0 unsubscribed." in page.text
    assert page.text.count('role="img"') == 1


def test_table_has_a_line_for_each_day_on_which_something_happened(manager):
    CategoryFactory(name="=Food", slug="food")
    event(SubscriberFactory(), "confirmed", "food", days_ago=2)
    day = (timezone.now() - timedelta(days=2)).date()

    file = manager.get("/admin/newsletter/subscriber/numbers.csv")

    assert table(file) == [["date", "topic", "came", "left"], [str(day), "'=Food", "1", "0"]]
    assert file["Content-Disposition"] == 'attachment; filename="readers.csv"'


@pytest.mark.parametrize("days", ["0", "-1", "abc", "99999999999"])
def test_span_that_is_not_offered_gives_the_usual_one(manager, days):
    assert (
        '<strong aria-current="true">90 days</strong>' in manager.get(NUMBERS, {"days": days}).text
    )


def test_proof_shows_what_was_read_and_agreed_to(manager):
    reader = SubscriberFactory(email="reader@example.com")
    consent = ConsentFactory(subscriber=reader, event="terms_agreed", wording="I have read <it>")
    ConsentEvidence.objects.create(consent=consent, ip="192.0.2.7", source="/newsletter/")

    page = manager.get(f"/admin/newsletter/subscriber/{reader.pk}/proof/")

    assert page.status_code == 200
    for words in (
        "reader@example.com",
        "Agreed to the terms",
        "I have read &lt;it&gt;",
        reader.terms.text_hash,
        "We send you letters.",
        "192.0.2.7",
    ):
        assert words in page.text
    assert page["Cache-Control"].endswith("no-store") or "no-store" in page["Cache-Control"]


def test_proof_is_a_table_too(manager):
    reader = SubscriberFactory()
    agreed = ConsentFactory(
        subscriber=reader, event="terms_agreed", wording="=I agree", at="2026-05-01 12:00Z"
    )
    ConsentEvidence.objects.create(
        consent=agreed, ip="192.0.2.7", source="/newsletter/", user_agent="@Browser"
    )
    ConsentFactory(subscriber=SubscriberFactory(), event="confirmed")
    ConsentFactory(
        subscriber=reader,
        event="topics_changed",
        receives_everything=False,
        topics=["food", "sea"],
        at="2026-05-02 12:00Z",
    )

    [columns, first, second] = table(
        manager.get(f"/admin/newsletter/subscriber/{reader.pk}/proof.csv")
    )

    version, words_hash = reader.terms.version, reader.terms.text_hash
    assert dict(zip(columns, first, strict=True)) == {
        "at": "2026-05-01T12:00:00+00:00",
        "event": "Agreed to the terms & conditions",
        "words read": "'=I agree",
        "terms version": version,
        "terms SHA-256": words_hash,
        "receives": "Everything",
        "IP address": "192.0.2.7",
        "page": "/newsletter/",
        "browser": "'@Browser",
    }
    assert second[5:] == ["food, sea", "", "", ""]


@pytest.mark.parametrize("path", ["numbers/", "numbers.csv", "1/proof/", "1/proof.csv"])
def test_authors_see_none_of_it(client, path):
    reader = SubscriberFactory()
    client.force_login(StaffFactory(role="Editor"))

    response = client.get(f"/admin/newsletter/subscriber/{path.replace('1', str(reader.pk))}")

    assert response.status_code in {403, 404}
    assert reader.email not in response.text


def test_events_keep_their_place(manager):
    reader = SubscriberFactory()
    for number, kind in enumerate(["requested", "terms_agreed", "confirmed"]):
        event(reader, kind, days_ago=9 - number)

    page = manager.get(f"/admin/newsletter/subscriber/{reader.pk}/proof/").text

    names = ["Asked for the newsletter", "Agreed to the terms", "Confirmed by the link"]
    places = [page.index(f"<h2>{name}") for name in names]
    assert places == sorted(places)
