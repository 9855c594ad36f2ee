"""Taking in what changed in the very transaction that changes it, wherever Django tells of it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from blog.models import Category, Post
from blog.search.index import catch_up

# Of a category with more posts the rest follows as for any change that Django does not tell of.
MOST_AT_ONCE = 5_000

_put_off: ContextVar[set[int] | None] = ContextVar("posts to be taken in", default=None)


@contextmanager
def taking_in_once() -> Iterator[None]:
    """A post that is saved and then filed is taken in at the end, once. Call it in a transaction.

    What fails on the way rolls that back, and with it what was to be taken in.
    """
    if _put_off.get() is not None:
        yield
        return
    post_ids: set[int] = set()
    token = _put_off.set(post_ids)
    try:
        yield
    finally:
        _put_off.reset(token)
    if post_ids:
        catch_up(post_ids, most=MOST_AT_ONCE)


def _take_in(post_ids: Iterable[int]) -> None:
    put_off = _put_off.get()
    if put_off is None:
        catch_up(post_ids, most=MOST_AT_ONCE)
    else:
        put_off.update(post_ids)


def on_save(instance: Post, **kwargs: Any) -> None:
    """Receives `post_save` of posts."""
    _take_in([instance.pk])


def on_filing(action: str, instance: Any, pk_set: set[int] | None, **kwargs: Any) -> None:
    """Receives `m2m_changed` of posts' categories, from either side."""
    if not action.startswith("post_"):
        return
    if isinstance(instance, Post):
        _take_in([instance.pk])
    elif pk_set is None:
        # All posts of a category were taken out, and nobody says which.
        catch_up(most=MOST_AT_ONCE)
    else:
        _take_in(pk_set)


def on_merge(instance: Category, **kwargs: Any) -> None:
    """Receives `post_delete` of categories: a merge has moved their posts by then."""
    catch_up(most=MOST_AT_ONCE)
