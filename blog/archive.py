"""Which years and months have posts."""

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime

from django.db.models import Count, Q, Value
from django.http import Http404
from django.urls import reverse
from django.utils.timezone import localtime, make_aware

from blog.models import Place
from blog.models.place import EVERYTHING


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


def years() -> list[Period]:
    """The years that have posts, newest first."""
    newest = Place.objects.of(EVERYTHING).newest_first().values_list("published_at", flat=True)
    # Two looks at the ends of the index; both at once, SQLite would walk all through it.
    last = newest.first()
    if last is None:
        return []
    first = newest.reverse()[0]
    span = range(localtime(last).year, localtime(first).year - 1, -1)
    return _counted([Period(year) for year in span])


def months(year: int) -> list[Period]:
    """The months of a year that have posts, newest first."""
    return _counted([Period(year, month) for month in range(12, 0, -1)])


def _counted(periods: list[Period]) -> list[Period]:
    """One walk over a part of the index for each; truncating every date would take seconds."""
    found = [
        Place.objects.within(EVERYTHING, period.start, period.end)
        .order_by()
        .values("list")
        .annotate(number=Value(number), count=Count("*"))
        .values_list("number", "count")
        for number, period in enumerate(periods)
    ]
    counts = dict(found[0].union(*found[1:], all=True))
    counted = [Period(p.year, p.month, counts.get(n, 0)) for n, p in enumerate(periods)]
    return [period for period in counted if period.count]
