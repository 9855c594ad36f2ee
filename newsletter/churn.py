"""Who came to each topic and who left it, read from the consent log."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext

from blog.models import Category
from newsletter.models import Consent, Subscriber
from newsletter.models.consent import ConsentQuerySet
from newsletter.stats import Day, Growth

Event = Consent.Event
LEFT = {Event.UNSUBSCRIBED, Event.BOUNCED, Event.COMPLAINED}
# Stands for the slug of a category among those who did not choose.
EVERYTHING = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """`slug` is empty for the readers of everything."""

    slug: str
    name: str
    readers: int
    growth: Growth


def topics(days: int = 90) -> list[Topic]:
    """The readers of everything first, then each category that has or had readers of its own."""
    today = timezone.now().astimezone(UTC).date()
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    moves = _counted(dates[0])
    names = {EVERYTHING: gettext("Everything")} | dict(
        Category.objects.order_by("order", "name").values_list("slug", "name")
    )
    now = _readers_now()
    return [
        Topic(slug, name, now.get(slug, 0), _growth(slug, dates, moves))
        for slug, name in names.items()
        if slug == EVERYTHING or now.get(slug) or any(key[0] == slug for key in moves)
    ]


def _growth(slug: str, dates: list[date], moves: dict[tuple[str, date, bool], int]) -> Growth:
    return Growth(
        [
            Day(day, came=moves.get((slug, day, True), 0), went=moves.get((slug, day, False), 0))
            for day in dates
        ]
    )


def _counted(first: date) -> dict[tuple[str, date, bool], int]:
    """Comings (True) and goings (False) by topic and day."""
    counted: dict[tuple[str, date, bool], int] = {}
    for at, before, after in _moves(datetime.combine(first, time.min, tzinfo=UTC)):
        day = at.astimezone(UTC).date()
        for slug in after - before:
            counted[slug, day, True] = counted.get((slug, day, True), 0) + 1
        for slug in before - after:
            counted[slug, day, False] = counted.get((slug, day, False), 0) + 1
    return counted


def _moves(start: datetime) -> Iterator[tuple[datetime, set[str], set[str]]]:
    """When somebody's topics changed, with those before and those after."""
    events = Consent.objects.filter(at__gte=start).order_by()
    plain = events.filter(event__in=[Event.CONFIRMED, *LEFT])
    for at, event, everything, slugs in plain.values_list(
        "at", "event", "receives_everything", "topics"
    ).iterator():
        chosen = _chosen(everything, slugs)
        yield (at, chosen, set()) if event in LEFT else (at, set(), chosen)
    yield from _changes(events.filter(event=Event.TOPICS_CHANGED))


def _changes(events: ConsentQuerySet) -> Iterator[tuple[datetime, set[str], set[str]]]:
    earlier = Consent.objects.filter(
        subscriber=OuterRef("subscriber"), pk__lt=OuterRef("pk")
    ).order_by("-pk")
    rows = events.annotate(
        everything_before=Subquery(earlier.values("receives_everything")[:1]),
        topics_before=Subquery(earlier.values("topics")[:1]),
    )
    for at, everything, slugs, everything_before, before in rows.values_list(
        "at", "receives_everything", "topics", "everything_before", "topics_before"
    ).iterator():
        yield at, _chosen(bool(everything_before), before or []), _chosen(everything, slugs)


def _chosen(everything: bool, slugs: list[str]) -> set[str]:
    return {EVERYTHING} if everything else set(slugs)


def _readers_now() -> dict[str, int]:
    receiving = Subscriber.objects.receiving()
    chosen = receiving.filter(receives_everything=False, topics__isnull=False).order_by()
    counts = dict(chosen.values_list("topics__slug").annotate(Count("pk")))
    return counts | {EVERYTHING: receiving.filter(receives_everything=True).count()}
