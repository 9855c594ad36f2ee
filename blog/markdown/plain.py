"""A text without HTML that is still laid out for reading: the text part of a mail."""

import re
from dataclasses import dataclass, field
from textwrap import TextWrapper, indent

from django.utils.translation import gettext

from blog.markdown.addresses import absolute
from blog.markdown.walker import Attributes, Walker

WIDTH = 72
# Narrower than this nobody reads, however deep a list lies.
_NARROWEST = 24
_BLOCK_NAMES = "caption dt figcaption figure h1 h2 h3 h4 h5 h6 p summary table"
_BLOCKS = set(_BLOCK_NAMES.split())
_BOXES = {"blockquote", "dd", "div", "dl", "li", "ol", "section", "ul"}
_AROUND = {
    "strong": "*",
    "b": "*",
    "em": "_",
    "i": "_",
    "del": "~",
    "s": "~",
    "code": "`",
    "q": '"',
}
_UNDERLINED = {"h1": "=", "h2": "-", "h3": "-"}
_SMALL_DIGITS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def as_text(html: str, page: str) -> str:
    """Stored `html` as wrapped paragraphs, lists, quotes and tables, its links numbered below.

    `page` is the absolute address that the HTML stands at.
    """
    writer = _TextWriter(page)
    writer.walk(html)
    return writer.text


def wrapped(words: str, width: int = WIDTH) -> str:
    """`words` broken at their gaps. An address is never broken: it could not be clicked."""
    wrapper = TextWrapper(max(width, _NARROWEST), break_long_words=False, break_on_hyphens=False)
    lines = (line.strip(" \t") for line in words.split("\n"))
    return "\n".join("\n".join(wrapper.wrap(line)) for line in lines if line)


def underlined(words: str, sign: str) -> str:
    lines = wrapped(words)
    return f"{lines}\n{sign * max(map(len, lines.split('\n')))}" if lines else ""


@dataclass(slots=True)
class _Box:
    """A quote or a list item while it is open: what stands in front of its first and its other
    lines, and the blocks in it."""

    tag: str
    first: str = ""
    others: str = ""
    blocks: list[str] = field(default_factory=list)
    is_airy: bool = False  # an empty line between its blocks
    number: int | None = None  # of the next item, in an ordered list

    @property
    def text(self) -> str:
        text = ("\n\n" if self.is_airy else "\n").join(self.blocks)
        # Not in front of empty lines, but a quote has no gaps.
        every = (lambda line: True) if self.others.strip() else None
        text = indent(text, self.others, every)
        text = self.first + text[len(self.others) :] if self.first else text
        return "\n".join(line.rstrip(" ") for line in text.split("\n"))


