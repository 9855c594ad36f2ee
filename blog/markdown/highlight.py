"""Code in colour, made on the server: spans with Pygments' class names, coloured by code.css."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from html import escape
from itertools import groupby
from threading import Lock
from typing import Any

from pygments.lexer import Lexer, RegexLexer, RegexLexerMeta
from pygments.lexers import find_lexer_class_by_name
from pygments.token import (
    Comment,
    Generic,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    String,
    _TokenType,
)

from blog.markdown.limits import Deadline

# Longer code stays plain: colour helps little there, and costs the page a lot.
MAX_CODE = 30_000
# How far one regular expression of Pygments may look. Most are quadratic in it or worse.
WINDOW = 2_000

# Pygments' name of each language, and what else authors call it.
LANGUAGES = {
    "bash": "sh shell zsh",
}
# A lexer compiles its patterns when first used, and not in a way that two threads may do at once.
_COMPILING = Lock()

_NAMES = {alias: name for name, others in LANGUAGES.items() for alias in [name, *others.split()]}

# Kinds of token that look different; a more special kind looks like the nearest one here.
_CLASSES = {
    Comment: "c",
    Generic.Deleted: "gd",
    Generic.Heading: "gh",
    Generic.Inserted: "gi",
    Generic.Output: "go",
    Generic.Prompt: "gp",
    Generic.Subheading: "gh",
    Keyword: "k",
    Keyword.Type: "kt",
    Literal: "m",
    Name.Attribute: "na",
    Name.Builtin: "nb",
    Name.Class: "nc",
    Name.Constant: "no",
    Name.Decorator: "nd",
    Name.Exception: "nc",
    Name.Function: "nf",
    Name.Tag: "nt",
    Name.Variable: "nv",
    Number: "m",
    Operator.Word: "k",
    String: "s",
    String.Escape: "se",
    String.Interpol: "se",
}
CSS_CLASSES = frozenset(_CLASSES.values())


def language_of(info: str) -> str:
    """Our name for the language that the words after a code fence ask for, or "" for plain text."""
    word = re.match(r"[\s{.]*([\w+#-]+)", info)
    return _NAMES.get(word[1].lower(), "") if word else ""


def highlight(code: str, language: str, deadline: Deadline) -> str:
    """`code` as HTML, in colour if we know its language and it is not too long for that."""
    if not language or len(code) > MAX_CODE:
        return escape(code, quote=False)
    return "".join(_spans(_lexer_class(language)(stripnl=False).get_tokens(code), deadline))


def _spans(tokens: Iterable[tuple[_TokenType, str]], deadline: Deadline) -> Iterator[str]:
    for css_class, run in groupby(tokens, key=lambda token: _css_class(token[0])):
        parts = []
        for _, text in run:
            deadline.check()
            parts.append(text)
        text = escape("".join(parts), quote=False)
        yield f'<span class="{css_class}">{text}</span>' if css_class and text.strip() else text


@cache
def _css_class(token: _TokenType) -> str:
    for kind in reversed(token.split()):
        if kind in _CLASSES:
            return _CLASSES[kind]
    return ""


class _Windowed(RegexLexerMeta):
    """Makes lexers whose regular expressions see only so far ahead, and so take only so long.

    Nobody can stop a running regular expression, and it keeps all other threads waiting; between
    two of them the deadline is looked at. Pygments' own profiler hooks in at the same place.
    """

    def _process_regex(self, regex: Any, rflags: int, state: str) -> Callable[..., Any]:
        match = super()._process_regex(regex, rflags, state)  # type: ignore[misc]

        def match_nearby(text: str, pos: int, endpos: int = sys.maxsize) -> Any:
            return match(text, pos, min(endpos, pos + WINDOW))

        return match_nearby


@cache
def _lexer_class(language: str) -> type[Lexer]:
    lexer: Any = find_lexer_class_by_name(language)
    if issubclass(lexer, RegexLexer):
        lexer = _Windowed(lexer.__name__, (lexer,), {})
    with _COMPILING:
        lexer()
    return lexer
