"""A chunk's plan, written with as few statements as there are tables."""

from collections.abc import Iterable

from django.utils import timezone

from newsletter.imports.plan import Plan
from newsletter.imports.wishes import Status, Wish
from newsletter.models import Consent, ImportBatch, Subscriber

Event = Consent.Event
SUPPRESSIONS = {
    Status.BOUNCED: Subscriber.Suppression.BOUNCE,
    Status.COMPLAINED: Subscriber.Suppression.COMPLAINT,
}
STOPS = {
    Status.UNSUBSCRIBED: Event.UNSUBSCRIBED,
    Status.BOUNCED: Event.BOUNCED,
    Status.COMPLAINED: Event.COMPLAINED,
}
# What the log says beside "Taken over from another list".
WITHOUT_CONSENT = "Nothing is known of a consent, so they are asked first"
AS_STOPPED = "As {status} there"


def write(plan: Plan, batch: ImportBatch) -> None:
    """Raises IntegrityError where an address was taken since the plan was made."""
    created = [_row(key, wish, batch) for key, wish in plan.create.items()]
    Subscriber.objects.bulk_create(created)
    arrivals = list(zip([row.pk for row in created], plan.create.values(), strict=True))
    _take(plan, batch)
    arrivals += plan.take.values()
    _choose(arrivals)
    events = [_arrival(pk, wish, batch) for pk, wish in arrivals]
    events += _stop(plan, batch)
    Consent.objects.bulk_create(events)


def _row(key: str, wish: Wish, batch: ImportBatch) -> Subscriber:
    return Subscriber(
        email=wish.address.email,
        key=wish.address.key,
        address_hash=key,
        receives_everything=wish.everything,
        created_at=wish.created_at or timezone.now(),
        **_state(wish, batch),
    )


def _state(wish: Wish, batch: ImportBatch) -> dict:
    """What the wish makes of a row, new or old."""
    is_active = wish.status == Status.ACTIVE
    left = wish.status == Status.UNSUBSCRIBED
    return {
        "status": wish.status,
        "agreed_to_terms": is_active,
        "terms_id": batch.terms_id if is_active else None,
        "confirmed_at": wish.confirmed_at,
        "unsubscribed_at": (wish.unsubscribed_at or timezone.now()) if left else None,
        "suppressed_for": SUPPRESSIONS.get(Status(wish.status), ""),
        "imported_in_id": batch.pk,
    }


def _take(plan: Plan, batch: ImportBatch) -> None:
    """Let rows that are here already become what the file says; they are few."""
    for pk, wish in plan.take.values():
        row = Subscriber.objects.filter(pk=pk)
        row.update(receives_everything=wish.everything, **_state(wish, batch))
    through = Subscriber.topics.through.objects
    through.filter(subscriber__in=[pk for pk, _ in plan.take.values()]).delete()


def _choose(arrivals: Iterable[tuple[int, Wish]]) -> None:
    through = Subscriber.topics.through
    through.objects.bulk_create(
        [
            through(subscriber_id=pk, category_id=topic.pk)
            for pk, wish in arrivals
            for topic in wish.topics
        ]
    )


def _arrival(pk: int, wish: Wish, batch: ImportBatch) -> Consent:
    """Only what is known: terms and the words of whoever imported where somebody agreed."""
    event = Consent(
        subscriber_id=pk,
        event=Event.IMPORTED,
        receives_everything=wish.everything,
        topics=sorted(topic.slug for topic in wish.topics),
    )
    if wish.stops:
        event.wording = AS_STOPPED.format(status=wish.status)
    elif wish.status == Status.ACTIVE and batch.terms:
        event.wording = batch.source
        event.terms_version, event.terms_hash = batch.terms.version, batch.terms.text_hash
    else:
        event.wording = WITHOUT_CONSENT
    return event


def _stop(plan: Plan, batch: ImportBatch) -> list[Consent]:
    """Take mail away from readers that are here already."""
    for status in STOPS:
        rows = [pk for pk, wish in plan.stop.values() if wish.status == status]
        changes: dict = {"status": status, "suppressed_for": SUPPRESSIONS.get(status, "")}
        if status == Status.UNSUBSCRIBED:
            changes["unsubscribed_at"] = timezone.now()
        Subscriber.objects.filter(pk__in=rows).update(**changes)
    return [
        Consent(
            subscriber_id=pk,
            event=STOPS[Status(wish.status)],
            wording=f"So says the file {batch.file_name}",
        )
        for pk, wish in plan.stop.values()
    ]
