"""What somebody typed, understood: words, “phrases” and -exclusions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from blog.search.words import fold, is_unspaced, pairs, stem, words
from blog.text import clean_line

# Whatever comes after is not looked at; nobody types as much.
LONGEST = 400
MOST_TERMS = 12
SHORTEST_PREFIX = 2

_PIECE = re.compile(
    r'(?P<minus>(?<!\S)[-\u2212])?(?:["“”„«»](?P<phrase>[^"“”„«»]*)["“”„«»]|(?P<bare>[^\s"“”„«»]+))'
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that stand side by side; the last may be only the beginning of one."""

    tokens: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand side by side, often one. An excluded one must not be in a post."""

    words: tuple[str, ...]
    is_excluded: bool = False
    # The last word typed may be unfinished.
    is_open: bool = False

    @property
    def may_be_unfinished(self) -> bool:
        word = self.words[0]
        is_one = len(self.words) == 1 and len(word) >= SHORTEST_PREFIX
        return is_one and not is_unspaced(word) and not self.is_excluded

    def readings(self, languages: Iterable[str]) -> list[Tokens]:
        """Each way in which the term may stand in the index, which is stemmed by language."""
        return list(dict.fromkeys(self._reading(language) for language in languages))

    def _reading(self, language: str) -> Tokens:
        tokens: list[str] = []
        for word in self.words:
            tokens += pairs(word) if is_unspaced(word) else [stem(word, language)]
        # A single character at the end begins a pair; after others it is the end of one.
        if is_unspaced(self.words[-1]):
            is_single = len(self.words[-1]) == 1
            return Tokens(tuple(tokens if is_single else tokens[:-1]), is_prefix=is_single)
        return Tokens(tuple(tokens))


@dataclass(frozen=True, slots=True)
class Query:
    text: str
    terms: tuple[Term, ...]

    @property
    def wanted(self) -> list[Term]:
        return [term for term in self.terms if not term.is_excluded]

    @property
    def unwanted(self) -> list[Term]:
        return [term for term in self.terms if term.is_excluded]

    @property
    def is_open(self) -> bool:
        return any(term.is_open for term in self.terms)

    def closed(self) -> "Query":
        """With its last word as it stands."""
        return replace(self, terms=tuple(replace(term, is_open=False) for term in self.terms))

    @property
    def is_only_exclusions(self) -> bool:
        return bool(self.terms) and not self.wanted

    @property
    def is_too_short(self) -> bool:
        """Whether there is nothing to look for: no word but of one letter."""
        return not any(
            len("".join(term.words)) >= SHORTEST_PREFIX or is_unspaced(term.words[0])
            for term in self.wanted
        )


def parse(typed: str) -> Query:
    """Never fails: what is no word is left out."""
    text = clean_line(typed[:LONGEST])
    terms: list[Term] = []
    for piece in _PIECE.finditer(text):
        is_phrase = piece["phrase"] is not None
        found = tuple(words(piece["phrase"] if is_phrase else piece["bare"]))
        if found and len(terms) < MOST_TERMS:
            is_last = piece.end() == len(text) and not is_phrase
            term = Term(found[:MOST_TERMS], bool(piece["minus"]))
            is_open = is_last and term.may_be_unfinished
            terms.append(replace(term, is_open=is_open))
    return Query(text, tuple(dict.fromkeys(terms)))


def instead(query: Query, better: dict[str, str]) -> str:
    """The same question with other words in the place of some."""

    def replaced(found: re.Match[str]) -> str:
        return better.get(fold(found[0]), found[0])

    return re.sub(r"\w+", replaced, query.text)
