"""Asking those whom an import brought in without a consent, as many an hour as may be asked."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from newsletter.models import Consent, ImportBatch, Notice, Subscriber, Terms

CHUNK = 500


@transaction.atomic
def invite() -> int:
    """Queue the next invitations once the last ones have left; returns how many.

    Not all at once: a million mails would be given up as too old long before their turn.
    """
    terms = Terms.objects.current()
    if terms is None or Notice.objects.waiting().filter(kind=Notice.Kind.INVITATION).exists():
        return 0
    # Locked, so that two workers do not ask the same people.
    batch = ImportBatch.objects.inviting().select_for_update().order_by("pk").first()
    if batch is None:
        return 0
    people = Subscriber.objects.filter(
        imported_in=batch, status=Subscriber.Status.PENDING, pk__gt=batch.invited_through
    )
    chosen = list(people.order_by("pk")[: min(CHUNK, max(1, settings.CONFIRMATIONS_PER_HOUR))])
    events = Consent.objects.bulk_create([_event(person, terms) for person in chosen])
    kind = Notice.Kind.INVITATION
    Notice.objects.bulk_create(
        [Notice(kind=kind, subscriber_id=event.subscriber_id, consent=event) for event in events]
    )
    if chosen:
        batch.invited_through = chosen[-1].pk
    else:
        batch.invited_at = timezone.now()
    batch.save(update_fields=["invited_through", "invited_at"])
    return len(chosen)


def _event(person: Subscriber, terms: Terms) -> Consent:
    return Consent(
        subscriber=person,
        event=Consent.Event.INVITED,
        terms_version=terms.version,
        terms_hash=terms.text_hash,
        receives_everything=person.receives_everything,
        topics=sorted(person.topics.values_list("slug", flat=True)),
    )
