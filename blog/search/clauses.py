"""What the two indexes are given: tokens to keep, and clauses to match."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from blog.archive import Period
from blog.models.search import SearchEntry, SearchEntryQuerySet
from blog.prepared import moment
from blog.search.query import Tokens

# The tokens of a post by field: title, summary, body, and places, which are its categories, its
# author and its year.
type Fields = dict[str, list[str]]
# Of the entries that were found, each in a list of its own: 2,000 rows would be 2,000 objects more,
# for which Python begins to look through all that it has for garbage.
COLUMNS = ("score", "newness", "post_id", "author_id", "category_ids")


@dataclass(frozen=True, slots=True)
class Clause:
    """A post matches if its words have one of the readings, or it stands in one of the places."""

    readings: tuple[Tokens, ...] = ()
    places: tuple[str, ...] = ()
    is_excluded: bool = False


def entries_to_match(*, in_period: bool) -> SearchEntryQuerySet:
    """Those that the public may see; their SQL is made once, and asked with `moments()`."""
    entries = SearchEntry.objects.published(moment("now"))
    if in_period:
        entries = entries.filter(published_at__gte=moment("start"), published_at__lt=moment("end"))
    return entries


def moments(period: Period | None) -> dict[str, Any]:
    within = {"start": period.start, "end": period.end} if period else {}
    return {"now": timezone.now(), **within}


def category_token(pk: int) -> str:
    return f"c{pk}"


def author_token(pk: int) -> str:
    return f"a{pk}"


def year_token(year: int) -> str:
    return f"y{year}"
