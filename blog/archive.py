"""Which years and months have posts."""

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime

from django.db.models import Count, Max, Min, Q
from django.http import Http404
from django.urls import reverse
from django.utils.timezone import localtime, make_aware

from blog.models.post import PostQuerySet


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


def years(posts: PostQuerySet) -> list[Period]:
    """The years that have posts, newest first."""
    ends = posts.aggregate(first=Min("published_at"), last=Max("published_at"))
    if ends["first"] is None:
        return []
    first, last = localtime(ends["first"]).year, localtime(ends["last"]).year
    # Each is a column of one query; PostgreSQL takes 1,664, and dates that make sense need 302.
    return _counted(posts, [Period(year) for year in range(last, first - 1, -1)])


def months(posts: PostQuerySet, year: int) -> list[Period]:
    """The months of a year that have posts, newest first."""
    of_year = posts.filter(Period(year).contains())
    return _counted(of_year, [Period(year, month) for month in range(12, 0, -1)])


def _counted(posts: PostQuerySet, periods: list[Period]) -> list[Period]:
    """Conditions on the bare column use its index; truncating each date would take seconds."""
    columns = {
        f"period_{number}": Count("pk", filter=period.contains())
        for number, period in enumerate(periods)
    }
    counts = posts.aggregate(**columns).values()
    counted = [Period(p.year, p.month, count) for p, count in zip(periods, counts, strict=True)]
    return [period for period in counted if period.count]
