"""From clean HTML to the HTML of a page, in one walk: headings, links, pictures, and the words."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import unquote

from django.utils.translation import gettext

from blog.markdown.addresses import Site
from blog.markdown.embeds import player
from blog.markdown.limits import Deadline
from blog.markdown.walker import Attributes, Walker, start_tag
from blog.text import slug

# Before every id that a text brings along, so that none can pass for one of the page's own.
ID_PREFIX = "s-"
REL_ELSEWHERE = ("noopener",)
# What an author may say about a link herself.
REL_BY_AUTHORS = {"author", "license", "me", "nofollow", "sponsored", "ugc"}

_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_BLOCKS = """
    blockquote br caption dd details div dl dt figcaption figure hr li ol p pre section summary
    table td th tr ul
"""
_BREAKS_TEXT = _HEADINGS | set(_BLOCKS.split())
# Links that are signs, not words.
_SIGNS = {"anchor", "footnote-backref"}


@dataclass(frozen=True, slots=True)
class Heading:
    """A section of the text; `level` is 2 or 3, `id` what stands after # in its address."""

    level: int
    id: str
    title: str


@dataclass(slots=True)
class _OpenHeading:
    tag: str
    attributes: Attributes
    place: int  # of its start tag in what is written
    words: list[str] = field(default_factory=list)


class PageWriter(Walker):
    """Makes `html`, `toc` and `text` of a post. The HTML has to be cleaned once more."""

    def __init__(self, site: Site, deadline: Deadline) -> None:
        super().__init__()
        self.toc: list[Heading] = []
        self._site = site
        self._deadline = deadline
        self._text: list[str] = []
        self._links_open = 0
        self._in_sign = False
        self._in_embed = False
        self._headings: list[_OpenHeading] = []
        self._outline: list[int] = []
        self._ids: set[str] = set()
        self._times_wanted: defaultdict[str, int] = defaultdict(int)
        self._local_links: list[tuple[int, Attributes]] = []

    @property
    def text(self) -> str:
        """The words without their HTML, one line a block."""
        lines = (" ".join(line.split()) for line in "".join(self._text).split("\n"))
        return "\n".join(line for line in lines if line)

    def walk(self, html: str) -> None:
        super().walk(html)
        self._aim_local_links()

    def start(self, tag: str, attributes: Attributes) -> None:
        self._deadline.tick()
        if tag in _BREAKS_TEXT:
            self._text.append("\n")
        if tag in _HEADINGS:
            self._headings.append(_OpenHeading(tag, attributes, len(self.written)))
            self.written.append("")
            return
        if "id" in attributes:
            attributes["id"] = self._unique_id(attributes["id"])
        match tag:
            case "a":
                self._start_link(attributes)
            case "img":
                self._picture(attributes)
            case "input":
                self._task(attributes)
            case "p":
                self._in_embed = attributes.get("class") == "embed"
                super().start(tag, attributes)
            case "pre":
                super().start(tag, attributes | {"tabindex": "0"})
            case "table":
                self._start_scrolling(gettext("Table"))
                super().start(tag, attributes)
            case _:
                super().start(tag, attributes)

    def end(self, tag: str) -> None:
        if tag in _BREAKS_TEXT:
            self._text.append("\n")
        match tag:
            case "a":
                self._links_open -= 1
                self._in_sign = False
                super().end(tag)
            case "p":
                self._in_embed = False
                super().end(tag)
            case "table":
                super().end(tag)
                super().end("div")
            case _ if tag in _HEADINGS:
                self._end_heading(self._headings.pop())
            case _:
                super().end(tag)

    def words(self, words: str) -> None:
        super().words(words)
        if self._in_sign:
            return
        self._text.append(words)
        if self._headings:
            self._headings[-1].words.append(words)

    def _end_heading(self, heading: _OpenHeading) -> None:
        """Give the heading its level, its id and a link to itself. An empty one is left out."""
        title = " ".join("".join(heading.words).split())
        if not title:
            return
        level = self._level(int(heading.tag[1]))
        own_id = self._unique_id(heading.attributes.get("id") or slug(title) or "section")
        tag = f"h{level}"
        self.written[heading.place] = start_tag(tag, heading.attributes | {"id": own_id})
        if not self._links_open:
            link = {
                "class": "anchor",
                "href": f"#{own_id}",
                "aria-label": gettext("Link to this section"),
            }
            self.written.append(f" {start_tag('a', link)}#</a>")
        self.written.append(f"</{tag}>")
        if level <= 3:
            self.toc.append(Heading(level, own_id, title))

    def _level(self, level: int) -> int:
        """The level on the page, where the title is the only h1, and where none is left out.

        The author's highest heading becomes h2, whether she began with # or ##.
        """
        while self._outline and self._outline[-1] >= level:
            self._outline.pop()
        self._outline.append(level)
        return len(self._outline) + 1

    def _start_link(self, attributes: Attributes) -> None:
        self._links_open += 1
        self._in_sign = attributes.get("class") in _SIGNS or attributes.get("role") == "doc-noteref"
        attributes.pop("data-player", "")  # is ours to say
        if self._in_embed and (film := player(attributes.get("href", ""))):
            attributes["data-player"] = film
        rel = [word for word in attributes.pop("rel", "").split() if word in REL_BY_AUTHORS]
        href = attributes.get("href", "")
        if self._site.is_elsewhere(href):
            rel = [*rel, *(word for word in REL_ELSEWHERE if word not in rel)]
        if rel:
            attributes["rel"] = " ".join(rel)
        if href.startswith("#"):
            self._local_links.append((len(self.written), attributes))
        super().start("a", attributes)

    def _aim_local_links(self) -> None:
        """Links inside the text name an id as its author knows it, or as its address shows it."""
        for place, attributes in self._local_links:
            target = unquote(attributes["href"][1:])
            if target and target not in self._ids:
                attributes["href"] = f"#{ID_PREFIX}{target}"
                self.written[place] = start_tag("a", attributes)

    def _picture(self, attributes: Attributes) -> None:
        """A picture of ours is shown; any other becomes a link, so that nobody is asked for it."""
        source, alt = attributes.get("src", ""), attributes.get("alt", "").strip()
        if self._site.has_picture(source):
            if self._headings:
                self._headings[-1].words.append(alt)
            super().start("img", attributes | {"alt": alt, "loading": "lazy", "decoding": "async"})
        elif not source or self._links_open:
            self.words(alt or source)
        else:
            self.start("a", {"href": source})
            self.words(alt or source)
            self.end("a")

    def _task(self, attributes: Attributes) -> None:
        if attributes.get("class") != "task-list-item-checkbox":
            return
        tick = {"checked": ""} if "checked" in attributes else {}
        label = gettext("Done") if tick else gettext("To do")
        box = {"class": attributes["class"], "type": "checkbox", "disabled": ""}
        super().start("input", {**box, **tick, "aria-label": label})

    def _start_scrolling(self, label: str) -> None:
        """Open a box that scrolls sideways on a phone, also for a reader with a keyboard only."""
        box = {"class": "table-scroll", "role": "group", "aria-label": label, "tabindex": "0"}
        super().start("div", box)

    def _unique_id(self, wanted: str) -> str:
        base = ID_PREFIX + re.sub(r"\s+", "-", wanted)
        self._times_wanted[base] += 1
        while (unique := self._numbered(base)) in self._ids:
            self._times_wanted[base] += 1
        self._ids.add(unique)
        return unique

    def _numbered(self, base: str) -> str:
        number = self._times_wanted[base]
        return base if number == 1 else f"{base}-{number}"
