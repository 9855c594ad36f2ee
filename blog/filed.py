"""What posts are about, for all posts of a page at once."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import BigIntegerField, ExpressionWrapper, F, QuerySet

from blog.models import Category, Post
from blog.prepared import Prepared, number

Filed = Post.categories.through


@Prepared
def _filed(count: int) -> QuerySet[Any]:
    keys = [number(f"post{place}") for place in range(count)]
    # A plain number, since a foreign key is compared with values alone.
    key = ExpressionWrapper(F("post_id"), output_field=BigIntegerField())
    filed: QuerySet[Any] = Filed.objects.alias(key=key)
    filed = filed.filter(key__in=keys)
    return filed.select_related("category").order_by("category__order", "category__name")


def with_categories(posts: Iterable[Post]) -> list[Post]:
    """The same posts, each knowing its categories. One query."""
    posts = list(posts)
    keys = {f"post{place}": post.pk for place, post in enumerate(posts)}
    filed: dict[int, list[Category]] = defaultdict(list)
    for row in _filed(len(posts), **keys):
        filed[row.post_id].append(row.category)
    for post in posts:
        post.filed_under = filed[post.pk]
    return posts
