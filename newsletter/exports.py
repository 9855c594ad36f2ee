"""Subscribers as a spreadsheet, in constant memory however many they are."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from newsletter.cells import COLUMNS, guarded
from newsletter.models import Subscriber
from newsletter.models.subscriber import SubscriberQuerySet

CHUNK = 2000
# The erased have no address any more.
STATUSES = [status for status in Subscriber.Status.values if status != "erased"]
BYTE_ORDER_MARK = "\ufeff"


class _Echo:
    """Gives back what a csv.writer writes."""

    def write(self, text: str) -> str:
        return text


def subscribers(statuses: Iterable[str] = ()) -> SubscriberQuerySet:
    """Whom an export would list: those of these statuses, or everybody who is not erased."""
    return Subscriber.objects.filter(status__in=list(statuses) or STATUSES)


def lines(rows: SubscriberQuerySet) -> Iterator[list[str]]:
    """The heading and the subscribers as lines of CSV, a chunk at a time, the oldest first."""
    write = csv.writer(_Echo()).writerow
    yield [write(COLUMNS)]
    for chunk in _chunks(rows):
        topics = _topics(chunk)
        yield [write([guarded(cell) for cell in _cells(row, topics[row.pk])]) for row in chunk]


def _chunks(rows: SubscriberQuerySet) -> Iterator[list[Subscriber]]:
    """By number and not by a cursor, which would hold the database's past open for minutes."""
    rows, last = rows.select_related("terms").defer("terms__text", "terms__html"), 0
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


def _topics(chunk: list[Subscriber]) -> dict[int, list[str]]:
    chosen = Subscriber.topics.through.objects.filter(
        subscriber__gte=chunk[0].pk, subscriber__lte=chunk[-1].pk
    )
    topics: dict[int, list[str]] = defaultdict(list)
    pairs = chosen.order_by("subscriber", "category__slug")
    for subscriber, slug in pairs.values_list("subscriber", "category__slug"):
        topics[subscriber].append(slug)
    return topics


def _cells(row: Subscriber, topics: list[str]) -> list[str]:
    return [
        row.email,
        row.status,
        _yes(row.receives_everything),
        ",".join(topics),
        _yes(row.agreed_to_terms),
        row.terms.version if row.terms else "",
        _time(row.created_at),
        _time(row.confirmed_at),
        _time(row.unsubscribed_at),
        row.suppressed_for,
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _time(value: datetime | None) -> str:
    return value.isoformat(timespec="seconds") if value else ""
