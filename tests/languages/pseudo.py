"""A language in which every translated text stands in brackets: what has none was forgotten."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

from django.template import engines
from django.utils import translation
from django.utils.translation import trans_real

from config.jinja import spelled

OPEN, CLOSE = "⟦", "⟧"
PLACE = re.compile(r"(%(?:\(\w+\))?[sd])")
# Not words but the pattern of a date.
PATTERNS = {"j M"}
# What a reader meets of an element beside its text.
SPOKEN = {"alt", "aria-label", "placeholder", "title", "data-placeholder"}
SILENT = {"script", "style", "code", "pre", "template"}
# Addresses, file names, hashes, words of protocols and times are the same in every language.
SAME = re.compile(
    r"""pennypost0[a-z0-9]+?here | https?://[^\s<]+ | \S+@\S+ | \b[\w-]+\.(?:csv|html|py|md)
        | \b[0-9a-f]{7,}\b | (?:/[\w-]+)+/? | &\w+;
        | \b(?:SHA-256|RSS|JSON|Pennypost|True|False|None)\b | UTC\b
    """,
    re.VERBOSE,
)
WORD = re.compile(r"[A-Za-z]{2,}")


class Bracketing:
    """Stands for a catalogue that knows every message."""

    def __init__(self, real: object) -> None:
        self._real = real

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def gettext(self, message: str) -> str:
        if message in PATTERNS or not message:
            return message
        words = message.rpartition(trans_real.CONTEXT_SEPARATOR)[2]
        # What is put in has to be translated by itself.
        return "".join(
            part if PLACE.fullmatch(part) else f"{OPEN}{part}{CLOSE}"
            for part in PLACE.split(words)
            if part
        )

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)


@contextmanager
def bracketed() -> Iterator[None]:
    """In the place of English, so that whatever activates English activates the brackets."""
    real = trans_real.translation("en")
    trans_real._translations["en"] = trans_real._default = Bracketing(real)
    translation.activate("en")
    forget_words()
    try:
        yield
    finally:
        trans_real._translations["en"] = trans_real._default = real
        translation.activate("en")
        forget_words()


def forget_words() -> None:
    """What was said in English before."""
    spelled.cache_clear()
    engines["jinja2"].env.forget()


class Said(HTMLParser):
    """All that a page says, each text and each spoken attribute by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT
        spoken = SPOKEN
        if tag == "input" and ("type", "submit") in attrs:
            spoken = SPOKEN | {"value"}
        if tag == "meta" and dict(attrs).get("name") == "description":
            spoken = SPOKEN | {"content"}
        self.texts += [value for name, value in attrs if name in spoken and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.texts.append(" ".join(data.split()))


def outside_brackets(text: str) -> str:
    outside, depth = [], 0
    for sign in text:
        depth += sign == OPEN
        if not depth:
            outside.append(sign)
        depth -= sign == CLOSE
    return "".join(outside)


def untranslated(page: str) -> list[str]:
    """What stands on it in Latin letters and came from no catalogue; a test writes in Greek."""
    said = Said()
    said.feed(outside_brackets(page))
    return [text for text in said.texts if WORD.search(SAME.sub(" ", text))]


def untranslated_text(text: str) -> list[str]:
    lines = outside_brackets(text).splitlines()
    return [line for line in lines if WORD.search(SAME.sub(" ", line))]
