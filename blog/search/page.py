"""The search page: what was asked in its address, and all that it shows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus

from django.db.models import BigIntegerField, ExpressionWrapper, F
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from blog.archive import period_or_404
from blog.filed import with_categories
from blog.models import Author, Category, Post
from blog.models.post_queryset import ENTRY
from blog.models.search import SearchEntry, SearchEntryQuerySet
from blog.prepared import Prepared, moment, number
from blog.search.finding import (
    NO_FILTERS,
    Filters,
    Found,
    Names,
    find,
    languages_in_use,
    names_now,
)
from blog.search.query import Query, parse
from blog.search.snippets import Marker, Piece
from blog.search.suggesting import suggestion
from blog.text import clean_line

RESULTS_A_PAGE = 10
# Choices beside a filter: those with most posts.
MOST_CHOICES = 12


# What a filter may be set to, and how many results have it: its name, their number, its value.
type Counted = tuple[str, int, Any]


@dataclass(frozen=True, slots=True)
class Result:
    post: Post
    title: list[Piece]
    passage: list[Piece]


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to narrow the results down, or out again."""

    name: str
    count: int
    address: str


@dataclass(frozen=True, slots=True)
class Facet:
    """What results can be narrowed down by: the choices, or what was chosen and the way back."""

    name: str
    chosen: str
    without: str
    choices: list[Choice]


@dataclass(frozen=True, slots=True)
class Asked:
    """The address of a search, understood."""

    query: Query
    filters: Filters = NO_FILTERS

    @classmethod
    def read(cls, parameters: QueryDict) -> "Asked":
        """Raises DoesNotExist, ValueError or Http404 for a filter that names nothing."""
        category, author, year = (
            clean_line(parameters.get(name, "")) for name in ("category", "author", "year")
        )
        filters = Filters(
            Category.objects.get(slug=category) if category else None,
            Author.objects.published().get(slug=author) if author else None,
            _year(year) if year else None,
        )
        return cls(parse(parameters.get("q", "")), filters)

    @property
    def parts(self) -> dict[str, str]:
        """What its address is made of, in one order whatever order it came in."""
        filters = self.filters
        values = {
            "q": self.query.text,
            "category": filters.category and filters.category.slug,
            "author": filters.author and filters.author.slug,
            "year": filters.year,
        }
        return {name: _written(name, value) for name, value in values.items()}

    @property
    def address(self) -> str:
        """What stands behind the path."""
        return _joined(self.parts)


def _written(name: str, value: Any) -> str:
    return f"{name}={quote_plus(str(value))}" if value else ""


def _joined(parts: dict[str, str]) -> str:
    return "?" + "&".join(filter(None, parts.values()))


@Prepared
def _entries(count: int) -> SearchEntryQuerySet:
    """By number: SQLite finds them so, and would walk all posts by date."""
    key = ExpressionWrapper(F("post_id"), output_field=BigIntegerField())
    keys = [number(f"post{place}") for place in range(count)]
    entries = SearchEntry.objects.published(moment("now")).alias(key=key).filter(key__in=keys)
    shown = (f"post__{name}" for name in (*ENTRY, "status"))
    return entries.select_related("post__author").only("text", "category_ids", *shown)


class SearchPage:
    """Everything is looked up when the template asks for it, and not before."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.query = asked.query

    @cached_property
    def languages(self) -> list[str]:
        return languages_in_use()

    @cached_property
    def names(self) -> Names:
        return names_now()

    @cached_property
    def found(self) -> Found:
        return find(self.query, self.languages, self.names, self.asked.filters)

    def results(self, post_ids: Iterable[int]) -> list[Result]:
        """These, with the passages that they were found by."""
        wanted = list(post_ids)
        keys = {f"post{place}": pk for place, pk in enumerate(wanted)}
        found = _entries(len(wanted), now=timezone.now(), **keys)
        for each in found:
            each.post.category_keys = each.category_ids
        with_categories(each.post for each in found)
        entries = {each.pk: each for each in found}
        marker = Marker(self.found.terms, self.languages)
        return [
            Result(
                entry.post,
                marker.pieces(entry.post.title),
                marker.passage(entry.text) or marker.pieces(entry.post.description),
            )
            for pk in wanted
            if (entry := entries.get(pk)) and entry.post.is_public
        ]

    @cached_property
    def suggestion(self) -> str:
        return suggestion(self.query, self.languages, self.names)

    @property
    def suggested_address(self) -> str:
        return Asked(parse(self.suggestion)).address

    @property
    def address_without_filters(self) -> str:
        return Asked(self.query).address

    @cached_property
    def some_categories(self) -> list[Category]:
        return list(Category.objects.published()[:MOST_CHOICES])

    @cached_property
    def facets(self) -> list[Facet]:
        """Those that narrow something down, or have done so already."""
        filters = self.asked.filters
        facets = [
            self._facet("category", _("Category"), filters.category, self._categories),
            self._facet("author", _("Author"), filters.author, self._authors),
            self._facet("year", _("Year"), filters.year, self._years),
        ]
        return [facet for facet in facets if facet.chosen or len(facet.choices) > 1]

    def _facet(
        self, part: str, name: str, chosen: Any, choices: Callable[[], list[Counted]]
    ) -> Facet:
        parts = self.asked.parts
        there = [
            Choice(label, count, _joined(parts | {part: _written(part, value)}))
            for label, count, value in ([] if chosen else choices()[:MOST_CHOICES])
        ]
        return Facet(name, str(chosen or ""), _joined(parts | {part: ""}), there)

    def _categories(self) -> list[Counted]:
        rows, counts = self.names.categories, self.found.by_category
        return _ordered((rows[pk].name, counts[pk], rows[pk].slug) for pk in counts if pk in rows)

    def _authors(self) -> list[Counted]:
        rows, counts = self.names.authors, self.found.by_author
        return _ordered(
            (rows[pk].get_display_name(), counts[pk], rows[pk].slug) for pk in counts if pk in rows
        )

    def _years(self) -> list[Counted]:
        return [(str(year), count, year) for year, count in self.found.by_year.items()]


def _ordered(choices: Iterable[Counted]) -> list[Counted]:
    """The one with most posts first; by name where they have as many."""
    return sorted(choices, key=lambda choice: (-choice[1], choice[0]))


def _year(said: str) -> int:
    if not (said.isascii() and said.isdecimal() and len(said) == 4):
        raise ValueError(said)
    return period_or_404(int(said), None).year
