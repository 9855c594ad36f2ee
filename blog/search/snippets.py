"""The passage that a post was found by, cut where the words that were looked for stand.

Pieces of plain text come out, and the template escapes each before it marks it.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from blog.search.query import Term
from blog.search.words import MARKS, UNSPACED, WORD, fold, is_unspaced, keeps_initial, stemmer

# Characters of a passage, and of what stands before its first match.
LENGTH = 240
LEAD = 60
# Places of one word that are looked at to find the passage with most of them.
MOST_MATCHES = 30

# "C++" is one word, as it is where words are folded; and `findall` gives words if nothing is named.
_WORD = WORD.pattern.replace("?P<unspaced>", "?:") + r"(?:\+\+|#(?!\w))?"
_NOT_INSIDE = rf"(?<![^\W_{UNSPACED}])(?<![{MARKS}])"
# The same where all is ASCII, which is looked through in half of the time.
_ASCII_WORD = r"[{}](?<![0-9A-Za-z].)[0-9A-Za-z]*(?:\+\+|#(?!\w))?"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, to be marked or not."""

    text: str
    is_match: bool = False


@dataclass(frozen=True, slots=True)
class _Match:
    start: int
    end: int
    word: str


class Marker:
    """Knows a match when it sees one. Made for one search, used on each text that is shown."""

    def __init__(self, terms: Iterable[Term], languages: Collection[str]) -> None:
        wanted = [term for term in terms if not term.is_excluded]
        words = [word for term in wanted for word in term.words]
        self._runs = [word for word in words if is_unspaced(word)]
        self._stemmers = [stemmer(language) for language in languages]
        self._stems = {stem_of(word) for word in words for stem_of in self._stemmers}
        self._starts = tuple(term.words[0] for term in wanted if term.is_open)
        # Most words need not be stemmed to see that they are others.
        keeps = all(keeps_initial(language) for language in languages)
        self._initials = {each[0] for each in (*self._stems, *self._starts)} if keeps else set()
        initials = "".join(sorted(self._initials))
        self._words, self._ascii_words = _words(initials), _ascii_words(initials)
        self._known: dict[str, str] = {}

    def pieces(self, text: str) -> list[Piece]:
        """The whole of `text`."""
        return _cut(text, self._matches(text), 0, len(text))

    def passage(self, text: str) -> list[Piece]:
        """The part of `text` with most of the words; nothing where it has none."""
        matches = self._matches(text)
        if not matches:
            return []
        start, end = _bounds(text, _best(matches).start)
        before = [Piece("… ")] if start else []
        after = [Piece(" …")] if end < len(text) else []
        return [*before, *_cut(text, matches, start, end), *after]

    def _matches(self, text: str) -> list[_Match]:
        """In their order. Each word is looked at once, however often it stands there."""
        known = self._known
        words = set((self._ascii_words if text.isascii() else self._words).findall(text))
        known |= {word: self._answers(word) for word in words - known.keys()}
        found = [
            _Match(at, at + len(word), known[word])
            for word in words
            if known[word]
            for at in _places(text, word)
            if not text[at - 1 : at].isalnum() and not text[at + len(word) :][:1].isalnum()
        ]
        found += [_Match(at, at + len(run), run) for run in self._runs for at in _places(text, run)]
        return sorted(found, key=lambda match: match.start)

    def _answers(self, word: str) -> str:
        """What of the question `word` answers; empty if it does not."""
        word = fold(word)
        if self._initials and word[0] not in self._initials:
            return ""
        for start in self._starts:
            if word.startswith(start):
                return start
        for stem_of in self._stemmers:
            if (found := stem_of(word)) in self._stems:
                return found
        return ""


@lru_cache
def _words(initials: str) -> re.Pattern[str]:
    """Finds those that begin with one of `initials`, or with what may be one under an accent.

    All others, which are most, are passed over without being taken out. Where there are no
    initials every word is found.
    """
    if not initials:
        return re.compile(_WORD)
    # A set in front lets `re` leap from one place where it can begin to the next.
    begins = f"(?=[{initials}{initials.upper()}\u0080-\U0010ffff])"
    return re.compile(f"{begins}{_NOT_INSIDE}(?:{_WORD})")


@lru_cache
def _ascii_words(initials: str) -> re.Pattern[str]:
    """The same for text in ASCII."""
    letters = [each for each in initials + initials.upper() if each.isascii()]
    if initials and not letters:
        return re.compile("(?!)")
    return re.compile(_ASCII_WORD.format("".join(letters) or "0-9A-Za-z"))


def _places(text: str, part: str) -> list[int]:
    """Where `part` begins in `text`."""
    found: list[int] = []
    at = text.find(part)
    while at >= 0 and len(found) < MOST_MATCHES:
        found.append(at)
        at = text.find(part, at + len(part))
    return found


def _best(matches: list[_Match]) -> _Match:
    """The first match of the stretch in which most different words stand, then most of them."""

    def worth(at: int) -> tuple[int, int, int]:
        end = matches[at].start + LENGTH - LEAD
        near = [match.word for match in matches[at : at + 12] if match.end <= end]
        return len(set(near)), len(near), -at

    return matches[max(range(len(matches)), key=worth)]


def _bounds(text: str, first: int) -> tuple[int, int]:
    """Of a passage around the match at `first`: from a line or a gap to a gap."""
    start = max(0, first - LEAD)
    if start:
        line = text.rfind("\n", start, first) + 1
        gap = text.find(" ", start, first) + 1
        start = line or gap or start
    end = min(len(text), start + LENGTH)
    if end < len(text):
        gap = max(text.rfind(sign, first + 1, end) for sign in " \n")
        end = gap if gap > start + LENGTH // 2 else end
    return start, end


def _cut(text: str, matches: list[_Match], start: int, end: int) -> list[Piece]:
    pieces, at = [], start
    for match in matches:
        if at <= match.start and match.end <= end:
            pieces += [Piece(text[at : match.start]), Piece(text[match.start : match.end], True)]
            at = match.end
    return [piece for piece in [*pieces, Piece(text[at:end])] if piece.text]
