"""Events that a mail service posts: only signed ones count, and each once."""

import base64
import json

import pytest
from django.test import TransactionTestCase

from newsletter import feedback
from newsletter.models import Consent, Feedback, Subscriber
from tests.factories import DeliveryFactory, SubscriberFactory
from tests.processes import at_once

pytestmark = pytest.mark.django_db

READER = "reader@example.com"
PATH = "/newsletter/hooks/postmark/"


@pytest.fixture(autouse=True)
def service(settings):
    settings.MAIL_SERVICE = "postmark"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "WEBHOOK_SECRET": "events:of-ours"}


@pytest.fixture
def delivery():
    return DeliveryFactory(subscriber=SubscriberFactory(email=READER), status="sent")


def event(kind="Bounce", *, delivery=None, email=READER, **fields):
    """An event in the words of Postmark's documentation."""
    metadata = {"delivery": str(delivery.pk)} if delivery else {}
    return {
        "RecordType": kind,
        "ID": 42,
        "MessageID": "00000000-0000-0000-0000-000000000000",
        "Email": email,
        "Recipient": email,
        "Metadata": metadata,
        "BouncedAt": "2026-11-24T10:00:00Z",
        "DeliveredAt": "2026-11-24T10:00:00Z",
    } | fields


HARD = {"Type": "HardBounce", "TypeCode": 1, "Description": "No such user", "Details": "550 5.1.1"}


def post(client, body, *, secret="events:of-ours"):  # noqa: S107
    headers = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
    content = body if isinstance(body, str) else json.dumps(body)
    return client.post(PATH, content, content_type="application/json", headers=headers)


def status_of(delivery):
    delivery.subscriber.refresh_from_db()
    return delivery.subscriber.status


def test_bounce_stops_all_mail_to_the_address(client, delivery):
    response = post(client, event(delivery=delivery, **HARD))

    assert response.status_code == 200
    assert status_of(delivery) == "bounced"
    [row] = Feedback.objects.all()
    assert (row.kind, row.delivery, row.subscriber) == ("hard", delivery, delivery.subscriber)


@pytest.mark.parametrize("secret", ["events:guessed", "", "of-ours"])
def test_event_that_is_not_signed_is_refused(client, delivery, secret):
    response = post(client, event(delivery=delivery, **HARD), secret=secret)

    assert response.status_code == 403
    assert status_of(delivery) == "active"
    assert not Feedback.objects.exists()


def test_service_without_a_secret_is_not_listened_to(client, delivery, settings):
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token"}

    assert post(client, event(delivery=delivery, **HARD)).status_code == 403
    assert status_of(delivery) == "active"


@pytest.mark.parametrize("service", ["", "mailgun"])
def test_service_that_is_not_ours_has_no_address(client, delivery, settings, service):
    settings.MAIL_SERVICE = service

    assert post(client, event(delivery=delivery, **HARD)).status_code == 404


def test_event_told_twice_counts_once(client, delivery):
    soft = event(delivery=delivery, Type="SoftBounce", TypeCode=4096, Description="Full")

    first, second = post(client, soft), post(client, soft)

    assert (first.status_code, second.status_code) == (200, 200)
    assert Feedback.objects.count() == 1
    assert status_of(delivery) == "active"


class EventsAtTheSameMoment(TransactionTestCase):
    def test_event_told_eight_times_at_once_counts_once(self) -> None:
        delivery = DeliveryFactory(status="sent")

        def tell(number: int) -> None:
            reader = Subscriber.objects.get(pk=delivery.subscriber_id)
            feedback.note(Feedback.Kind.HARD, reader, delivery=delivery, key="event 42")

        faults = at_once(8, tell)

        assert faults == []
        assert Feedback.objects.count() == 1
        assert Consent.objects.filter(event=Consent.Event.BOUNCED).count() == 1


def test_complaint_stops_all_mail_to_the_address(client, delivery):
    post(client, event("SpamComplaint", delivery=delivery, Type="SpamComplaint", TypeCode=100001))

    assert status_of(delivery) == "complained"


def test_delivery_is_noted(client, delivery):
    post(client, event("Delivery", delivery=delivery))

    assert status_of(delivery) == "active"
    assert Feedback.objects.get().kind == "delivered"


def test_event_that_knows_only_the_address_still_counts(client, delivery):
    post(client, event(email="Reader@Example.com", **HARD))

    assert status_of(delivery) == "bounced"
    assert Feedback.objects.get().delivery is None


@pytest.mark.parametrize("email", ["stranger@example.com", "no address", ""])
def test_event_about_a_stranger_is_taken_and_forgotten(client, email):
    assert post(client, event(email=email, **HARD)).status_code == 200
    assert not Feedback.objects.exists()


@pytest.mark.parametrize("body", ["{", "[]", "null", '{"RecordType": "Bounce"}', '"x"'])
def test_event_that_makes_no_sense_is_no_crash(client, delivery, body):
    response = post(client, body)

    assert response.status_code in {200, 400}
    assert not Feedback.objects.exists()


def test_event_of_ten_megabytes_is_refused(client, delivery):
    response = post(client, event(delivery=delivery, Padding="x" * 10_000_000, **HARD))

    assert response.status_code == 413
    assert status_of(delivery) == "active"


def test_opened_page_changes_nothing(client, delivery):
    assert client.get(PATH).status_code in {403, 405}
