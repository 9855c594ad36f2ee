"""Code in colour, made on the server: spans with Pygments' class names, coloured by code.css."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from itertools import groupby
from threading import Lock

from pygments.lexer import Lexer
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
# Nobody reads such lines or gaps. A pattern that meets one can run for minutes; it cannot be
# stopped, and keeps all other threads waiting. Between two patterns the deadline is looked at.
_UNREADABLE = re.compile(r"[^\n]{1000}|\s{200}")

# Pygments' name of each language, and what else authors call it.
LANGUAGES = {
    "bash": "sh shell zsh",
    "batch": "bat cmd",
    "c": "h",
    "clojure": "clj",
    "common-lisp": "lisp",
    "console": "shell-session terminal",
    "cpp": "c++ cc hpp",
    "csharp": "c# cs",
    "css": "",
    "dart": "",
    "diff": "patch udiff",
    "django": "jinja jinja2",
    "docker": "dockerfile",
    "elixir": "ex exs",
    "erlang": "erl",
    "fsharp": "f# fs",
    "go": "golang",
    "graphql": "gql",
    "haskell": "hs",
    "html": "htm",
    "ini": "cfg conf dosini",
    "java": "",
    "javascript": "js mjs node",
    "json": "jsonc",
    "jsx": "react",
    "julia": "jl",
    "kotlin": "kt",
    "latex": "tex",
    "less": "",
    "lua": "",
    "make": "makefile mk",
    "markdown": "md",
    "nginx": "",
    "nix": "",
    "objective-c": "objc obj-c objectivec",
    "ocaml": "ml",
    "perl": "pl",
    "php": "",
    "postgresql": "postgres psql plpgsql",
    "powershell": "ps1 pwsh",
    "protobuf": "proto",
    "pycon": "python-console",
    "pytb": "traceback",
    "python": "py python3",
    "r": "",
    "ruby": "rb",
    "rust": "rs",
    "scala": "",
    "scss": "sass",
    "sql": "mysql sqlite",
    "swift": "",
    "terraform": "hcl tf",
    "toml": "",
    "tsx": "",
    "typescript": "ts",
    "vim": "vimscript viml",
    "xml": "svg rss atom",
    "yaml": "yml",
    "zig": "",
}
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

# A lexer compiles its patterns when first used, and not in a way that two threads may do at once.
_COMPILING = Lock()


def language_of(info: str) -> str:
    """Our name for the language that the words after a code fence ask for, or "" for plain text."""
    word = re.match(r"[\s{.]*([\w+#-]+)", info)
    return _NAMES.get(word[1].lower(), "") if word else ""


def highlight(code: str, language: str, deadline: Deadline) -> str:
    """`code` as HTML, in colour if its language is known and somebody may want to read it."""
    if not language or len(code) > MAX_CODE or _UNREADABLE.search(code):
        return escape(code, quote=False)
    # Snippets of PHP rarely begin with <?php, without which PHP itself would only echo them.
    lexer = _lexer_class(language)(stripnl=False, startinline="<?" not in code)
    return "".join(_spans(lexer.get_tokens(code), deadline))


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


@cache
def _lexer_class(language: str) -> type[Lexer]:
    lexer = find_lexer_class_by_name(language)
    with _COMPILING:
        lexer()
    return lexer
