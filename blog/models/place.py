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

from blog.models.post import Post, PostQuerySet

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
    def of(self, name: Any) -> "PlaceQuerySet":
        """A list as the public may see it now. A scheduled post's place waits for its minute."""
        return self.filter(list=name, published_at__lte=timezone.now())

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

    def from_mark(self, name: str, number: int) -> "PlaceQuerySet":
        """A list from one of its marks on: the mark's own place, and what is older.

        It is not asked for the time, which the mark was: of two bounds on the same side of a
        column, SQLite looks for the first alone.
        """
        mark = Mark.objects.public(name).filter(number=number)
        moment, post = Subquery(mark.values("published_at")), Subquery(mark.values("post_id"))
        older = Q(published_at__lt=moment) | Q(post_id__lte=post)
        return self.filter(older, list=name, published_at__lte=moment)

    def beside(self, post: Post) -> "tuple[Subquery, Subquery]":
        """The keys of the public post's neighbours in the list of all, the older one first."""
        everything = self.filter(list=EVERYTHING)
        older = everything.filter(
            Q(published_at__lt=post.published_at) | Q(post_id__lt=post.pk),
            published_at__lte=post.published_at,
        ).order_by("-published_at", "-post_id")
        newer = everything.filter(
            Q(published_at__gt=post.published_at) | Q(post_id__gt=post.pk),
            published_at__range=(post.published_at, timezone.now()),
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
    def public(self, name: Any) -> "MarkQuerySet":
        """Those of a list that the public may see now."""
        return self.filter(list=name, published_at__lte=timezone.now())

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


class Listing:
    """The posts of one list, newest first, as a Paginator wants them: to count and to cut."""

    ordered = True

    def __init__(
        self,
        name: str,
        posts: PostQuerySet,
        *,
        without: Post | None = None,
        size: int | None = None,
    ) -> None:
        """`size` where it is known already."""
        self.name, self.posts, self.without, self.size = name, posts, without, size

    def count(self) -> int:
        if self.size is None:
            self.size = self._count()
        return self.size - bool(self.without)

    def _count(self) -> int:
        newest = Mark.objects.newest(self.name)
        marked = Coalesce(Subquery(newest.values("number")), Value(0))
        above = Place.objects.of(self.name).above(newest)
        return above.aggregate(size=marked + Count("*"))["size"]

    def __getitem__(self, cut: slice) -> list[Post]:
        if self.without is None:
            return self._cut(cut.start, cut.stop)
        found = self._cut(cut.start, cut.stop + 1)
        kept = [post for post in found if post != self.without]
        is_above = len(kept) == len(found) and found and _key(self.without) > _key(found[0])
        return kept[1:] if is_above else kept[: cut.stop - cut.start]

    def _cut(self, start: int, stop: int) -> list[Post]:
        mark, skipped = self._nearest_mark(start)
        if mark:
            near = Place.objects.from_mark(self.name, mark).newest_first()
            if found := self._posts(near[skipped : skipped + stop - start]):
                return found
            # Somebody changed an old date, and the worker was not here yet to set the mark again.
        return self._posts(Place.objects.of(self.name).newest_first()[start:stop])

    def _nearest_mark(self, start: int) -> tuple[int, int]:
        """The number of the mark at or above a place, or 0, and how far below it the place is."""
        size = self.size or 0
        from_oldest = size - start
        mark = -(-from_oldest // STEP) * STEP
        return (mark, mark - from_oldest) if 0 < mark <= size else (0, 0)

    def _posts(self, places: PlaceQuerySet) -> list[Post]:
        """What the walk over the places skips is never read: rows are found for the rest alone."""
        return list(self.posts.published_among(pk__in=places.values("post_id")))


def _key(post: Post) -> tuple[Any, int]:
    return post.published_at, post.pk


class WithinPeriod(Listing):
    """A stretch of a list: a year of the archive, or a month."""

    def __init__(
        self, name: str, posts: PostQuerySet, period: tuple[datetime, datetime], size: int
    ) -> None:
        super().__init__(name, posts, size=size)
        self.period = period

    def _cut(self, start: int, stop: int) -> list[Post]:
        places = Place.objects.within(self.name, *self.period).newest_first()
        return self._posts(places[start:stop])
