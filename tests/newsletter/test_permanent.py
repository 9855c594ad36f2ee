"""Consents and published terms stay as they were written."""

import hashlib

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from blog import markdown
from newsletter.models import Consent, ConsentEvidence, Subscriber, Terms
from newsletter.models.permanent import PermanentError
from tests.factories import (
    ConsentEvidenceFactory,
    ConsentFactory,
    ImportBatchFactory,
    SubscriberFactory,
    TermsFactory,
)

pytestmark = pytest.mark.django_db


def refused(attempt, row):
    """By the model, with a clear word, or else by the database itself."""
    with pytest.raises((PermanentError, IntegrityError)), transaction.atomic():
        attempt(row)
    return True


def by_hand(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


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
        lambda consent: Consent.objects.bulk_create(
            [consent], None, False, True, ["event"], ["id"]
        ),
        lambda consent: Consent._base_manager.update(event="confirmed"),
        lambda consent: consent.save_base(),
        lambda consent: QuerySet(Consent).update(event="confirmed"),
        lambda consent: by_hand("UPDATE newsletter_consent SET event = 'confirmed'"),
    ],
)
def test_consent_event_cannot_be_changed_or_deleted(attempt):
    consent = ConsentFactory(event="requested")
    consent.event = "confirmed"

    assert refused(attempt, consent)

    assert Consent.objects.get().event == "requested"


@pytest.mark.parametrize(
    "attempt",
    [
        lambda evidence: evidence.save(),
        lambda evidence: evidence.delete(),
        lambda evidence: ConsentEvidence.objects.update(ip="192.0.2.1"),
        lambda evidence: ConsentEvidence.objects.all().delete(),
        lambda evidence: ConsentEvidence._base_manager.all().delete(),
        lambda evidence: evidence.save_base(),
        lambda evidence: by_hand("UPDATE newsletter_consentevidence SET ip = '192.0.2.1'"),
    ],
)
def test_evidence_cannot_be_changed_and_goes_only_by_erasure_or_the_clock(attempt):
    evidence = ConsentEvidenceFactory(ip="203.0.113.9")
    evidence.ip = "192.0.2.1"

    assert refused(attempt, evidence)

    assert ConsentEvidence.objects.get().ip == "203.0.113.9"


def test_consent_event_that_nobody_knows_is_refused_by_the_database():
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentFactory(event="nonsense")

    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    "attempt",
    [
        lambda terms: terms.save(),
        lambda terms: terms.delete(),
        lambda terms: Terms.objects.update(text="Other words."),
        lambda terms: Terms.objects.update(html="<p>Other words.</p>"),
        lambda terms: Terms.objects.all().delete(),
        lambda terms: Terms.objects.bulk_update([terms], ["text"]),
        lambda terms: Terms.objects.bulk_create(
            [Terms(version=terms.version, text="Other words.")],
            update_conflicts=True,
            update_fields=["text"],
            unique_fields=["version"],
        ),
        lambda terms: terms.save_base(),
        lambda terms: by_hand("UPDATE newsletter_terms SET text = 'Other words.'"),
        lambda terms: by_hand("UPDATE newsletter_terms SET published_at = NULL"),
    ],
)
@pytest.mark.parametrize("is_stale", [False, True])
def test_published_terms_cannot_be_changed_or_deleted(attempt, is_stale):
    terms = TermsFactory(text="We send you letters.")
    terms.text = "Other words."
    if is_stale:  # somebody read them before they were published
        terms.published_at = None

    assert refused(attempt, terms)

    kept = Terms.objects.get()
    assert (kept.text, kept.is_published) == ("We send you letters.", True)
    assert "letters" in kept.html


def test_lock_is_fitted_again_after_every_migration():
    ConsentFactory(event="requested")
    on_table = " ON newsletter_consent" if connection.vendor == "postgresql" else ""
    by_hand(f"DROP TRIGGER newsletter_consent_stays{on_table}")

    call_command("migrate", verbosity=0)

    assert refused(by_hand, "UPDATE newsletter_consent SET event = 'confirmed'")


def test_published_terms_are_laid_out_again_word_for_word():
    terms = TermsFactory(text="We send you *letters*.")
    by_hand("UPDATE newsletter_terms SET html = 'Old layout', markdown_version = 0")

    for stale in Terms.objects.to_render_again():
        stale.render_again()

    renewed = Terms.objects.get()
    assert "<em>letters</em>" in renewed.html
    assert (renewed.text, renewed.text_hash) == (terms.text, terms.text_hash)
    assert not Terms.objects.to_render_again().exists()


def test_terms_that_became_too_complex_keep_their_look_and_are_not_tried_for_ever(
    monkeypatch, caplog
):
    terms = TermsFactory(text="We send you *letters*.")
    by_hand("UPDATE newsletter_terms SET markdown_version = 0")

    def refuse(source: str, **options: object) -> None:
        raise markdown.TooComplex("too complex")

    monkeypatch.setattr("blog.markdown.render", refuse)
    for stale in Terms.objects.to_render_again():
        stale.render_again()

    assert "<em>letters</em>" in Terms.objects.get().html
    assert not Terms.objects.to_render_again().exists()
    assert f"Terms {terms.pk} have become too complex" in caplog.text


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


@pytest.mark.parametrize("status", ["pending", "unsubscribed", "bounced", "complained"])
def test_nobody_is_here_without_having_agreed_or_being_asked(status):
    """Only an import may bring in people who have not agreed yet, and it asks them first."""
    batch = ImportBatchFactory()
    nothing = {"agreed_to_terms": False, "terms": None, "confirmed_at": None}

    with pytest.raises(IntegrityError), transaction.atomic():
        SubscriberFactory(status=status, **nothing)
    SubscriberFactory(status=status, imported_in=batch, **nothing)

    assert Subscriber.objects.get().imported_in == batch


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
