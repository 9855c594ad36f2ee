"""Finding: what was typed, to posts in order, and counts beside the filters."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial

from django.conf import settings
from django.utils.timezone import localtime

from blog.archive import Period
from blog.models import Author, Category
from blog.models.search import (
    SearchEntry,
    SearchEntryQuerySet,
    SearchWord,
    newness_of,
    seconds_of,
)
from blog.prepared import Prepared, text
from blog.search.backends import backend
from blog.search.clauses import Clause, author_token, category_token, year_token
from blog.search.query import Query, Term, Tokens
from blog.search.words import stem, tokens
from blog.shared import shared

# Beyond so many matches the newest are ranked, and the page says so.
MOST_RANKED = 2_000
# A question that finds so many was typed to its end.
ENOUGH = 10
# Words that an unfinished one is completed to; if there are more, the index looks for them.
MOST_COMPLETIONS = 30


@dataclass(frozen=True, slots=True)
class Filters:
    """What the results are narrowed to."""

    category: Category | None = None
    author: Author | None = None
    year: int | None = None

    def __bool__(self) -> bool:
        return any((self.category, self.author, self.year))


NO_FILTERS = Filters()


class Names:
    """Categories and authors, by what they are called now.

    Few enough to be looked through at each search, so that to rename one changes no post's entry.
    Read once an edition; see `names_now`.
    """

    @cached_property
    def categories(self) -> dict[int, Category]:
        return {row.pk: row for row in Category.objects.only("name", "slug")}

    @cached_property
    def authors(self) -> dict[int, Author]:
        """Those whom the public may know of."""
        named = Author.objects.published().only("slug", "display_name", "first_name", "last_name")
        return {row.pk: row for row in named}

    @cached_property
    def _places(self) -> list[tuple[list[str], str]]:
        named = [(row.name, category_token(pk)) for pk, row in self.categories.items()]
        named += [(row.get_display_name(), author_token(pk)) for pk, row in self.authors.items()]
        return [(tokens(name, settings.LANGUAGE_CODE), place) for name, place in named]

    def answering(self, readings: Iterable[Tokens]) -> tuple[str, ...]:
        """The places whose names have one of the readings."""
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


@shared
def names_now() -> Names:
    return Names()


@dataclass(frozen=True)
class Found:
    """Posts that were found, the best first: column by column, since there are many."""

    newnesses: Sequence[int] = ()
    post_ids: Sequence[int] = ()
    author_ids: Sequence[int | None] = ()
    category_ids: Sequence[str] = ()
    is_capped: bool = False
    # What was looked for: the last word is open if posts count that have only its beginning.
    terms: tuple[Term, ...] = ()

    @classmethod
    def of(cls, columns: list[list], most: int, terms: tuple[Term, ...]) -> "Found":
        """`columns` have one more than `most` where there are more: without the oldest, then."""
        scores, newnesses, *_ = columns
        newest = sorted(range(len(scores)), key=newnesses.__getitem__, reverse=True)[:most]
        # By score, and the newer first where that is the same.
        best = sorted(newest, key=scores.__getitem__, reverse=True)
        newnesses, post_ids, author_ids, category_ids = (
            [column[place] for place in best] for column in columns[1:]
        )
        is_capped = len(scores) > most
        return cls(newnesses, post_ids, author_ids, category_ids, is_capped, terms)

    @cached_property
    def by_category(self) -> Counter[int]:
        counts: Counter[int] = Counter()
        for category_ids, count in Counter(self.category_ids).items():
            for pk in category_ids.split():
                counts[int(pk)] += count
        return counts

    @cached_property
    def by_author(self) -> Counter[int | None]:
        return Counter(self.author_ids)

    @cached_property
    def by_year(self) -> dict[int, int]:
        """The newest first, in the site's own time zone."""
        if not self.post_ids:
            return {}
        ordered = sorted(self.newnesses)
        first, last = (_year_of(newness) for newness in (ordered[0], ordered[-1]))
        starts = [newness_of(0, Period(year).start) for year in range(first, last + 2)]
        before = [bisect_left(ordered, start) for start in starts]
        counts = {
            first + at: before[at + 1] - before[at] for at in reversed(range(len(starts) - 1))
        }
        return {year: count for year, count in counts.items() if count}


def _year_of(newness: int) -> int:
    return localtime(datetime.fromtimestamp(seconds_of(newness), UTC)).year


def find(
    query: Query,
    languages: Sequence[str],
    names: Names,
    filters: Filters = NO_FILTERS,
    most: int | None = None,
) -> Found:
    """The posts that the public may see now and that answer `query`, within `filters`.

    Words are taken as they stand. Only where that finds less than ENOUGH is the last one taken for
    a beginning too: who types "car" is not looking for all that was written about care. The filters
    have no part in it, so that each narrows the results down to as many as stand beside it.
    """
    if query.is_too_short:
        return Found()
    answer = partial(_answer, languages=languages, names=names)
    most = most or MOST_RANKED
    found = answer(query.closed(), filters=filters, most=most)
    if not query.is_open or len(found.post_ids) >= ENOUGH:
        return found
    if filters and len(answer(query.closed(), most=ENOUGH).post_ids) >= ENOUGH:
        return found
    return answer(query, filters=filters, most=most)


def _answer(
    query: Query,
    languages: Sequence[str],
    names: Names,
    most: int,
    filters: Filters = NO_FILTERS,
) -> Found:
    clauses = [clause_of(term, languages, names) for term in query.terms]
    clauses += [Clause(places=(place,)) for place in _places(filters)]
    period = Period(filters.year) if filters.year else None
    return Found.of(backend().ranked(clauses, most + 1, period), most, query.terms)


@Prepared
def _next_language() -> SearchEntryQuerySet:
    """An entry by the language that comes after another one along the index."""
    after = SearchEntry.objects.filter(language__gt=text("other")).order_by("language")
    return after.only("language")[:1]


def languages_in_use() -> list[str]:
    """Those that entries are stemmed by: from one to the next along their index."""
    found: list[str] = []
    while entries := _next_language(other=found[-1] if found else ""):
        found.append(entries[0].language)
    return found or [settings.LANGUAGE_CODE]


def clause_of(term: Term, languages: Sequence[str], names: Names) -> Clause:
    readings = term.readings(languages)
    if not term.is_open:
        return Clause(tuple(readings), names.answering(readings), term.is_excluded)
    start = Tokens(term.words, is_prefix=True)
    places = names.answering([*readings, start])
    return Clause(tuple(dict.fromkeys([*readings, *completions(start, languages)])), places)


def completions(start: Tokens, languages: Iterable[str]) -> list[Tokens]:
    """Where words that begin so stand in the index: "electri" is no part of the stem "electr".

    An index that has to look for them itself puts together all that it has of each beforehand,
    which takes longer than to ask for the words one by one.
    """
    [letters] = start.tokens
    alike = SearchWord.objects.filter(
        first=letters[0], length__gt=len(letters), word__startswith=letters
    ).order_by("length", "word")
    words = alike.values_list("word", flat=True)[: MOST_COMPLETIONS + 1]
    stems = sorted({stem(word, language) for word in words for language in languages})
    if 0 < len(words) <= MOST_COMPLETIONS:
        return [Tokens((each,)) for each in stems]
    return [start, *(Tokens((each,)) for each in stems if not each.startswith(letters))]


def _places(filters: Filters) -> list[str]:
    category = [category_token(filters.category.pk)] if filters.category else []
    author = [author_token(filters.author.pk)] if filters.author else []
    year = [year_token(filters.year)] if filters.year else []
    return category + author + year
