"""“Did you mean”: for each word that nothing visible has, the closest that something has."""

from collections.abc import Sequence
from itertools import islice

from blog.models.search import SearchWord
from blog.search.finding import Names, find
from blog.search.query import Query, Term, instead
from blog.search.words import is_unspaced

# Words that are measured, and words that are tried before we give up.
MOST_ALIKE = 5_000
MOST_TRIED = 5


def suggestion(query: Query, languages: Sequence[str], names: Names) -> str:
    """A question that finds something where `query` finds nothing, or an empty text.

    The words are those of every post, drafts too: each is tried in a search like any reader's
    before it is told to anybody.
    """
    better: dict[str, str] = {}
    for term in query.wanted:
        for word in term.words:
            if not is_unspaced(word) and not _is_found(word, languages, names):
                if not (closest := _closest(word, languages, names)):
                    return ""
                better[word] = closest
    return instead(query, better) if better else ""


def _is_found(word: str, languages: Sequence[str], names: Names) -> bool:
    return bool(find(Query(word, (Term((word,)),)), languages, names, most=1).post_ids)


def _closest(word: str, languages: Sequence[str], names: Names) -> str:
    tried = islice(alike(word), MOST_TRIED)
    return next((each for each in tried if _is_found(each, languages, names)), "")


def alike(word: str) -> list[str]:
    """Words that begin with the same letter and are a slip or two away, the closest first."""
    most = 1 if len(word) < 5 else 2
    lengths = (len(word) - most, len(word) + most)
    rows = SearchWord.objects.filter(first=word[0], length__range=lengths).exclude(word=word)
    known = rows.values_list("word", flat=True)[:MOST_ALIKE]
    letters = set(word)
    near = [each for each in known if len(letters.symmetric_difference(each)) <= 2 * most]
    measured = sorted((distance(word, each), each) for each in near)
    return [each for far, each in measured if far <= most]


def distance(one: str, other: str) -> int:
    """Letters to add, to drop, to change, or to swap with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        older, before, row = before, row, [i]
        for j, theirs in enumerate(other, start=1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != theirs))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == theirs:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
