"""Text to tokens, the same way for what is stored and for what is asked, whatever the database.

A word is folded (capitals, accents, width), then stemmed by the rules of its language. Scripts that
put no spaces between words are cut into overlapping pairs of characters instead.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, partial
from importlib import import_module
from threading import Lock
from typing import Any

# Languages that have a stemmer, by the first part of their code. Those of Norway share one.
STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
# Their stemmers cut beginnings as well.
CUT_IN_FRONT = {"ar", "ga", "id", "ta"}
# More than anybody writes, and less than PostgreSQL takes for one lexeme.
LONGEST = 60

# Written without spaces: Thai, Lao, Burmese, Khmer, Chinese, Japanese. Korean has spaces, but hangs
# its particles on the words.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3041-\u309a\u30a0-\u30fa"
    "\u30fc-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
# Signs inside a word that are no letters for `re`: vowels of India, points of Hebrew and Arabic.
MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u0900-\u0963\u0966-\u0dff\u0f00-\u0fff\u200c\u200d"
)
WORD = re.compile(
    f"(?P<unspaced>[{UNSPACED}]+)|[^\\W_{UNSPACED}](?:[^\\W_{UNSPACED}]+|[{MARKS}]+)*"
)
# Accents, and the points that Arabic and Hebrew may leave out. A breve on the Russian и makes
# another letter of it, which its stemmer knows.
_ACCENTS = re.compile(
    "(?<!\u0438)[\u0300-\u036f]|[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0652\u0670]"
)
# "C++" and "C#" are the subjects of many posts, and "C" of none.
_PLUSES = re.compile(r"(?<=\w)\+\+")
_SHARP = re.compile(r"(?<=\w)#(?!\w)")
_stemming = Lock()


def fold(text: str) -> str:
    """`text` in small letters without accents: "Café" and "cafe" are one word."""
    if "+" in text or "#" in text:
        text = _SHARP.sub("sharp", _PLUSES.sub("plusplus", text))
    if text.isascii():
        return text.lower()
    # The sound marks of kana are none of those, and letters of Korean are put together again.
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFC", bare)


def words(text: str) -> list[str]:
    """The folded words of `text`, unstemmed; runs of a script without spaces stay whole."""
    return [found[0][:LONGEST] for found in WORD.finditer(fold(text))]


def tokens(text: str, language: str) -> list[str]:
    """What `text` is found by."""
    found = []
    for match in WORD.finditer(fold(text)):
        if match["unspaced"]:
            found += pairs(match[0])
        else:
            found.append(stem(match[0][:LONGEST], language))
    return found


def pairs(run: str) -> list[str]:
    """Each character with the next one; the last stands alone, so that each starts a token."""
    return [run[at : at + 2] for at in range(len(run))]


def is_unspaced(word: str) -> bool:
    match = WORD.match(word)
    return bool(match and match["unspaced"])


def stem(word: str, language: str) -> str:
    """A folded word without its ending; as it is in a language that has no stemmer here."""
    return stemmer(language)(word)


@lru_cache
def stemmer(language: str) -> Callable[[str], str]:
    """Takes the ending off the folded words of a language."""
    name = STEMMERS.get(language.partition("-")[0])
    return partial(_stem, name=name) if name else str


def keeps_initial(language: str) -> bool:
    return language.partition("-")[0] not in CUT_IN_FRONT


@lru_cache(maxsize=50_000)
def _stem(word: str, name: str) -> str:
    # A stemmer keeps the word that it works on.
    with _stemming:
        return _stemmer(name).stemWord(word) or word


@lru_cache
def _stemmer(name: str) -> Any:
    # One by one, since all of them together are large and a site has one language or two.
    module = import_module(f"snowballstemmer.{name}_stemmer")
    return getattr(module, f"{name.title()}Stemmer")()
