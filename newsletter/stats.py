"""Numbers about readers, as plain values that any page or picture can use."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, DateField, Exists, Func, OuterRef
from django.utils import timezone

from newsletter.models import Consent, CountedLink, Delivery, Feedback, Issue, Subscriber
from newsletter.models.counted import PICTURE


@dataclass(frozen=True, slots=True)
class Day:
    """How many readers confirmed and how many unsubscribed on one day (UTC)."""

    date: date
    came: int
    went: int


@dataclass(frozen=True, slots=True)
class Growth:
    days: list[Day]

    @property
    def came(self) -> int:
        return sum(day.came for day in self.days)

    @property
    def went(self) -> int:
        return sum(day.went for day in self.days)

    @property
    def best(self) -> Day:
        """The day on which most readers came; the first of them, where several are alike."""
        return max(self.days, key=lambda day: day.came)


def growth(days: int = 90) -> Growth:
    """Who came and went on each of the last `days` days, today included."""
    today = timezone.now().astimezone(UTC).date()
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    counted = _counted_since(dates[0])
    return Growth(
        [
            Day(
                each,
                came=counted.get((each, Consent.Event.CONFIRMED), 0),
                went=counted.get((each, Consent.Event.UNSUBSCRIBED), 0),
            )
            for each in dates
        ]
    )


# Who leaves later than this had another reason than the issue.
BECAUSE_OF_IT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Echo:
    """What came back of an issue, each reader counted once a kind."""

    # As a mail service tells; a mail server says no more than that it took a mail.
    delivered: int
    hard: int
    soft: int
    complaints: int
    unsubscribed: int


def echo(issue: Issue) -> Echo:
    start = issue.started_at or timezone.now()
    heard = Feedback.objects.filter(at__gte=start, delivery__issue=issue)
    counted = dict(heard.order_by().values_list("kind").annotate(Count("delivery", distinct=True)))
    got_it = Delivery.objects.filter(issue=issue, status=Delivery.Status.SENT)
    left = Consent.objects.filter(
        Exists(got_it.filter(subscriber=OuterRef("subscriber"))),
        event=Consent.Event.UNSUBSCRIBED,
        at__gte=start,
        at__lt=start + BECAUSE_OF_IT,
    )
    return Echo(
        delivered=counted.get(Feedback.Kind.DELIVERED, 0),
        hard=counted.get(Feedback.Kind.HARD, 0),
        soft=counted.get(Feedback.Kind.SOFT, 0),
        complaints=counted.get(Feedback.Kind.COMPLAINT, 0),
        unsubscribed=left.aggregate(number=Count("subscriber", distinct=True))["number"],
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """How often an issue's links were followed, and its picture loaded: see docs/counting.md."""

    # The rows of the links, the most followed first, each with its `times`.
    links: list[Any]
    # None where that was not counted.
    loads: int | None

    @property
    def clicks(self) -> int | None:
        return sum(link.times for link in self.links) if self.links else None


def counted(issue: Issue) -> Counted | None:
    """None for an issue that was sent without anything to count by."""
    rows: list[Any] = list(CountedLink.objects.filter(issue=issue).with_times())
    links = [row for row in rows if row.number != PICTURE]
    loads = next((row.times for row in rows if row.number == PICTURE), None)
    links.sort(key=lambda link: -link.times)
    return Counted(links, loads) if rows else None


def readers() -> int:
    """How many would get an issue that was sent now."""
    return Subscriber.objects.receiving().count()


def _counted_since(first: date) -> dict[tuple[date, str], int]:
    events = [Consent.Event.CONFIRMED, Consent.Event.UNSUBSCRIBED]
    # The database's own DATE(); Django's TruncDate calls Python for each row on SQLite.
    day = Func("at", function="DATE", output_field=DateField())
    start = datetime.combine(first, time.min, tzinfo=UTC)
    found = Consent.objects.filter(event__in=events, at__gte=start)
    rows = found.order_by().annotate(day=day).values_list("day", "event")
    return {(each, event): number for each, event, number in rows.annotate(number=Count("pk"))}
