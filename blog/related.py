"""Posts about the same, found by the worker once a post was saved, and stored with it.

Of a post's keywords (blog/text.py), those say something that few posts near it use: each counts by
how rare it is among them, one in the title twice, and a common category as much as a rare word.
"Near" are the posts around its date in each of its categories and in all: so a post costs the same
among a hundred thousand as among a thousand. What is stored is only a suggestion; the page shows
of it what the public may see.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import chain

from blog.models import Category, Place, Post
from blog.models.place import EVERYTHING, list_of
from blog.text import keywords

NEAR = 100  # posts before, and as many after, in each list
MOST_LISTS = 4
KEPT = 12
NEEDED = ("title", "keywords", "related", "published_at", "updated_at")


def relate(posts: Iterable[Post]) -> None:
    """Store what is related to each, and to what it is related to: they have a new neighbour."""
    told: set[int] = set()
    for post in posts:
        # First, so that whoever saves it meanwhile is not overlooked.
        Post.objects.filter(pk=post.pk).update(is_related=True)
        told.update(_find_and_store(post))
    for post in Post.objects.filter(pk__in=told, is_related=True).only(*NEEDED):
        _find_and_store(post)


def _find_and_store(post: Post) -> list[int]:
    """The keys of those that are new to it."""
    found = related(post)
    if found == post.related:
        return []
    Post.objects.filter(pk=post.pk).update(related=found)
    return [key for key in found if key not in (post.related or [])]


def related(post: Post) -> list[int]:
    """The keys of the posts that have most in common with it, the best first."""
    categories = set(Category.objects.filter(posts=post).values_list("pk", flat=True))
    near = _near(post, sorted(categories))
    words = {other.pk: other.keywords or [] for other in [post, *near]}
    rarity = _rarities(words.values())
    mine = {word: rarity[word] for word in words[post.pk]}
    for word in keywords(post.title):
        mine[word] = 2 * rarity.get(word, 0.0)
    common_categories = Counter(
        Post.categories.through.objects.filter(
            category__in=categories, post__in=[other.pk for other in near]
        ).values_list("post_id", flat=True)
    )
    rare = math.log(len(near) + 1)

    def likeness(other: Post) -> float:
        shared = sum(mine.get(word, 0.0) for word in words[other.pk])
        return shared + rare * common_categories[other.pk]

    likely = sorted(((likeness(other), other.pk) for other in near), reverse=True)
    return [key for score, key in likely[:KEPT] if score > rare / 2]


def _rarities(texts: Collection[list[str]]) -> dict[str, float]:
    """Nothing for a word that all use, most for one that one text alone uses."""
    uses = Counter(chain.from_iterable(map(set, texts)))
    return {word: math.log(len(texts) / count) for word, count in uses.items()}


def _near(post: Post, categories: list[int]) -> list[Post]:
    moment = post.published_at or post.updated_at
    names = [EVERYTHING, *(list_of(Category(pk=key)) for key in categories[: MOST_LISTS - 1])]
    keys: set[int] = set()
    for name in names:
        places = Place.objects.filter(list=name)
        older = places.filter(published_at__lte=moment).newest_first()
        newer = places.filter(published_at__gt=moment).order_by("published_at", "post_id")
        for side in (older[: NEAR + 1], newer[:NEAR]):
            keys.update(side.values_list("post_id", flat=True))
    return list(Post.objects.filter(pk__in=keys - {post.pk}).only("keywords"))
