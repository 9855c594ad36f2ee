"""What stands at the foot of a post: its neighbours, its series, posts about the same."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import BigIntegerField, JSONField, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, JSONArray

from blog.models import Place, Post, Series
from blog.models.post_queryset import PostQuerySet
from blog.prepared import as_stored
from blog.related import KEPT

RELATED = 3
# What a link to a post needs, and a line below it.
BRIEFLY = ("id", "slug", "title", "summary", "excerpt", "published_at")


@dataclass
class Around:
    """Other posts that lead on from one, all of them public."""

    older: Post | None = None
    newer: Post | None = None
    related: list[Post] = field(default_factory=list)
    series: "Parts | None" = None


@dataclass
class Parts:
    """The public parts of a series in their order, seen from one of them."""

    series: Series
    posts: list[Post]
    here: Post

    @property
    def number(self) -> int:
        return self.posts.index(self.here) + 1

    @property
    def previous(self) -> Post | None:
        return self.posts[self.number - 2] if self.number > 1 else None

    @property
    def next(self) -> Post | None:
        return self.posts[self.number] if self.number < len(self.posts) else None


class Listed(Subquery):
    """The one column of a query, a JSON value a row, as a JSON list."""

    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "(SELECT json_group_array(json(told)) FROM (%(subquery)s))"
        return super().as_sql(compiler, connection, template, **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        # As text, which is how Django reads JSON.
        template = "(SELECT json_agg(told)::text FROM (%(subquery)s) AS found)"
        return super().as_sql(compiler, connection, template, **extra)


def with_leading_on(posts: PostQuerySet, now: Any) -> PostQuerySet:
    """Each knows in `leading_on` its neighbours, and those about the same, all public `now`."""
    # In a query within a query.
    key, published_at = (OuterRef(OuterRef(name)) for name in ("pk", "published_at"))
    beside = Place.objects.beside(key, published_at, now)
    suggested = [
        Cast(KeyTextTransform(place, OuterRef("related")), BigIntegerField())
        for place in range(KEPT)
    ]
    others = Post.objects.published_among(now, pk__in=[*beside, *suggested]).order_by()
    brief = Listed(others.values(told=JSONArray(*BRIEFLY)))
    return posts.annotate(leading_on=brief)  # type: ignore[no-redef]


def around(post: Post) -> Around:
    """Of a public post that was found with_leading_on(). A series takes a query, all else none."""
    found = sorted(map(_brief, post.leading_on or []), key=_place)
    # Nothing can lie between a post and its neighbours, so they are the nearest of those found.
    older = [other for other in found if _place(other) < _place(post)]
    newer = [other for other in found if _place(other) > _place(post)]
    by_key = {other.pk: other for other in found if other.pk != post.pk}
    related = [by_key[key] for key in post.related or [] if key in by_key]
    return Around(
        older=older[-1] if older else None,
        newer=newer[0] if newer else None,
        related=related[:RELATED],
        series=_parts(post),
    )


def _brief(columns: list[Any]) -> Post:
    post = as_stored(Post, zip(BRIEFLY, columns, strict=True))
    published_at = datetime.fromisoformat(columns[-1])
    # SQLite stores moments in UTC and does not say so.
    post.published_at = published_at.replace(tzinfo=published_at.tzinfo or UTC)
    return post


def _place(post: Post) -> tuple[Any, int]:
    return post.published_at, post.pk


def _parts(post: Post) -> Parts | None:
    """None also for the only part there is, which needs no list."""
    if post.series is None:
        return None
    posts = list(Post.objects.in_series(post.series).only("title", "slug"))
    is_one_of_many = post in posts and len(posts) > 1
    return Parts(post.series, posts, post) if is_one_of_many else None
