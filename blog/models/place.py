"""Where posts stand in the lists, so that page 10,000 of a list costs what its first page does.

A `Place` is a published post in one list: all posts, those of an author, those of a category. A
`Mark` says how many places come before one, at every thousandth. Both are kept by triggers of the
database (blog/places.py), in the transaction of whatever changed a post: a list is never wrong,
and a mark that is missing costs time alone. Nothing here decides what the public may see: a post
is shown only if `Post.objects.published()` finds it too.
"""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

# Places from one mark to the next: the most that are walked over, and never read, to find a page.
STEP = 1000
EVERYTHING = "all"
LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


def list_of(row: models.Model) -> str:
    """The name of the list that an author or a category has."""
    return f"{row._meta.model_name}:{row.pk}"


def newest(name: str, most: int) -> Any:
    """The keys of the newest posts of a list, for a query."""
    return Place.objects.of(name).newest_first().values("post_id")[:most]


def newer_than(mark: "Mark") -> Q:
    """Of the places from a mark's moment on, those that come after the mark."""
    return Q(published_at__gt=mark.published_at) | Q(post_id__gt=mark.post_id)


class PlaceQuerySet(models.QuerySet["Place"]):
    def of(self, name: Any, at: Any = None) -> "PlaceQuerySet":
        """A list as the public may see it now. A scheduled post's place waits for its minute."""
        return self.filter(list=name, published_at__lte=at or timezone.now())

    def newest_first(self) -> "PlaceQuerySet":
        return self.order_by("-published_at", "-post_id")

    def within(self, name: str, start: datetime, end: datetime) -> "PlaceQuerySet":
        """A stretch of a list, up to but without `end`, as the public may see it now."""
        public_end = min(end, timezone.now() + timedelta(microseconds=1))
        return self.filter(list=name, published_at__gte=start, published_at__lt=public_end)

    def above(self, mark: "MarkQuerySet") -> "PlaceQuerySet":
        """Newer than the first of `mark`, or all of them where there is none."""
        moment = Coalesce(Subquery(mark.values("published_at")), Value(LONG_AGO))
        post = Coalesce(Subquery(mark.values("post_id")), Value(0))
        newer = Q(published_at__gt=moment) | Q(post_id__gt=post)
        return self.filter(newer, published_at__gte=moment)

    def from_mark(self, name: Any, number: Any, at: Any = None) -> "PlaceQuerySet":
        """A list from one of its marks on: the mark's own place, and what is older.

        It is not asked for the time, which the mark was: of two bounds on the same side of a
        column, SQLite looks for the first alone.
        """
        mark = Mark.objects.public(name, at).filter(number=number)
        moment, post = Subquery(mark.values("published_at")), Subquery(mark.values("post_id"))
        older = Q(published_at__lt=moment) | Q(post_id__lte=post)
        return self.filter(older, list=name, published_at__lte=moment)

    def beside(self, key: Any, published_at: Any, now: Any) -> "tuple[Subquery, Subquery]":
        """The keys of a public post's neighbours in the list of all, the older one first."""
        everything = self.filter(list=EVERYTHING)
        older = everything.filter(
            Q(published_at__lt=published_at) | Q(post_id__lt=key), published_at__lte=published_at
        ).order_by("-published_at", "-post_id")
        newer = everything.filter(
            Q(published_at__gt=published_at) | Q(post_id__gt=key),
            published_at__range=(published_at, now),
        ).order_by("published_at", "post_id")
        return Subquery(older.values("post_id")[:1]), Subquery(newer.values("post_id")[:1])


class Place(models.Model):
    # Plain numbers and no foreign keys: the triggers alone write here.
    pk = models.CompositePrimaryKey("post_id", "list")
    post_id = models.BigIntegerField()
    list = models.CharField(max_length=40)
    published_at = models.DateTimeField()

    objects = PlaceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["list", "-published_at", "-post_id"], name="place_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.post_id} in {self.list}"


class MarkQuerySet(models.QuerySet["Mark"]):
    def public(self, name: Any, at: Any = None) -> "MarkQuerySet":
        """Those of a list that the public may see now."""
        return self.filter(list=name, published_at__lte=at or timezone.now())

    def newest(self, name: Any) -> "MarkQuerySet":
        return self.public(name).order_by("-number")[:1]


class Mark(models.Model):
    """The place that is the `number`th of its list, counted from the oldest.

    Counted from there, a new post moves none of them. A change at an older date deletes those that
    it moves, and the worker sets them again; so they always are 1000, 2000 and on, without gaps.
    """

    pk = models.CompositePrimaryKey("list", "number")
    list = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    published_at = models.DateTimeField()
    post_id = models.BigIntegerField()

    objects = MarkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.number} in {self.list}"


def counts_before(name: str, moments: list[datetime]) -> list[int]:
    """How many public posts of a list are older than each moment. Two queries.

    From the last mark before a moment on they are counted in the index. Truncating every date
    would take seconds, and a walk over all of them a tenth of one.
    """
    marks = list(Mark.objects.public(name).order_by("number"))
    counts, queries = [], []
    for number, moment in enumerate(moments):
        passed = bisect_left(marks, moment, key=lambda mark: mark.published_at)
        mark = marks[passed - 1] if passed else Mark(number=0, published_at=LONG_AGO, post_id=0)
        places = Place.objects.within(name, mark.published_at, moment).filter(newer_than(mark))
        counts.append(mark.number)
        grouped = places.order_by().values("list").annotate(at=Value(number), count=Count("*"))
        queries.append(grouped.values_list("at", "count"))
    for number, count in queries[0].union(*queries[1:], all=True):
        counts[number] += count
    return counts
