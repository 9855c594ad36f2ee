"""Markdown to the HTML that is stored and shown: parsed, coloured, cleaned, bounded in time.

parser.py (with rawhtml.py, highlight.py) makes HTML, cleaner.py cuts it down to an allow-list,
page.py gives it headings, links and pictures fit for our pages, and cleaner.py has the last word.
Nothing else in the project marks HTML as safe.
"""

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from blog.markdown.addresses import Site
from blog.markdown.cleaner import clean
from blog.markdown.embeds import player_origins
from blog.markdown.feeds import feed_html
from blog.markdown.limits import (
    MAX_LENGTH,
    Deadline,
    TooComplex,
    check_html,
    check_length,
    too_deep,
)
from blog.markdown.mail import mail_html
from blog.markdown.page import Heading, PageWriter
from blog.markdown.parser import to_html
from blog.markdown.plain import as_text
from blog.text import clean as clean_source
from blog.text import count_words, excerpt

__all__ = [
    "MAX_LENGTH",
    "VERSION",
    "Heading",
    "Rendered",
    "TooComplex",
    "as_text",
    "excerpt",
    "feed_html",
    "mail_html",
    "player_origins",
    "render",
    "safe",
]

# Stored beside the HTML. Add one whenever the same text comes out differently, and every post is
# rendered again.
VERSION = 5


@dataclass(frozen=True, slots=True)
class Rendered:
    """`toc` holds the headings of levels 2 and 3; `text` is for excerpts, search and meta tags."""

    html: str
    toc: list[Heading]
    words: int
    text: str


def render(
    source: str, *, media_url: str = "/media/", own_origin: str = "", seconds: float = 2.0
) -> Rendered:
    """Lay out `source`. Only pictures under `media_url` are shown, others become links.

    `own_origin` is the site's "https://host", so that absolute addresses of its own are known.
    Raises TooComplex, with a sentence for the author, for what is too long, too deep or too slow.
    """
    check_length(source)
    deadline = Deadline(seconds)
    try:
        html = to_html(clean_source(source), deadline)
    except RecursionError as error:
        raise too_deep() from error
    check_html(html)
    page = PageWriter(Site(media_url, own_origin), deadline)
    page.walk(clean(html))
    return Rendered(clean(page.html), page.toc, count_words(page.text), page.text)


def safe(html: str) -> SafeString:
    """Stored HTML that render() made, for a template to show as it is."""
    return mark_safe(html)
