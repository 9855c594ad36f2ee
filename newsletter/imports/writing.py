"""A chunk's plan, written with as few statements as there are tables."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from newsletter.imports.plan import Plan
from newsletter.imports.wishes import Status, Wish
from newsletter.models import Consent, ImportBatch, Subscriber
from newsletter.models.subscriber import new_token

Event = Consent.Event
SUPPRESSIONS = {
    Status.BOUNCED.value: Subscriber.Suppression.BOUNCE.value,
    Status.COMPLAINED.value: Subscriber.Suppression.COMPLAINT.value,
}
STOPS = {
    Status.UNSUBSCRIBED: Event.UNSUBSCRIBED,
    Status.BOUNCED: Event.BOUNCED,
    Status.COMPLAINED: Event.COMPLAINED,
}
# What the log says beside "Taken over from another list".
WITHOUT_CONSENT = gettext_noop("Nothing is known of a consent, so they are asked first")
AS_STOPPED = gettext_noop("As %(status)s there")


# For those who come in alike: a million rows take a minute to pass through Django's models.
COLUMNS = [
    "email",
    "key",
    "address_hash",
    "receives_everything",
    "created_at",
    "status",
    "agreed_to_terms",
    "terms_id",
    "confirmed_at",
    "unsubscribed_at",
    "suppressed_for",
    "imported_in_id",
    "token",
]
ARRIVALS = """
INSERT INTO newsletter_consent
    (subscriber_id, event, at, terms_version, terms_hash, wording, receives_everything, topics)
SELECT id, %s, %s, %s, %s, %s, receives_everything, '[]' FROM newsletter_subscriber
WHERE imported_in_id = %s AND id > %s
"""


def write(plan: Plan, batch: ImportBatch) -> None:
    """Raises IntegrityError where an address was taken since the plan was made."""
    alike: list[tuple[str, Wish]] = []
    others: list[tuple[str, Wish]] = []
    for pair in plan.create.items():
        (alike if _is_plain(pair[1], batch) else others).append(pair)
    _write_others(others, plan, batch)
    if alike:
        _write_alike(alike, batch)


def _is_plain(wish: Wish, batch: ImportBatch) -> bool:
    """Whether her arrival reads in the log as that of most others."""
    usual = Status.ACTIVE if batch.terms else Status.PENDING
    return wish.status == usual and not wish.topics


def _write_others(wanted: list[tuple[str, Wish]], plan: Plan, batch: ImportBatch) -> None:
    rows = Subscriber.objects.bulk_create(
        [Subscriber(**_values(key, wish, batch)) for key, wish in wanted]
    )
    arrivals = [(row.pk, wish) for row, (_, wish) in zip(rows, wanted, strict=True)]
    _take(plan, batch)
    arrivals += plan.take.values()
    _choose(arrivals)
    events = [_arrival(pk, wish, batch) for pk, wish in arrivals]
    Consent.objects.bulk_create(events + _stop(plan, batch))


def _write_alike(wanted: list[tuple[str, Wish]], batch: ImportBatch) -> None:
    """The last of the chunk: all rows of the batch with a higher number are then these."""
    last = batch.subscribers.aggregate(last=Max("pk"))["last"] or 0
    adapt = connection.ops.adapt_datetimefield_value
    event = _arrival(last, wanted[0][1], batch)
    proof = [event.terms_version, event.terms_hash, event.wording, batch.pk, last]
    rows = [
        [
            adapt(value) if isinstance(value, datetime) else value
            for value in [*_values(key, wish, batch).values(), new_token()]
        ]
        for key, wish in wanted
    ]
    with connection.cursor() as cursor:
        _insert(cursor, rows)
        cursor.execute(ARRIVALS, [event.event, adapt(event.at), *proof])


def _insert(cursor: Any, rows: list[list[Any]]) -> None:
    names = ", ".join(COLUMNS)
    if connection.vendor == "postgresql":
        with (
            connection.wrap_database_errors,
            cursor.copy(f"COPY newsletter_subscriber ({names}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)
    else:
        marks = ", ".join(["%s"] * len(COLUMNS))
        insert = f"INSERT INTO newsletter_subscriber ({names}) VALUES ({marks})"  # noqa: S608
        cursor.executemany(insert, rows)


def _values(key: str, wish: Wish, batch: ImportBatch) -> dict:
    """In the order of COLUMNS."""
    return {
        "email": wish.address.email,
        "key": wish.address.key,
        "address_hash": key,
        "receives_everything": wish.everything,
        "created_at": wish.created_at or timezone.now(),
        **_state(wish, batch),
    }


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
        "suppressed_for": SUPPRESSIONS.get(wish.status, ""),
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
        event.wording = gettext(AS_STOPPED) % {"status": Status(wish.status).label.lower()}
    elif wish.status == Status.ACTIVE and batch.terms:
        event.wording = batch.source
        event.terms_version, event.terms_hash = batch.terms.version, batch.terms.text_hash
    else:
        event.wording = gettext(WITHOUT_CONSENT)
    return event


def _stop(plan: Plan, batch: ImportBatch) -> list[Consent]:
    """Take mail away from readers that are here already."""
    for status in STOPS:
        rows = [pk for pk, wish in plan.stop.values() if wish.status == status]
        changes: dict = {"status": status, "suppressed_for": SUPPRESSIONS.get(status.value, "")}
        if status == Status.UNSUBSCRIBED:
            changes["unsubscribed_at"] = timezone.now()
        Subscriber.objects.filter(pk__in=rows).update(**changes)
    return [
        Consent(
            subscriber_id=pk,
            event=STOPS[Status(wish.status)],
            wording=gettext("So says the file %(name)s") % {"name": batch.file_name},
        )
        for pk, wish in plan.stop.values()
    ]
