"""Which years and months have posts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime
from itertools import groupby, pairwise

from django.db.models import Q, Subquery
from django.http import Http404
from django.urls import reverse
from django.utils.timezone import localtime, make_aware

from blog.models import Place, Post
from blog.models.place import EVERYTHING, counts_before


@dataclass
class Period:
    """A year, or a month of one, in the site's own time zone."""

    year: int
    month: int | None = None
    count: int = 0

    @property
    def start(self) -> datetime:
        return make_aware(datetime(self.year, self.month or 1, 1))  # noqa: DTZ001

    @property
    def end(self) -> datetime:
        if self.month is None or self.month == 12:
            return Period(self.year + 1).start
        return Period(self.year, self.month + 1).start

    def contains(self) -> Q:
        """The condition on posts."""
        return Q(published_at__gte=self.start, published_at__lt=self.end)

    def get_absolute_url(self) -> str:
        if self.month is None:
            return reverse("blog:archive_year", args=[self.year])
        return reverse("blog:archive_month", args=[self.year, self.month])


def period_or_404(year: int, month: int | None) -> Period:
    """The first and the last year are left out: another time zone could step over the edge."""
    if not MINYEAR < year < MAXYEAR or month not in {None, *range(1, 13)}:
        raise Http404
    return Period(year, month)


def by_month(posts: Iterable[Post]) -> list[tuple[datetime, list[Post]]]:
    """The same posts, month by month, each with a moment of it."""
    months = groupby(posts, key=lambda post: post.published_at and _month(post.published_at))
    return [(month, list(posts)) for month, posts in months if month]


def _month(moment: datetime) -> datetime:
    return localtime(moment).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def years() -> list[Period]:
    """The years that have posts, newest first."""
    newest = Place.objects.of(EVERYTHING).newest_first()
    # The two ends of the index; asked for the least and the most, SQLite would walk all through it.
    first = Subquery(newest.reverse().values("published_at")[:1])
    ends = newest.annotate(first=first).values_list("published_at", "first").first()
    if ends is None:
        return []
    years = [localtime(end).year for end in ends]
    return _counted([Period(year) for year in range(years[0], years[1] - 1, -1)])


def months(year: int) -> list[Period]:
    """The months of a year that have posts, newest first."""
    return _counted([Period(year, month) for month in range(12, 0, -1)])


def _counted(periods: list[Period]) -> list[Period]:
    """Those that follow each other, the newest first, with what they hold."""
    moments = [periods[0].end, *(period.start for period in periods)]
    for period, (end, start) in zip(
        periods, pairwise(counts_before(EVERYTHING, moments)), strict=True
    ):
        period.count = end - start
    return [period for period in periods if period.count]
