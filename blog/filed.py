"""What posts are about, for all posts of a page at once."""

from collections.abc import Iterable, Iterator

from django.db.models import QuerySet

from blog.models import Category, Post
from blog.prepared import Prepared, number
from blog.shared import shared_each


@Prepared
def _categories(count: int) -> QuerySet[Category]:
    return Category.objects.filter(pk__in=[number(f"key{place}") for place in range(count)])


@shared_each
def categories_of(lists: list[str]) -> Iterator[list[Category]]:
    """The categories with these keys, "3 17" and the like, each list in the order of categories."""
    wanted = [{int(key) for key in keys.split()} for keys in lists]
    asked = {f"key{place}": key for place, key in enumerate(sorted(set().union(*wanted)))}
    found = _categories(len(asked), **asked)
    for keys in wanted:
        yield [category for category in found if category.pk in keys]


def with_categories(posts: Iterable[Post]) -> list[Post]:
    """The same posts, each knowing its categories: one query, or none where an edition has them."""
    posts = list(posts)
    known = categories_of(post.category_keys for post in posts)
    for post in posts:
        post.filed_under = known[post.category_keys]
    return posts
