"""A post's HTML in a feed reader."""

import re
from html import escape, unescape

from blog.markdown.addresses import absolute

# A start tag as the cleaner writes it: every value stands in double quotes, and in no text is a
# bare "<". So the tags can be told from the text without reading the HTML as a browser would.
_ATTRIBUTES = r'(?: [a-z-]+="[^"]*")*'
_ANCHOR = re.compile(rf'<a{_ATTRIBUTES} class="anchor"{_ATTRIBUTES}>.*?</a>', re.DOTALL)
_BOX = re.compile(rf"<input({_ATTRIBUTES})>")
_LEADS = re.compile(rf"<(?:a|img){_ATTRIBUTES}>")
_ADDRESS = re.compile(r'(?<= )(href|src)="([^"]*)"')
_PLAYER = re.compile(r' data-player="[^"]*"')
_EMBED = re.compile(rf'(<p{_ATTRIBUTES}) class="embed"')


def feed_html(html: str, page: str) -> str:
    """Stored `html` with absolute addresses, for feeds.

    `page` is the absolute address that the HTML stands at: the post's own, so that its footnotes
    lead there. What only works on the page goes: links to headings, boxes of task lists,
    players of films.
    """

    def lead_there(address: re.Match[str]) -> str:
        return f'{address[1]}="{escape(absolute(unescape(address[2]), page))}"'

    def lead_away(tag: re.Match[str]) -> str:
        return _PLAYER.sub("", _ADDRESS.sub(lead_there, tag[0]))

    # To look for a word takes a tenth of the time that a pattern takes, and most texts have none.
    if ' class="anchor"' in html:
        html = _ANCHOR.sub("", html)
    if "<input" in html:
        html = _BOX.sub(lambda box: "☑" if " checked=" in box[1] else "☐", html)
    if ' class="embed"' in html:
        html = _EMBED.sub(r"\1", html)
    return _LEADS.sub(lead_away, html)
