"""HTML that an author typed into Markdown, made fit for the cleaner.

The cleaner decides what is allowed. Here, what is no HTML becomes the text it was meant to be
("ssh <user>@<host>", "List<String>"), and whatever remains is whole tags, so that the cleaner and
a browser cannot differ about where a tag, an attribute or a comment ends.
"""

import re
from html import escape

from markdown_it.common.html_re import close_tag, open_tag

from blog.markdown.cleaner import TAGS

_TAG_OR_SIGN = re.compile(f"{close_tag}|{open_tag}|<[!?][^<>]*>|<")
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9-]*)")

# Elements that the cleaner takes away; all other names are not HTML.
_REFUSED_NAMES = """
    acronym address applet area article aside audio base basefont bgsound big blink body button
    canvas center dialog dir embed fieldset font footer form frame frameset head header hgroup html
    iframe label legend link main map marquee math menu meta meter nav nobr noembed noframes
    noscript object optgroup option output param picture progress script search select slot source
    strike style svg template textarea title track tt video
"""
_HTML = TAGS | frozenset(_REFUSED_NAMES.split())


def tame(html: str) -> str:
    """Only whole tags of HTML remain tags; comments go; any other < is text."""
    return _TAG_OR_SIGN.sub(_tag_or_text, _without_comments(html))


def _tag_or_text(found: re.Match[str]) -> str:
    tag = found[0]
    name = _NAME.match(tag)
    if name is None:
        return "" if len(tag) > 1 else "&lt;"
    return tag if name[1].lower() in _HTML else escape(tag, quote=False)


def _without_comments(html: str) -> str:
    """An open comment hides the rest, as in a browser. Linear, as no pattern would be."""
    before, *comments = html.split("<!--")
    return before + "".join(comment.partition("-->")[2] for comment in comments)