class _TextWriter(Walker):
    def __init__(self, page: str) -> None:
        super().__init__()
        self._page = page
        self._boxes = [_Box("text", is_airy=True)]
        self._words: list[str] = []
        self._links: dict[str, int] = {}
        self._opened: list[str | None] = []  # the addresses of the links that are open
        self._rows: list[list[str]] | None = None
        self._in_code = self._in_sign = False

    @property
    def text(self) -> str:
        self._end_block()
        links = [
            f"[{number}] {link.removeprefix('mailto:')}" for link, number in self._links.items()
        ]
        return "\n\n".join(part for part in (self._boxes[0].text, "\n".join(links)) if part)

    def start(self, tag: str, attributes: Attributes) -> None:
        match tag:
            case "a":
                self._start_link(attributes)
            case "img" if attributes.get("alt"):
                self._words.append(gettext("[Picture: %(words)s]") % {"words": attributes["alt"]})
            case "input":
                self._boxes[-1].first += "[x] " if "checked" in attributes else "[ ] "
            case "br":
                self._words.append("\n")
            case "hr":
                self._end_block()
                self._add("* * *")
            case "pre":
                self._end_block()
                self._in_code = True
            case "table":
                self._end_block()
                self._rows = []
            case "tr" if self._rows is not None:
                self._rows.append([])
            case _ if tag in _BOXES:
                self._end_block()
                self._open(tag, attributes)
            case _ if tag in _BLOCKS:
                self._end_block()
            case _ if tag in _AROUND and not self._in_code:
                self._words.append(_AROUND[tag])

    def words(self, words: str) -> None:
        if not self._in_sign:
            self._words.append(words if self._in_code else re.sub(r"[ \t\r\n]+", " ", words))

    def end(self, tag: str) -> None:
        match tag:
            case "a":
                self._end_link()
            case "pre":
                self._add(indent("".join(self._words).strip("\n"), "    "))
                self._words, self._in_code = [], False
            case "td" | "th" if self._rows:
                self._rows[-1].append(" ".join("".join(self._words).split()))
                self._words = []
            case "table" if self._rows is not None:
                rows, self._rows = [row for row in self._rows if row], None
                self._add(_table(rows, self._width))
            case _ if tag in _BOXES:
                self._end_block()
                self._close()
            case _ if tag in _UNDERLINED:
                words, self._words = "".join(self._words).strip(), []
                self._add(underlined(words, _UNDERLINED[tag]))
            case _ if tag in _BLOCKS:
                self._boxes[-1].is_airy |= tag == "p"
                self._end_block()
            case _ if tag in _AROUND and not self._in_code:
                self._words.append(_AROUND[tag])

    @property
    def _width(self) -> int:
        return WIDTH - sum(len(box.others) for box in self._boxes)

    def _open(self, tag: str, attributes: Attributes) -> None:
        box = _Box(tag)
        match tag:
            case "ol":
                start = attributes.get("start", "1")
                box.number = int(start) if start.isdecimal() and len(start) < 9 else 1
            case "li":
                box.first = self._bullet()
                box.others = " " * len(box.first)
            case "blockquote":
                box.first = box.others = "> "
                box.is_airy = True
            case "dd":
                box.first = box.others = "    "
            case "div" if "markdown-alert" in attributes.get("class", ""):
                box.first = box.others = "| "
                box.is_airy = True
            case "div" | "section":
                box.is_airy = True
        self._boxes.append(box)

    def _bullet(self) -> str:
        box = self._boxes[-1]
        if box.number is None:
            return "- "
        box.number += 1
        return f"{box.number - 1}. "

    def _close(self) -> None:
        if len(self._boxes) > 1:
            box = self._boxes.pop()
            if box.tag == "li":
                self._boxes[-1].is_airy |= box.is_airy
            self._add(box.text)

    def _add(self, block: str) -> None:
        if block:
            self._boxes[-1].blocks.append(block)

    def _end_block(self) -> None:
        if self._rows is not None:
            return  # the cell ends it
        words, self._words = "".join(self._words), []
        self._add(wrapped(words, self._width))

    def _start_link(self, attributes: Attributes) -> None:
        is_note = attributes.get("role") == "doc-noteref"
        self._in_sign = is_note or attributes.get("class") in {"anchor", "footnote-backref"}
        if is_note:
            number = attributes.get("href", "").rpartition("-")[2]
            self._words.append(number.translate(_SMALL_DIGITS))
        href = attributes.get("href", "")
        leads_on = href and not self._in_sign and not href.startswith("#")
        self._opened.append(absolute(href, self._page) if leads_on else None)
        self._words.append("")
        self._link_begins = len(self._words)

    def _end_link(self) -> None:
        self._in_sign = False
        address = self._opened.pop() if self._opened else None
        if address is None:
            return
        words = "".join(self._words[self._link_begins :]).strip()
        if words in {address, address.removeprefix("mailto:")}:
            return
        number = self._links.setdefault(address, len(self._links) + 1)
        self._words.append(f" [{number}]")


def _table(rows: list[list[str]], width: int) -> str:
    """In columns where they fit beside each other, otherwise a line for each cell."""
    if not rows:
        return ""
    count = max(map(len, rows))
    rows = [row + [""] * (count - len(row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * (count - 1) <= width:
        head, *lines = (_columns(row, widths) for row in rows)
        return "\n".join([head, "  ".join("-" * size for size in widths), *lines])
    names, *rows = rows
    return "\n\n".join(
        "\n".join(
            wrapped(f"{name}: {cell}" if name else cell, width)
            for name, cell in zip(names, row, strict=True)
            if cell
        )
        for row in rows
    )


def _columns(row: list[str], widths: list[int]) -> str:
    cells = (cell.ljust(size) for cell, size in zip(row, widths, strict=True))
    return "  ".join(cells).rstrip()
