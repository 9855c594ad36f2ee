"""Plain text on its way in (cleaned) and on its way out (counted, shortened, made an address)."""

import math
import re
import unicodedata
from collections import Counter
from itertools import pairwise

from django.utils.text import slugify

SLUG_LENGTH = 80

# Characters that mean nothing in a text and something in a terminal, a mail or a database: C0 and
# C1 controls but tab and line feed, lone surrogates, noncharacters, the byte order mark.
_PLANE_ENDS = "".join(chr(plane * 0x10000 + end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
_UNWANTED = re.compile(
    f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff{_PLANE_ENDS}]"
)
# A bidirectional override in a title reorders the page or the mail around it; in a body it stays
# inside its paragraph, and right-to-left writers need it.
_UNSEEN_IN_LINES = re.compile("[\u200b\u2060\u202a-\u202e\u2066-\u2069]")
_BREAKS = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
# Not the no-break spaces: French typography puts them before : and ?
_GAP = re.compile("[^\\S\u00a0\u202f]+")
# Normalising sorts each run of combining marks, in quadratic time (53 s for 200,000 of them).
# Thirty are enough for every language: Unicode Standard Annex 15, section 13, Stream-Safe Text.
_MARKS_IN_A_ROW = 30
# No mark comes before U+0300: whoever writes a Latin script is not looked at letter by letter.
_MAY_BE_MARKS = re.compile(f"[\u0300-\U0010ffff]{{{_MARKS_IN_A_ROW + 1},}}")

# Han, Kana and Bopomofo: written without spaces, read at about two characters a word.
_IDEOGRAPHS = (
    "\u3005-\u3007\u3040-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
# What a reader takes in at a glance; the limit keeps one endless "word" from being an excerpt.
_GLANCE = re.compile(f"[{_IDEOGRAPHS}]|[^\\s{_IDEOGRAPHS}]{{1,40}}")
_WORD = re.compile(f"[{_IDEOGRAPHS}]+|[^\\W_{_IDEOGRAPHS}]{{1,40}}")
_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHS}]")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")

# Django's slugify drops these, which would join the words around them.
_SEPARATORS = re.compile("[-\u2010-\u2015\u2026/\\\\.,:;|_·]+")


def clean(text: str) -> str:
    """`text` as it is stored: NFC, lines ended by LF, nothing that cannot be seen or kept."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _UNWANTED.sub("", text)
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _with_few_marks(text))


def clean_line(text: str) -> str:
    """`text` as one clean line, white space folded, for titles, names and subjects."""
    line = _UNSEEN_IN_LINES.sub("", clean(_BREAKS.sub(" ", text)))
    return _GAP.sub(" ", line).strip()


def unique_slug_base(title: str) -> str:
    """A readable slug, never empty, for the caller to make unique by a number."""
    return slug(title) or "post"


def slug(title: str) -> str:
    """At most 80 characters of Unicode slug, cut between words; empty if nothing is left.

    "C++" and "C#" are the subjects of many posts: they come out as "c-plus-plus" and "c-sharp".
    """
    title = re.sub(r"(?<=\w)\++", lambda signs: " plus" * len(signs[0]) + " ", clean(title))
    title = re.sub(r"(?<=\w)#(?!\w)", " sharp ", title)
    whole = slugify(_SEPARATORS.sub(" ", title), allow_unicode=True)
    if len(whole) <= SLUG_LENGTH:
        return whole
    cut, last_gap = whole[:SLUG_LENGTH], whole.rfind("-", 0, SLUG_LENGTH + 1)
    # In a language without spaces, or in one endless word, there may be no gap worth cutting at.
    return cut[:last_gap] if last_gap > SLUG_LENGTH // 2 else cut


def count_words(text: str) -> int:
    """Words to read; two Chinese or Japanese characters count as one."""
    return math.ceil(sum(_weight(glance[0]) for glance in _GLANCE.finditer(text)))


def excerpt(text: str, words: int = 40) -> str:
    """The first `words` of `text` in one line, with an ellipsis where there was more."""
    line = " ".join(text.split())
    taken = 0.0
    for glance in _GLANCE.finditer(line):
        taken += _weight(glance[0])
        if taken > words:
            return line[: glance.start()].rstrip(" ,;:.–—-(“„«") + "…"
    return line


def keywords(text: str, most: int = 80) -> list[str]:
    """The words that `text` uses most, folded; pairs of characters where there are no spaces.

    Which of them say something is known only beside other texts.
    """
    words: Counter[str] = Counter()
    for run in _WORD.findall(text.lower()):
        if _IDEOGRAPH.match(run):
            words.update(map("".join, pairwise(run)))
        elif len(run) > 2 and not run.isdecimal():
            words[run] += 1
    return [word for word, _ in words.most_common(most)]


def _weight(glance: str) -> float:
    if _IDEOGRAPH.match(glance):
        return 0.5
    return 1.0 if _LETTER_OR_DIGIT.search(glance) else 0.0


def _with_few_marks(text: str) -> str:
    return _MAY_BE_MARKS.sub(_cut_after_marks, text)


def _cut_after_marks(run: re.Match[str]) -> str:
    kept, marks = [], 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)
