"""The lists of posts that readers leaf through: how long each is, and the posts of any stretch.

docs/lists.md tells why the last page costs what the first does. SQL that every page needs is made
once, and what all pages of an edition ask for is asked once.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Count, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from blog.models import Mark, Place, Post
from blog.models.place import STEP, PlaceQuerySet
from blog.models.post_queryset import PostQuerySet
from blog.prepared import Prepared, moment, number, text
from blog.shared import shared

# What is shown of each post: PostQuerySet.listed or PostQuerySet.titles.
type Shown = Callable[[PostQuerySet], PostQuerySet]


def _posts_at(places: PlaceQuerySet, shown: Shown) -> PostQuerySet:
    """What the walk over the places skips is never read: rows are found for the rest alone."""
    posts = Post.objects.published_among(moment("now"), pk__in=places.values("post_id"))
    return shown(posts)


@Prepared
def _from_the_newest(shown: Shown, start: int, stop: int) -> PostQuerySet:
    places = Place.objects.of(text("list"), moment("now")).newest_first()
    return _posts_at(places[start:stop], shown)


@Prepared
def _from_a_mark(shown: Shown, start: int, stop: int) -> PostQuerySet:
    places = Place.objects.from_mark(text("list"), number("mark"), moment("now")).newest_first()
    return _posts_at(places[start:stop], shown)


@Prepared
def _of_a_period(shown: Shown, start: int, stop: int) -> PostQuerySet:
    places = Place.objects.filter(
        list=text("list"),
        published_at__gte=moment("start"),
        published_at__lt=moment("end"),
        published_at__lte=moment("now"),
    )
    return _posts_at(places.newest_first()[start:stop], shown)


@shared
def size_of(name: str) -> int:
    """How many posts of a list the public may see: its last mark, and those above it."""
    newest = Mark.objects.newest(name)
    marked = Coalesce(Subquery(newest.values("number")), Value(0))
    above = Place.objects.of(name).above(newest)
    return above.aggregate(size=marked + Count("*"))["size"]


class Listing:
    """The posts of one list, newest first, as a Paginator wants them: to count and to cut."""

    ordered = True

    def __init__(
        self,
        name: str,
        shown: Shown = PostQuerySet.listed,
        *,
        without: Post | None = None,
        size: int | None = None,
    ) -> None:
        """`size` where it is known already."""
        self.name, self.shown, self.without = name, shown, without
        self.size = size_of(name) if size is None else size

    def count(self) -> int:
        return self.size - bool(self.without)

    def __getitem__(self, cut: slice) -> list[Post]:
        start, stop = cut.start or 0, cut.stop
        if self.without is None:
            return self._cut(start, stop)
        found = self._cut(start, stop + 1)
        kept = [post for post in found if post.pk != self.without.pk]
        is_above = len(kept) == len(found) and found and _key(self.without) > _key(found[0])
        return kept[1:] if is_above else kept[: stop - start]

    def _cut(self, start: int, stop: int) -> list[Post]:
        asked = {"list": self.name, "now": timezone.now()}
        mark, skipped = self._nearest_mark(start)
        if mark:
            end = skipped + stop - start
            if found := _from_a_mark(self.shown, skipped, end, mark=mark, **asked):
                return found
            # Somebody changed an old date, and the worker was not here yet to set the mark again.
        return _from_the_newest(self.shown, start, stop, **asked)

    def _nearest_mark(self, start: int) -> tuple[int, int]:
        """The number of the mark at or above a place, or 0, and how far below it the place is."""
        from_oldest = self.size - start
        mark = -(-from_oldest // STEP) * STEP
        return (mark, mark - from_oldest) if 0 < mark <= self.size else (0, 0)


def _key(post: Post) -> tuple[Any, int]:
    return post.published_at, post.pk


class WithinPeriod(Listing):
    """A stretch of a list: a year of the archive, or a month."""

    def __init__(
        self, name: str, shown: Shown, period: tuple[datetime, datetime], size: int
    ) -> None:
        super().__init__(name, shown, size=size)
        self.start, self.end = period

    def _cut(self, start: int, stop: int) -> list[Post]:
        asked = {"list": self.name, "start": self.start, "end": self.end, "now": timezone.now()}
        return _of_a_period(self.shown, start, stop, **asked)
