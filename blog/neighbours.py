"""What stands at the foot of a post: its neighbours, its series, posts about the same."""

from dataclasses import dataclass, field

from django.utils import timezone

from blog.models import Place, Post, Series
from blog.models.post_queryset import PostQuerySet
from blog.prepared import Prepared, moment, number

RELATED = 3


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


@Prepared
def _leading_on(suggested: int) -> PostQuerySet:
    now = moment("now")
    beside = Place.objects.beside(number("pk"), moment("published_at"), now)
    keys = [number(f"key{place}") for place in range(suggested)]
    posts = Post.objects.published_among(now, pk__in=[*beside, *keys])
    return posts.briefly().order_by("published_at", "pk")


def around(post: Post) -> Around:
    """Two queries at most. `post` has to be public itself."""
    suggested = post.related or []
    keys = {f"key{place}": key for place, key in enumerate(suggested)}
    here = {"pk": post.pk, "published_at": post.published_at, "now": timezone.now()}
    found = _leading_on(len(suggested), **here, **keys)
    # Nothing can lie between a post and its neighbours, so they are the nearest of those found.
    at = (post.published_at, post.pk)
    older = [other for other in found if (other.published_at, other.pk) < at]
    newer = [other for other in found if (other.published_at, other.pk) > at]
    by_key = {other.pk: other for other in found}
    related = [by_key[key] for key in suggested if key in by_key and key != post.pk]
    return Around(
        older=older[-1] if older else None,
        newer=newer[0] if newer else None,
        related=related[:RELATED],
        series=_parts(post),
    )


def _parts(post: Post) -> Parts | None:
    """None also for the only part there is, which needs no list."""
    if post.series is None:
        return None
    posts = list(Post.objects.in_series(post.series).only("title", "slug"))
    is_one_of_many = post in posts and len(posts) > 1
    return Parts(post.series, posts, post) if is_one_of_many else None
