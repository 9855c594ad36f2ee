"""Finding: what was typed, to posts in order, counts beside the filters, and what was meant."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.utils.timezone import localtime

from blog.archive import Period
from blog.models import Author, Category
from blog.models.search import SearchEntry, SearchWord
from blog.search.backends import backend
from blog.search.clauses import Clause, author_token, category_token
from blog.search.query import Query, Term, Tokens
from blog.search.words import stem, tokens

# Beyond so many matches the newest are ranked, and the page says so.
MOST_RANKED = 2_000
# Words that an unfinished one is completed to, beside those that begin like it in the index.
MOST_COMPLETIONS = 30


@dataclass(frozen=True, slots=True)
class Filters:
    """What the results are narrowed to."""

    category: Category | None = None
    author: Author | None = None
    year: int | None = None

    def __bool__(self) -> bool:
        return any((self.category, self.author, self.year))


@dataclass(frozen=True, slots=True)
class Match:
    """A post that was found, without itself."""

    post_id: int
    published_at: datetime
    author_id: int | None
    category_ids: tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """The best first."""

    matches: list[Match] = field(default_factory=list)
    is_capped: bool = False

    @cached_property
    def by_category(self) -> Counter[int]:
        return Counter(pk for match in self.matches for pk in match.category_ids)

    @cached_property
    def by_author(self) -> Counter[int]:
        return Counter(match.author_id for match in self.matches if match.author_id)

    @cached_property
    def by_year(self) -> Counter[int]:
        return Counter(localtime(match.published_at).year for match in self.matches)


def find(query: Query, languages: Sequence[str], filters: Filters = Filters()) -> Found:  # noqa: B008
    """The posts that the public may see now and that answer `query`, within `filters`."""
    if query.is_too_short:
        return Found()
    names = Names()
    clauses = [clause_of(term, languages, names) for term in query.terms]
    clauses += [Clause(places=(place,)) for place in _places(filters)]
    entries = SearchEntry.objects.published()
    if filters.year:
        entries = entries.filter(Period(filters.year).contains())
    rows = backend().ranked(entries, clauses, MOST_RANKED + 1)
    newest = sorted(rows, key=lambda row: -row[1])[:MOST_RANKED]
    newest.sort(key=lambda row: -row[0])
    matches = [
        Match(post_id, published_at, author_id, tuple(map(int, category_ids.split())))
        for _, _, post_id, published_at, author_id, category_ids in newest
    ]
    return Found(matches, is_capped=len(rows) > MOST_RANKED)


def languages_in_use() -> list[str]:
    """Those that entries are stemmed by: from one to the next along their index."""
    found: list[str] = []
    entries = SearchEntry.objects.order_by("language").values_list("language", flat=True)
    while (language := entries.filter(language__gt=found[-1] if found else "").first()) is not None:
        found.append(language)
    return found or [settings.LANGUAGE_CODE]


class Names:
    """Categories and authors by the words of their names, as they are called now.

    Few enough to be looked through at each search, so that to rename one changes no post's entry.
    """

    @cached_property
    def _places(self) -> list[tuple[list[str], str]]:
        language = settings.LANGUAGE_CODE
        named = [
            (name, category_token(pk)) for pk, name in Category.objects.values_list("pk", "name")
        ]
        authors = Author.objects.published().only("display_name", "first_name", "last_name")
        named += [(author.get_display_name(), author_token(author.pk)) for author in authors]
        return [(tokens(name, language), place) for name, place in named]

    def answering(self, readings: Iterable[Tokens]) -> tuple[str, ...]:
        return tuple(
            place
            for name, place in self._places
            if any(_stands_in(reading, name) for reading in readings)
        )


def _stands_in(reading: Tokens, name: list[str]) -> bool:
    *firsts, last = reading.tokens
    for at in range(len(name) - len(firsts)):
        *starts, end = name[at : at + len(reading.tokens)]
        fits = end.startswith(last) if reading.is_prefix else end == last
        if fits and starts == firsts:
            return True
    return False


def clause_of(term: Term, languages: Sequence[str], names: Names) -> Clause:
    readings = term.readings(languages)
    places = names.answering(readings)
    if term.is_open and term.is_word:
        readings += completions(term.words[0], languages)
    return Clause(tuple(dict.fromkeys(readings)), places, term.is_excluded)


def completions(start: str, languages: Iterable[str]) -> list[Tokens]:
    """Words that begin so, where their stem does not: "electri" is no part of "electr"."""
    alike = SearchWord.objects.filter(first=start[0], length__gt=len(start), word__startswith=start)
    words = alike.order_by("length", "word").values_list("word", flat=True)[:MOST_COMPLETIONS]
    stems = {stem(word, language) for word in words for language in languages}
    return [Tokens((each,)) for each in sorted(stems) if not each.startswith(start)]


def _places(filters: Filters) -> list[str]:
    category = [category_token(filters.category.pk)] if filters.category else []
    author = [author_token(filters.author.pk)] if filters.author else []
    return category + author
