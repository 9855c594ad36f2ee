"""Consents and published terms stay as they were written."""

import hashlib

import pytest
from django.db import IntegrityError, transaction

from newsletter.models import Consent, Subscriber, Terms
from newsletter.models.permanent import PermanentError
from tests.factories import ConsentFactory, SubscriberFactory, TermsFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "attempt",
    [
        lambda consent: consent.save(),
        lambda consent: consent.delete(),
        lambda consent: Consent.objects.update(event="confirmed"),
        lambda consent: Consent.objects.filter(pk=consent.pk).delete(),
        lambda consent: consent.subscriber.consents.all().delete(),
        lambda consent: Consent.objects.bulk_update([consent], ["event"]),
        lambda consent: Consent.objects.bulk_create(
            [consent], update_conflicts=True, unique_fields=["id"], update_fields=["event"]
        ),
        lambda consent: Consent._base_manager.update(event="confirmed"),
    ],
)
def test_consent_event_cannot_be_changed_or_deleted(attempt):
    consent = ConsentFactory(event="requested")
    consent.event = "confirmed"

    with pytest.raises(PermanentError):
        attempt(consent)

    assert Consent.objects.get().event == "requested"


@pytest.mark.parametrize(
    "attempt",
    [
        lambda terms: terms.save(),
        lambda terms: terms.delete(),
        lambda terms: Terms.objects.update(text="Other words."),
        lambda terms: Terms.objects.all().delete(),
        lambda terms: Terms.objects.bulk_update([terms], ["text"]),
    ],
)
def test_published_terms_cannot_be_changed_or_deleted(attempt):
    terms = TermsFactory(text="We send you letters.")
    terms.text = "Other words."

    with pytest.raises(PermanentError):
        attempt(terms)

    assert Terms.objects.get().text == "We send you letters."


def test_published_terms_are_laid_out_again_word_for_word():
    terms = TermsFactory(text="We send you *letters*.")
    Terms.objects.update(html="Old layout", markdown_version=0)

    for stale in Terms.objects.to_render_again():
        stale.render_again()

    renewed = Terms.objects.get()
    assert "<em>letters</em>" in renewed.html
    assert (renewed.text, renewed.text_hash) == (terms.text, terms.text_hash)
    assert not Terms.objects.to_render_again().exists()


def test_terms_are_hashed_as_they_are_stored():
    TermsFactory(text="Line one.\r\nLine two.\x00")

    terms = Terms.objects.get()

    assert terms.text == "Line one.\nLine two."
    assert terms.text_hash == hashlib.sha256(terms.text.encode()).hexdigest()


def test_terms_can_be_changed_until_they_are_published():
    terms = TermsFactory(published_at=None)

    terms.text = "Better words."
    terms.save()
    terms.publish()

    assert Terms.objects.current().text == "Better words."


def test_new_terms_do_not_change_what_others_agreed_to():
    subscriber = SubscriberFactory(terms=TermsFactory(version="1"))

    TermsFactory(version="2")

    subscriber.refresh_from_db()
    assert subscriber.terms.version == "1"
    assert Terms.objects.current().version == "2"


@pytest.mark.parametrize("status", ["pending", "active", "unsubscribed", "bounced", "complained"])
@pytest.mark.parametrize("change", [{"agreed_to_terms": False}, {"terms": None}])
def test_subscriber_without_consent_is_refused_by_the_database(status, change):
    subscriber = SubscriberFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        Subscriber.objects.filter(pk=subscriber.pk).update(status=status, **change)

    assert Subscriber.objects.get().agreed_to_terms


def test_subscriber_cannot_be_deleted():
    subscriber = SubscriberFactory()

    for attempt in (subscriber.delete, Subscriber.objects.all().delete):
        with pytest.raises(PermanentError):
            attempt()

    assert Subscriber.objects.count() == 1


def test_erased_subscriber_leaves_a_hash_and_a_nameless_log():
    subscriber = SubscriberFactory(email="Mara@example.com")
    address_hash = subscriber.address_hash

    subscriber.erase()

    subscriber.refresh_from_db()
    assert subscriber.status == "erased"
    assert (subscriber.email, subscriber.key, subscriber.terms) == ("", None, None)
    assert subscriber.address_hash == address_hash
    assert [consent.event for consent in subscriber.consents.all()] == ["erased"]
