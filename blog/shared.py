"""What all pages of an edition have in common, asked of the database once: docs/pages.md.

The site's name and links, the terms, authors and categories: a page needs a few of them, and every
page the same. They are kept with the edition that was current before they were read, as pages are,
and so they end with it. Where no edition is known, as in commands and in the newsroom, each asks
for itself.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps

from django.utils.functional import SimpleLazyObject

from blog.freshness import Current

# Things that are kept of one edition, so that memory is bounded whatever is asked for.
MOST = 2_000

_current: ContextVar[Current | None] = ContextVar("current edition", default=None)


@contextmanager
def within(current: Current | None) -> Iterator[None]:
    """While a page of this edition is made."""
    token = _current.set(current)
    try:
        yield
    finally:
        _current.reset(token)


def shared[**Asked, Found](find: Callable[Asked, Found]) -> Callable[Asked, Found]:
    """Find the same thing once an edition. What is found is everybody's: nobody may change it."""

    @wraps(find)
    def found(*asked: Asked.args, **named: Asked.kwargs) -> Found:
        current = _current.get()
        if current is None:
            return find(*asked, **named)
        key = find, asked, *named.items()
        if key not in current.shared:
            value = find(*asked, **named)
            if len(current.shared) >= MOST:
                return value
            # Whoever was as quick found the same.
            current.shared[key] = value
        return current.shared[key]

    return found


def shared_each[Key, Found](
    find: Callable[[list[Key]], Iterable[Found]],
) -> Callable[[Iterable[Key]], dict[Key, Found]]:
    """Find many things at once, and each of them once an edition; `find` keeps their order."""

    @wraps(find)
    def found(keys: Iterable[Key]) -> dict[Key, Found]:
        wanted = [*dict.fromkeys(keys)]
        current = _current.get()
        kept = current.shared if current else {}
        known = {key: kept[find, key] for key in wanted if (find, key) in kept}
        if missing := [key for key in wanted if key not in known]:
            known |= zip(missing, find(missing), strict=True)
            if len(kept) + len(missing) <= MOST:
                kept.update({(find, key): known[key] for key in missing})
        return known

    return found


def when_asked[Found](find: Callable[[], Found]) -> Found:
    """For templates: the thing itself where an edition keeps it, or else found when asked for."""
    return find() if _current.get() else SimpleLazyObject(find)  # type: ignore[return-value]
