"""Taking in what changed in the very transaction that changes it, wherever Django tells of it."""

from typing import Any

from blog.models import Category, Post
from blog.search.index import catch_up

# Of a category with more posts the rest follows as for any change that Django does not tell of.
MOST_AT_ONCE = 5_000


def on_save(instance: Post, **kwargs: Any) -> None:
    """Receives `post_save` of posts."""
    catch_up([instance.pk])


def on_filing(action: str, instance: Any, pk_set: set[int] | None, **kwargs: Any) -> None:
    """Receives `m2m_changed` of posts' categories, from either side."""
    if action.startswith("post_"):
        post_ids = [instance.pk] if isinstance(instance, Post) else pk_set
        catch_up(post_ids, most=MOST_AT_ONCE)


def on_merge(instance: Category, **kwargs: Any) -> None:
    """Receives `post_delete` of categories: a merge has moved their posts by then."""
    catch_up(most=MOST_AT_ONCE)
